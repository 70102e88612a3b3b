"""Where the second step is asked for: before anything else of whoever needs one, and again before acts that matter.

Nothing typed is lost by it: a page comes back as it was asked for, a form is sent again with what it held.
"""

from datetime import datetime

from flask import Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.config import Settings
from proca_web.domain.rights import NEED_SECOND_STEP
from proca_web.domain.second_step import FRESH
from proca_web.domain.staff_words import StaffRole
from proca_web.services.staff.second_factor import standing
from proca_web.web import console, login
from proca_web.web.htmx import wants_fragment, wants_json

AGAIN = "post"  # the way is a form that is sent again
# Of the form that asks, not of the one that is sent again; and a password is typed again rather than kept in a page.
_NOT_KEPT = ("csrf_token", "code", "passkey", "password")
_CHANGE_NOTHING = ("GET", "HEAD")


def is_needed() -> bool:
    """Whether this site wants a second step of those whose role needs one."""
    settings: Settings = current_app.extensions["proca_settings"]
    return settings.needs_second_factor


def roles_that_need_it() -> frozenset[StaffRole]:
    """Who may not work without one; nobody where this site wants none."""
    return NEED_SECOND_STEP if is_needed() else frozenset()


def lead_to_it() -> ResponseReturnValue | None:
    """Whoever needs a second step and has not taken it here sets it up, or takes it, before anything else."""
    if not is_needed() or current_user.place.factor_at is not None or not standing.is_needed(current_user.memberships):
        return None
    way = request.full_path.rstrip("?") if request.method == "GET" else ""
    with reading() as session:
        is_on = standing.is_on(session, current_user.user.id)
    if is_on:
        return redirect(url_for("second_factor.step_up", to=way or None), code=303)
    if way:
        login.remember_way(cookie, way)
    return redirect(url_for("second_factor.app"), code=303)


def is_fresh(now: datetime) -> bool:
    """Whether the second step was taken here within five minutes."""
    taken: datetime | None = current_user.place.factor_at
    return taken is not None and now - taken < FRESH


def ask_again() -> ResponseReturnValue | None:
    """Whoever did not take the second step within five minutes is asked for it, and then gets what they wanted."""
    if not is_needed() or is_fresh(clock.now()):
        return None
    with reading() as session:
        if not standing.is_on(session, current_user.user.id):
            return None  # their role needs none: there is nothing to ask for
    way = request.full_path.rstrip("?")
    if request.method in _CHANGE_NOTHING:
        return redirect(url_for("second_factor.step_up", to=way), code=303)
    if wants_json():
        sentence = gettext("Your second step was taken more than five minutes ago. Please take it once more.")
        said = {"error": sentence, "step_up": url_for("second_factor.step_up"), "cancel": gettext("Not now")}
        return make_response(jsonify(said), 403)
    if wants_fragment():
        answer = make_response(render_template("console/second_factor/_step_up.html", **_form(way, AGAIN)), 403)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#notice", "innerHTML"
        return answer
    return page(way, AGAIN, 403)


def page(way: str, again: str, status: int = 200, *, failed: bool = False) -> Response:
    """The page that asks; `way`: what was wanted, `again`: AGAIN where that is a form."""
    values = _form(way, again, failed=failed) | (console.frame() or {})
    return make_response(render_template("console/second_factor/step_up.html", **values), status)


def _form(way: str, again: str, *, failed: bool = False) -> dict[str, object]:
    with reading() as session:
        has = standing.of(session, current_user.user.id)
    sent = request.form.items(multi=True) if again == AGAIN else ()
    return {
        "action": url_for("second_factor.step_up", to=way or None, again=again or None),
        "fields": [(name, value) for name, value in sent if not name.startswith(_NOT_KEPT)],
        "has": has,
        "failed": failed,
    }
