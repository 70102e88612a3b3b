"""Somebody lost their second step: an owner, or an operator where no other owner is, asks for a reset or stops it."""

from flask import abort, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.blueprints.console.second_factor import bp
from proca_web.domain.errors import BadSetting
from proca_web.domain.rights import Right
from proca_web.extensions import queue
from proca_web.models import Membership, User
from proca_web.services.staff.second_factor import resets, standing
from proca_web.web import console
from proca_web.web.access import needs, recently_proven


@bp.get("/console/<org>/people/<int:user_id>/second-step")
@needs(Right.ACCOUNTS)
def reset(org: str, user_id: int) -> ResponseReturnValue:
    """Whose it is, whether a reset waits, and what it means."""
    return _page(user_id)


@bp.post("/console/<org>/people/<int:user_id>/second-step")
@needs(Right.ACCOUNTS)
@recently_proven
def ask_reset(org: str, user_id: int) -> ResponseReturnValue:
    """In 24 hours it is off; told at once to all who could object. 422: not for this person, or not by this one."""
    try:
        with writing() as session:
            resets.ask(session, g.org, _person(session, user_id), current_user.user, clock.now())
    except BadSetting as refusal:
        return _page(user_id, str(refusal))
    return _done(org, user_id)


@bp.post("/console/<org>/people/<int:user_id>/second-step/cancel")
@needs(Right.ACCOUNTS)
def cancel_reset(org: str, user_id: int) -> ResponseReturnValue:
    """Any owner's no, or the operator's; safe to repeat."""
    with writing() as session:
        resets.cancel(session, _person(session, user_id).id, current_user.user.id, clock.now())
    return _done(org, user_id)


def _person(session: Session, user_id: int) -> User:
    """A member of this org's staff; 404 for anybody else."""
    place = session.get(Membership, (user_id, g.org.id))
    return session.get_one(User, user_id) if place else abort(404)


def _page(user_id: int, fault: str | None = None) -> ResponseReturnValue:
    with reading() as session:
        person = _person(session, user_id)
        waits = resets.waiting(session, user_id)
        asker = session.get(User, waits.asked_by) if waits and waits.asked_by else None
        others = resets.others_who_can(session, g.org, user_id)
        found = {"person": person, "has": standing.of(session, user_id), "waits": waits, "asker": asker}
    found |= {"fault": fault, "others": others, "is_own": person.id == current_user.user.id}
    found["may_ask"] = not found["is_own"] and (not others or current_user.email in others)
    return console.page("console/second_factor/reset.html", found, 422 if fault else 200)


def _done(org: str, user_id: int) -> ResponseReturnValue:
    queue.wake("mail")
    return redirect(url_for("second_factor.reset", org=org, user_id=user_id), code=303)
