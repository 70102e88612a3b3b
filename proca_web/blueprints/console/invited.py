"""The page a mailed invitation leads to: who asks, as what, and the button. GET changes nothing."""

from collections.abc import Mapping

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import Form, PasswordField, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain import rights
from proca_web.domain.errors import FieldsRefused, InvitationOver, StaffRefused
from proca_web.domain.messages import Message
from proca_web.domain.staff_words import StaffRole
from proca_web.extensions import queue
from proca_web.models import Invitation
from proca_web.services.staff import joining, people
from proca_web.services.staff.account import newcomers
from proca_web.web import login
from proca_web.web.access import limited, signing_in
from proca_web.web.ratelimit import Limit
from proca_web.web.second_step import asking
from proca_web.web.security import hide_referrer

bp = Blueprint("invitation", __name__)
bp.after_request(hide_referrer)  # the address is a secret

JOIN_LIMIT = Limit("join", 10)


class JoinForm(Form):
    """What somebody without an account chooses."""

    name = StringField(default="")
    password = PasswordField(default="")


@bp.get("/invitation/<token>")
@signing_in
def show(token: str) -> ResponseReturnValue:
    """Who asks, as what, until when; and what to do, for whoever opens it."""
    return _page(token, JoinForm())


@bp.post("/invitation/<token>")
@signing_in
@limited(JOIN_LIMIT)
def join(token: str) -> ResponseReturnValue:
    """A place in the org: for who is signed in under the address, or with a new account."""
    form, user_id = JoinForm(request.form), current_user.user.id if current_user.is_authenticated else None
    newcomer = None
    try:
        if user_id is None:
            with reading() as reads:  # a password is hashed for nobody's link
                found = joining.find(reads, _keys(), token)
                joining.require_open(reads, found, clock.now())
                known = (found.email, found.org.title)
            newcomer = newcomers.read(form.name.data, form.password.data, known)
        with writing() as written:
            place = joining.join(written, _keys(), token, clock.now(), user_id=user_id, newcomer=newcomer)
            org, joined = place.org.name, place.user_id
    except FieldsRefused as refusal:
        return _page(token, form, refusal.faults, status=422)
    except InvitationOver as refusal:
        return _over(refusal.message)
    except StaffRefused as refusal:
        return _page(token, form, fault=refusal.message, status=409)
    if user_id is None:
        login.begin(current_app, joined)
    queue.wake("mail")
    return redirect(url_for("start.show", org=org), code=303)


@bp.post("/invitation/<token>/decline")
@signing_in
@limited(JOIN_LIMIT)
def decline(token: str) -> ResponseReturnValue:
    """The link opens nothing from now on."""
    try:
        with writing() as written:
            org = joining.decline(written, _keys(), token, clock.now()).org.title
    except InvitationOver as refusal:
        return _over(refusal.message)
    return make_response(render_template("console/invitation/declined.html", org=org))


def _page(
    token: str,
    form: JoinForm,
    faults: Mapping[str, Message] | None = None,
    fault: Message | None = None,
    status: int = 200,
) -> Response:
    try:
        with reading() as reads:
            found = joining.find(reads, _keys(), token)
            joining.require_open(reads, found, clock.now())
            values = _about(found) | {"has_account": people.find_user(reads, found.email) is not None}
    except InvitationOver as refusal:
        return _over(refusal.message)
    if values["has_account"] and not current_user.is_authenticated:
        login.remember_way(session, request.path)
    shown = {"token": token, "form": form, "faults": faults or {}, "fault": fault, **values}
    return make_response(render_template("console/invitation/show.html", **shown), status)


def _about(found: Invitation) -> dict[str, object]:
    inviter = found.inviter
    return {
        "org": found.org.title,
        "email": found.email,
        "role": found.role,
        "until": found.until,
        "inviter": inviter and (inviter.name or inviter.email),
        "may": rights.TABLE[StaffRole(found.role)],
        "needs_step": found.role in asking.roles_that_need_it(),
        "is_theirs": current_user.is_authenticated and current_user.email == found.email,
    }


def _over(message: Message) -> Response:
    return make_response(render_template("console/invitation/over.html", message=message), 410)


def _keys() -> tuple[str, ...]:
    keys: tuple[str, ...] = current_app.extensions["proca_settings"].secret_keys
    return keys
