"""Accounts, as whoever runs the site finds, locks and opens them."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.errors import StaffRefused
from proca_web.domain.rights import Right
from proca_web.services.staff import accounts, sessions
from proca_web.web import console, errors
from proca_web.web.access import needs, recently_proven
from proca_web.web.htmx import see_other
from proca_web.web.presentation import translated

bp = Blueprint("accounts", __name__, url_prefix="/console")


@bp.get("/<org>/accounts")
@needs(Right.INSTANCE, Right.ACCOUNTS)
def index(org: str) -> Response:
    """All accounts, a part of them at a time; or those whose address holds some letters."""
    after, part = (request.args.get(name, "")[:254].replace("\0", "") for name in ("after", "part"))
    with reading() as session:
        found = accounts.listed(session, after, part)
    shown = found[: accounts.A_PAGE]
    more = shown[-1].email if len(found) > len(shown) else None
    return console.page("console/instance/accounts.html", {"accounts": shown, "more_after": more, "part": part})


@bp.get("/<org>/accounts/<int:user_id>")
@needs(Right.INSTANCE, Right.ACCOUNTS)
def show(org: str, user_id: int) -> Response:
    """One account: where it belongs, and the lock."""
    try:
        with reading() as session:
            found = accounts.account(session, user_id)
            number = len(sessions.of_user(session, user_id, clock.now()))
    except StaffRefused:
        return errors.answer(404)
    is_me = user_id == current_user.user.id
    return console.page("console/instance/account.html", {"account": found, "sessions": number, "is_me": is_me})


@bp.post("/<org>/accounts/<int:user_id>/lock")
@needs(Right.INSTANCE, Right.ACCOUNTS)
@recently_proven
def lock(org: str, user_id: int) -> ResponseReturnValue:
    """Nobody signs in with it, and it is signed out everywhere."""
    return _turn(user_id, accounts.lock)


@bp.post("/<org>/accounts/<int:user_id>/unlock")
@needs(Right.INSTANCE, Right.ACCOUNTS)
@recently_proven
def unlock(org: str, user_id: int) -> ResponseReturnValue:
    """It can sign in again."""
    return _turn(user_id, accounts.unlock)


def _turn(user_id: int, act: Callable[[Session, int, int, datetime], None]) -> ResponseReturnValue:
    try:
        with writing() as session:
            act(session, user_id, current_user.user.id, clock.now())
    except StaffRefused as refusal:
        return errors.answer(409, gettext("This cannot be done now"), translated(refusal.message))
    return see_other(url_for("accounts.show", org=(request.view_args or {})["org"], user_id=user_id))
