"""A refused act on a key, as JSON for the script or as the key's page with the reason; and that page itself."""

from flask import Response, current_app, g, jsonify, make_response
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.adapters.encryption import home_of
from proca_web.crypto.encoding import encode
from proca_web.crypto.errors import KeyRefused, StatementRefused
from proca_web.domain.errors import BadSetting, KeyAction, ProofRefused
from proca_web.services.keys import holdings
from proca_web.services.keys import views as key_views
from proca_web.web import console, errors
from proca_web.web.htmx import wants_json

REFUSALS = (KeyAction, KeyRefused, StatementRefused, BadSetting, ProofRefused)


def status_of(refusal: Exception) -> int:
    """409 where the key's state forbids it, else 422: what was sent does not pass."""
    return 409 if isinstance(refusal, KeyAction) else 422


def as_json(refusal: Exception) -> Response:
    """The reason, for a script."""
    return make_response(jsonify(error=str(refusal), field=None), status_of(refusal))


def answer(refusal: Exception, key_id: int) -> Response:
    """The reason, in the form that was asked for."""
    return as_json(refusal) if wants_json() else show(key_id, str(refusal), status_of(refusal))


def as_page(refusal: Exception) -> Response:
    """The reason, where there is no page of a key to show it on."""
    return errors.answer(status_of(refusal), gettext("This cannot be done now"), str(refusal))


def show(key_id: int, fault: str | None = None, status: int = 200) -> Response:
    """The page of one key of `g.org`. Raises KeyNotFound."""
    now = clock.now()
    with reading() as session:
        key = key_views.key(session, g.org, key_id, now)
        changes = key_views.changes(session, current_user.user.id, g.org)
        active = key_views.active(session, g.org, key.role, now)
        found = {
            "key": key,
            "in_use": active,
            "change": next((change for change in changes if change.key_id == key_id), None),
            "replaces": active if key.state == "pending" else None,
            "held": holdings.of(session, g.org.id),
        }
    identity = encode(home_of(current_app).identity)
    return console.page(
        "console/keys/show.html", {"home_identity": identity, "fault": fault, "now": now, **found}, status
    )
