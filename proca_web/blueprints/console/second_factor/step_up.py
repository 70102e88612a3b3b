"""The second step asked for again: whoever takes it gets what they wanted, a form with all that it held."""

from urllib.parse import urlsplit

from flask import Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.blueprints.console.second_factor import CODE_LIMIT, bp
from proca_web.blueprints.console.second_factor.challenges import challenge_for
from proca_web.blueprints.console.second_factor.overview import page
from proca_web.domain.errors import TooManyTries
from proca_web.domain.staff_words import TryKind
from proca_web.services.staff import sessions
from proca_web.services.staff.second_factor import standing
from proca_web.web import errors, trying
from proca_web.web.access import limited, settling_in
from proca_web.web.htmx import wants_json
from proca_web.web.login import is_staff_path
from proca_web.web.second_step import asking, taking

_FILES = (".csv", ".ndjson")


@bp.get("/account/step-up")
@settling_in
def step_up() -> ResponseReturnValue:
    """The question, with where one wanted to go; for whoever has no second step, the way to set one up."""
    with reading() as session:
        if not standing.is_on(session, current_user.user.id):
            return redirect(url_for("second_factor.app"), code=303)
    return asking.page(_way(), "")


@bp.post("/account/step-up")
@settling_in
@limited(CODE_LIMIT)
def take_step() -> ResponseReturnValue:
    """Go on with what was wanted: 303 to a page, 307 so that the browser sends a form again. 422: wrong; 429: wait."""
    try:
        is_right = _is_right()
    except TooManyTries as refusal:
        return errors.wait(errors.answer(429, advice=errors.waiting(refusal)), refusal)
    if not is_right:
        if wants_json():
            return jsonify(error=gettext("This code was not taken. Wait for the next one.")), 422
        return asking.page(_way(), request.args.get("again", ""), 422, failed=True)
    with writing() as session:
        sessions.proved(session, current_user.place.id, clock.now())
    if wants_json():
        return jsonify(proven=True)
    way = _way() or url_for("start.index")
    if request.args.get("again") == asking.AGAIN:
        return redirect(way, code=307)
    return _download(way) if urlsplit(way).path.endswith(_FILES) else redirect(way, code=303)


@bp.get("/account/step-up/passkey")
@settling_in
def ask_own_passkey() -> Response:
    """What a browser needs to ask for one of this person's passkeys."""
    with reading() as session:
        return challenge_for([key.credential_id for key in standing.of(session, current_user.user.id).passkeys])


def _is_right() -> bool:
    answer, user_id = request.form.get("passkey", ""), current_user.user.id
    if answer:
        return bool(taking.passkey(answer) == user_id)
    tried = trying.count(TryKind.CODE, current_user.email, user_id)
    is_right = taking.code(user_id, request.form.get("code", "")) is not None
    trying.settle(tried, user_id, is_right=is_right)
    return is_right


def _way() -> str:
    """Where one wanted to go: a page of the console or the account, and nowhere else."""
    way = request.args.get("to", "")
    return way if is_staff_path(way) and "\\" not in way else ""


def _download(way: str) -> Response:
    """A file leaves the page as it is: say that it comes, and lead back."""
    back = urlsplit(way).path.rpartition("/")[0]
    return page("console/second_factor/download.html", way=way, back=back)
