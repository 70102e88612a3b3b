"""Adding a passkey: a key that a phone or computer keeps, and opens by finger, face or code."""

import secrets

from flask import Response, current_app, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.blueprints.console.second_factor import CODE_LIMIT, bp
from proca_web.blueprints.console.second_factor.challenges import site
from proca_web.blueprints.console.second_factor.overview import page
from proca_web.blueprints.console.second_factor.renewing import renew
from proca_web.domain import second_step
from proca_web.domain.errors import PasskeyRefused
from proca_web.domain.staff_words import FactorEvent
from proca_web.services.staff import sessions
from proca_web.services.staff.second_factor import passkeys, recovery, standing
from proca_web.web.access import limited, recently_proven, settling_in
from proca_web.web.second_step import halfway


@bp.get("/account/second-step/passkeys")
@settling_in
@recently_proven
def new_passkey() -> ResponseReturnValue:
    """What a passkey is, its name, and the button that makes one."""
    return _page()


@bp.get("/account/second-step/passkeys/options")
@settling_in
@recently_proven
def ask_new_passkey() -> Response:
    """What a browser needs to make one."""
    user, challenge = current_user.user, secrets.token_bytes(32)
    with reading() as session:
        known = [key.credential_id for key in standing.of(session, user.id).passkeys]
    halfway.new_challenge(cookie, halfway.MAKE, challenge, clock.now())
    options = passkeys.creation_options(user, site(), gettext("Petitions"), challenge, known)
    return Response(options, mimetype="application/json")


@bp.post("/account/second-step/passkeys")
@settling_in
@limited(CODE_LIMIT)
def add_passkey() -> ResponseReturnValue:
    """One more passkey; all sessions of this person end but a new one here. The first way brings recovery codes."""
    now, user_id = clock.now(), current_user.user.id
    asked = halfway.take_challenge(cookie, halfway.MAKE, now)  # had by whoever took their second step just before
    name = request.form.get("name", "") or gettext("Passkey")
    with reading() as session:
        is_first = not standing.is_on(session, user_id)
    codes = second_step.new_recovery_codes() if is_first else []
    hashes = recovery.hashed(filter(None, map(second_step.recovery_code, codes)))
    try:
        if asked is None:
            raise PasskeyRefused
        made = passkeys.read(
            request.form.get("passkey", ""), site(), current_app.config["PUBLIC_URL"], asked[0], name, now
        )
        with writing() as session:
            passkeys.add(session, user_id, made)
            if codes:
                recovery.replace(session, user_id, hashes)
            standing.changed(session, user_id, FactorEvent.PASSKEY, now, name=made.name)
            sessions.end_all(session, user_id)
    except PasskeyRefused:
        return _page(failed=True)
    renew(codes)
    return redirect(url_for("second_factor.codes" if codes else "second_factor.index", new="passkey"), code=303)


def _page(*, failed: bool = False) -> ResponseReturnValue:
    values = {"site": site(), "failed": failed, "name": request.form.get("name", "")}
    return page("console/second_factor/passkey.html", 422 if failed else 200, **values)
