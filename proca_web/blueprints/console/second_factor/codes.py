"""Ten recovery codes: made, shown until their owner has them, and never again."""

from flask import Response, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.blueprints.console.second_factor import bp
from proca_web.blueprints.console.second_factor.overview import page
from proca_web.domain import second_step
from proca_web.domain.staff_words import FactorEvent
from proca_web.extensions import queue
from proca_web.services.staff.second_factor import recovery, standing
from proca_web.web import login
from proca_web.web.access import recently_proven, settling_in
from proca_web.web.second_step import halfway


@bp.get("/account/second-step/codes")
@settling_in
def codes() -> ResponseReturnValue:
    """The new codes, while they are not put away."""
    shown = _shown()
    return _page(shown) if shown else redirect(url_for("second_factor.index"), code=303)


@bp.get("/account/second-step/codes.txt")
@settling_in
def codes_as_file() -> ResponseReturnValue:
    """The same as a text file."""
    shown = _shown()
    if not shown:
        return redirect(url_for("second_factor.index"), code=303)
    title = gettext("Recovery codes: Petitions, %(email)s", email=current_user.email)
    answer = Response("\r\n".join([title, "", *shown, ""]), mimetype="text/plain")
    answer.headers["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return answer


@bp.post("/account/second-step/codes")
@settling_in
@recently_proven
def make_codes() -> ResponseReturnValue:
    """Ten new ones, which make the old ones void; for whoever has a second step."""
    user_id = current_user.user.id
    made = second_step.new_recovery_codes()
    hashes = recovery.hashed(filter(None, map(second_step.recovery_code, made)))
    with writing() as session:
        if not standing.is_on(session, user_id):
            return redirect(url_for("second_factor.index"), code=303)
        recovery.replace(session, user_id, hashes)
        standing.changed(session, user_id, FactorEvent.CODES, clock.now())
    halfway.keep_codes(cookie, user_id, made, clock.now())
    queue.wake("mail")
    return redirect(url_for("second_factor.codes"), code=303)


@bp.post("/account/second-step/codes/kept")
@settling_in
def keep_codes() -> ResponseReturnValue:
    """Their owner can find them: they are shown no more, and it goes on where they were going. 422: not ticked."""
    shown = _shown()
    if shown and request.form.get("kept") != "yes":
        return _page(shown, failed=True)
    halfway.put_codes_away(cookie)
    way = login.take_way(cookie, current_user.memberships)
    return redirect(way or url_for("second_factor.index"), code=303)


def _shown() -> list[str]:
    return halfway.codes(cookie, current_user.user.id, clock.now())


def _page(shown: list[str], *, failed: bool = False) -> ResponseReturnValue:
    with reading() as session:
        has = standing.of(session, current_user.user.id)
    values = {"codes": shown, "has": has, "failed": failed, "now": clock.now(), "new": request.args.get("new", "")}
    return page("console/second_factor/codes.html", 422 if failed else 200, **values)
