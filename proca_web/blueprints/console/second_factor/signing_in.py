"""Signing in with the second step: a code after a right password, or a passkey alone. Only then is there a session."""

from collections.abc import Sequence

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.blueprints.console.second_factor import CODE_LIMIT, bp
from proca_web.blueprints.console.second_factor.challenges import challenge_for
from proca_web.domain.errors import TooManyTries
from proca_web.domain.staff_words import TryKind
from proca_web.models import Membership, User
from proca_web.services.staff import people
from proca_web.services.staff.second_factor import standing
from proca_web.services.staff.second_factor.standing import Standing
from proca_web.web import errors, login, trying
from proca_web.web.access import limited, signing_in
from proca_web.web.second_step import halfway, taking
from proca_web.web.second_step.taking import Taken


@bp.get("/login/code")
@signing_in
def code() -> ResponseReturnValue:
    """The question for a code, of whoever's password was right."""
    found = _halfway()
    return _page(*found) if found else redirect(url_for("auth.login"), code=303)


@bp.post("/login/code")
@signing_in
@limited(CODE_LIMIT)
def take_code() -> ResponseReturnValue:
    """Start a session; 422 for a code that is wrong or was used, or a password of long ago; 429 after too many."""
    found = _halfway()
    if found is None:
        return render_template("console/second_factor/too_late.html"), 422
    user, has = found
    try:
        tried = trying.count(TryKind.CODE, user.email, user.id)
    except TooManyTries as refusal:
        page = make_response(_page(user, has, 429, wait=errors.waiting(refusal)))
        return errors.wait(page, refusal)
    taken = taking.code(user.id, request.form.get("code", ""))
    trying.settle(tried, user.id, is_right=taken is not None)
    return _begin(user.id, taken) if taken else _page(user, has, 422)


@bp.get("/login/passkey")
@signing_in
def ask_passkey() -> ResponseReturnValue:
    """What a browser needs to ask for a passkey: anybody's, or of whoever's password was right."""
    found = _halfway()
    return challenge_for([key.credential_id for key in found[1].passkeys] if found else ())


@bp.post("/login/passkey")
@signing_in
@limited(CODE_LIMIT)
def take_passkey() -> ResponseReturnValue:
    """Start a session for whoever's passkey it is: it is a key and its owner's finger, so no password is asked for."""
    user_id = taking.passkey(request.form.get("passkey", ""))
    if user_id is not None:
        return _begin(user_id, Taken())
    found = _halfway()
    return _page(*found, 422) if found else (render_template("console/second_factor/no_passkey.html"), 422)


def _begin(user_id: int, taken: Taken) -> ResponseReturnValue:
    way = login.take_way(cookie, _places(user_id))
    login.begin(current_app, user_id, clock.now())
    if taken.codes_left is not None:
        login.remember_way(cookie, way or "")
        return redirect(url_for("second_factor.index", used="code"), code=303)
    return redirect(way or url_for("start.index"), code=303)


def _places(user_id: int) -> Sequence[Membership]:
    with reading() as session:
        return people.places(session, user_id)


def _halfway() -> tuple[User, Standing] | None:
    """Whoever's password was right in this browser, and what they can answer with; None when that is over."""
    user_id = halfway.who(cookie, clock.now())
    if user_id is None:
        return None
    with reading() as session:
        user = session.get(User, user_id)
        has = standing.of(session, user_id)
    return (user, has) if user is not None and has.is_on and halfway.is_still(cookie, user) else None


def _page(user: User, has: Standing, status: int = 200, *, wait: str = "") -> ResponseReturnValue:
    values = {"email": user.email, "has": has, "failed": status == 422, "wait": wait}
    return render_template("console/second_factor/code.html", **values), status
