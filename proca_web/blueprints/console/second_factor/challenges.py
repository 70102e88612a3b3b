"""What a browser needs to ask for a passkey, and remembering what it is to sign."""

import secrets
from collections.abc import Sequence

from flask import Response, abort
from flask import session as cookie

from proca_web.adapters import clock
from proca_web.services.staff.second_factor import passkeys
from proca_web.web.second_step import halfway, taking


def challenge_for(allowed: Sequence[bytes]) -> Response:
    """A new challenge, as JSON for the browser; `allowed`: one of these passkeys, if any are named."""
    challenge = secrets.token_bytes(32)
    halfway.new_challenge(cookie, halfway.USE, challenge, clock.now())
    return Response(passkeys.request_options(site(), challenge, allowed), mimetype="application/json")


def site() -> str:
    """What passkeys are bound to; 404 where there can be none."""
    return taking.site_of_passkeys() or abort(404)
