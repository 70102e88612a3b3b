"""A forgotten password: a link is asked for, and pressed. What is answered says nothing about who has an account."""

from flask import Blueprint, current_app, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from wtforms import Form, PasswordField, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.errors import FieldsRefused, TooManyTries
from proca_web.domain.messages import Message
from proca_web.domain.staff_words import TryKind
from proca_web.services.staff import passwords, people
from proca_web.services.staff.account import judging, profile, resetting, throttle
from proca_web.web import errors, login
from proca_web.web.access import limited, mailed_to_staff, signing_in
from proca_web.web.ratelimit import Limit

bp = Blueprint("forgot", __name__)

LIMIT = Limit("forgot", 10)


class ForgotForm(Form):
    """Who has forgotten their password."""

    email = StringField(default="")


class NewPasswordForm(Form):
    """The password of whoever holds the link."""

    password = PasswordField(default="")


@bp.get("/forgot")
@signing_in
def ask() -> ResponseReturnValue:
    """Where the link is asked for."""
    return _ask(ForgotForm())


@bp.post("/forgot")
@signing_in
@limited(LIMIT)
def send() -> ResponseReturnValue:
    """Mail a link to the address that is stored, if one is: the answer is the same, and takes as long."""
    form = ForgotForm(request.form)
    email, where, now = form.email.data, login.caller(current_app), clock.now()
    try:
        with writing() as written:  # one write, whether there is an account or not
            user = people.find_user(written, email)
            user_id = user.id if user else None
            throttle.refuse_or_count(written, TryKind.RESET, _keys(), email, user_id, where, now)
            resetting.ask(written, user if user and user.locked_at is None else None, now)
    except TooManyTries as refusal:
        return errors.wait(make_response(_ask(form, 429, wait=errors.waiting(refusal))), refusal)
    return redirect(url_for("forgot.sent"), code=303)


@bp.get("/forgot/sent")
@signing_in
def sent() -> ResponseReturnValue:
    """What happens now, whoever asked."""
    return render_template("console/account/forgot_sent.html")


@bp.get("/reset/<token>")
@mailed_to_staff
def reset(token: str) -> ResponseReturnValue:
    """The form for a new password, where the link opens one."""
    with reading() as reads:
        email = resetting.find(reads, _keys(), token, clock.now()).email
    return _reset(token, email)


@bp.post("/reset/<token>")
@mailed_to_staff
@limited(LIMIT)
def set_password(token: str) -> ResponseReturnValue:
    """The new password, which ends all sessions; then one signs in with it, second step and all."""
    form = NewPasswordForm(request.form)
    with reading() as reads:
        user = resetting.find(reads, _keys(), token, clock.now())
        email, about = user.email, profile.known_of(user)
    try:
        judging.require_good(form.password.data, about)
    except FieldsRefused as refusal:
        return _reset(token, email, 422, refusal.faults["password"])
    hashed = passwords.hash_password(form.password.data)
    with writing() as written:
        user_id = resetting.use(written, _keys(), token, hashed, clock.now()).id
    login.make_known(current_app, user_id)
    session.clear()
    session[login.TOLD] = "reset"
    return redirect(url_for("auth.login"), code=303)


@bp.errorhandler(CSRFError)
def form_too_old(_: CSRFError) -> ResponseReturnValue:
    """The form again, for one older than its session."""
    if request.endpoint == "forgot.send":
        return _ask(ForgotForm(request.form), 422, too_old=True)
    session[login.TOLD] = "old"
    return redirect(url_for("forgot.reset", token=(request.view_args or {})["token"]), code=303)


def _keys() -> tuple[str, ...]:
    keys: tuple[str, ...] = current_app.extensions["proca_settings"].secret_keys
    return keys


def _ask(form: ForgotForm, status: int = 200, *, wait: str = "", too_old: bool = False) -> ResponseReturnValue:
    return render_template("console/account/forgot.html", form=form, wait=wait, too_old=too_old), status


def _reset(token: str, email: str, status: int = 200, fault: Message | None = None) -> ResponseReturnValue:
    shown = {"token": token, "email": email, "fault": fault, "too_old": session.pop(login.TOLD, "") == "old"}
    return render_template("console/account/reset.html", **shown), status
