"""Somebody's own second step: what it consists of, and what of it can be added or taken away."""

from flask import Response, abort, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.blueprints.console.second_factor import bp
from proca_web.domain.staff_words import FactorEvent
from proca_web.extensions import queue
from proca_web.services.staff.second_factor import passkeys, resets, standing, totp
from proca_web.services.staff.second_factor.standing import Standing
from proca_web.web import console
from proca_web.web.access import recently_proven, settling_in, staff
from proca_web.web.second_step import asking, halfway, taking


@bp.get("/account/second-step")
@settling_in
def index() -> ResponseReturnValue:
    """What stands, and what can be done."""
    return _index()


@bp.post("/account/second-step/app/remove")
@settling_in
@recently_proven
def remove_app() -> ResponseReturnValue:
    """No app any more; 422 where it is the only way and one is needed."""
    user_id = current_user.user.id
    with writing() as session:
        if _is_the_last(standing.of(session, user_id)):
            return _index(422)
        if totp.remove(session, user_id):
            _after(FactorEvent.APP_OFF, session, user_id)
    return _done()


@bp.post("/account/second-step/passkeys/<int:key_id>/remove")
@settling_in
@recently_proven
def remove_passkey(key_id: int) -> ResponseReturnValue:
    """One passkey less; 422 where it is the only way and one is needed."""
    user_id = current_user.user.id
    with writing() as session:
        if _is_the_last(standing.of(session, user_id)):
            return _index(422)
        if not passkeys.remove(session, user_id, key_id):
            abort(404)
        _after(FactorEvent.PASSKEY_OFF, session, user_id)
    return _done()


@bp.post("/account/second-step/stay")
@staff
def stay() -> ResponseReturnValue:
    """Whoever still has their second step keeps it: a reset that was asked for does not come."""
    with writing() as session:
        resets.cancel(session, current_user.user.id, current_user.user.id, clock.now())
    return _done()


def is_needed() -> bool:
    """Whether this person may not be without one here."""
    return asking.is_needed() and standing.is_needed(current_user.memberships)


def page(template: str, status: int = 200, **values: object) -> Response:
    """A page of whoever is signed in, in the frame of their first org; 404 for those who work for none."""
    return console.own_page(template, values, status)


def _index(status: int = 200) -> Response:
    user_id = current_user.user.id
    with reading() as session:
        has, reset = standing.of(session, user_id), resets.waiting(session, user_id)
    shown = {"has": has, "reset": reset, "is_needed": is_needed(), "site": taking.site_of_passkeys()}
    used = request.args.get("used", "")
    return page("console/second_factor/index.html", status, fault=status == 422, used=used, **shown)


def _is_the_last(has: Standing) -> bool:
    return is_needed() and has.is_single


def _after(event: FactorEvent, session: Session, user_id: int) -> None:
    if not standing.is_on(session, user_id):
        standing.take_off(session, user_id)
    standing.changed(session, user_id, event, clock.now())


def _done() -> ResponseReturnValue:
    queue.wake("mail")
    halfway.put_codes_away(cookie)
    return redirect(url_for("second_factor.index"), code=303)
