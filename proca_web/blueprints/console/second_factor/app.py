"""Setting up an app that shows codes: a picture to read, its first code, and then ten codes for the day it is lost."""

from flask import current_app, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.drawing.qr import picture_of
from proca_web.blueprints.console.second_factor import CODE_LIMIT, bp
from proca_web.blueprints.console.second_factor.overview import page
from proca_web.blueprints.console.second_factor.renewing import renew
from proca_web.domain import second_step
from proca_web.domain.staff_words import FactorEvent
from proca_web.services.staff import sessions
from proca_web.services.staff.second_factor import recovery, standing, totp
from proca_web.web.access import limited, recently_proven, settling_in
from proca_web.web.second_step import halfway, taking

GROUP = 4


@bp.get("/account/second-step/app")
@settling_in
@recently_proven
def app() -> ResponseReturnValue:
    """The picture for a new app; the same one again for ten minutes, so that what was read stays right."""
    now, user_id = clock.now(), current_user.user.id
    secret = halfway.app(cookie, user_id, now)
    if secret is None:
        secret = totp.new_secret()
        halfway.keep_app(cookie, user_id, secret, now)
    return _page(secret)


@bp.post("/account/second-step/app")
@settling_in
@limited(CODE_LIMIT)
def switch_on() -> ResponseReturnValue:
    """From now on this app shows the codes; all sessions of this person end but a new one here. 422: a wrong code."""
    now, user = clock.now(), current_user.user
    secret = halfway.app(cookie, user.id, now)
    if secret is None:  # only whoever was asked for their second step just before has one
        return redirect(url_for("second_factor.app"), code=303)
    code = second_step.app_code(request.form.get("code", ""))
    step = totp.step_of(secret, code, now) if code else None
    if step is None:
        return _page(secret, failed=True)
    codes = second_step.new_recovery_codes()
    hashes = recovery.hashed(filter(None, map(second_step.recovery_code, codes)))
    with writing() as session:
        totp.set_up(session, user.id, secret, step, current_app.extensions["proca_settings"].secret_keys, now)
        recovery.replace(session, user.id, hashes)
        standing.changed(session, user.id, FactorEvent.APP, now)
        sessions.end_all(session, user.id)
    renew(codes)
    return redirect(url_for("second_factor.codes", new="app"), code=303)


def _page(secret: bytes, *, failed: bool = False) -> ResponseReturnValue:
    text = totp.as_text(secret)
    uri = totp.uri(secret, gettext("Petitions"), current_user.email)
    with reading() as session:
        has = standing.of(session, current_user.user.id)
    shown = {
        "uri": uri,
        "picture": picture_of(uri),
        "groups": " ".join(text[at : at + GROUP] for at in range(0, len(text), GROUP)),
        "has": has,
        "site": taking.site_of_passkeys(),
        "failed": failed,
    }
    return page("console/second_factor/app.html", 422 if failed else 200, **shown)
