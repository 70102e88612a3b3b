"""Staff sign in and out. The password is hashed outside any transaction; a wrong pair is one answer."""

from flask import Blueprint, current_app, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from wtforms import Form, PasswordField, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.domain.errors import TooManyTries
from proca_web.domain.staff_words import TryKind
from proca_web.services.staff import passwords, people
from proca_web.services.staff.second_factor import standing
from proca_web.web import errors, trying
from proca_web.web.access import limited, settling_in, signing_in
from proca_web.web.login import TOLD, begin, end, take_way
from proca_web.web.ratelimit import Limit
from proca_web.web.second_step import halfway, taking

bp = Blueprint("auth", __name__)

LOGIN_LIMIT = Limit("login", 10)


class SignInForm(Form):
    """Who signs in."""

    email = StringField(default="")
    password = PasswordField(default="")


@bp.get("/login")
@signing_in
def login() -> ResponseReturnValue:
    """The sign-in form."""
    if current_user.is_authenticated:
        return redirect(url_for("start.index"), code=303)
    halfway.forget(session)  # whoever comes back here begins anew
    return _page(SignInForm())


@bp.post("/login")
@signing_in
@limited(LOGIN_LIMIT)
def sign_in() -> ResponseReturnValue:
    """Start a session, or ask for the second step; 422 for a wrong pair, 429 after too many, whoever they name."""
    form = SignInForm(request.form)
    with reading() as reads:
        user = people.find_user(reads, form.email.data)
        memberships = people.places(reads, user.id) if user else ()
        is_halfway = user is not None and standing.is_on(reads, user.id)
    user_id, password_hash = (user.id, user.password_hash) if user else (None, None)
    try:
        tried = trying.count(TryKind.SIGN_IN, form.email.data, user_id)
    except TooManyTries as refusal:
        return errors.wait(
            make_response(
                _page(form, 429, fault="known" if refusal.is_known else "wait", wait=errors.waiting(refusal))
            ),
            refusal,
        )
    is_right = passwords.verify_password(password_hash, form.password.data)
    trying.settle(tried, user_id, is_right=is_right)
    if not is_right or user is None:
        return _page(form, 422, fault="pair")
    if user.locked_at is not None:
        return _page(form, 422, fault="locked")
    if is_halfway:
        halfway.password_was_right(session, user.id, user.password_hash, clock.now())
        return redirect(url_for("second_factor.code"), code=303)
    way = take_way(session, memberships)
    begin(current_app, user.id)
    return redirect(way or url_for("start.index"), code=303)


@bp.errorhandler(CSRFError)
def form_too_old(_: CSRFError) -> ResponseReturnValue:
    """The form again, for a form older than its session: a tab that was left open, or the second of two."""
    if request.endpoint != "auth.sign_in":
        return errors.answer(400)
    return _page(SignInForm(request.form), 422, fault="old")


@bp.post("/logout")
@settling_in
def sign_out() -> ResponseReturnValue:
    """End all sessions of whoever is signed in."""
    end()
    return redirect(url_for("auth.login"), code=303)


def _page(form: SignInForm, status: int = 200, *, fault: str = "", wait: str = "") -> ResponseReturnValue:
    told = session.pop(TOLD, "")
    shown = {"fault": fault, "wait": wait, "told": told, "passkeys": taking.site_of_passkeys()}
    return render_template("console/auth/login.html", form=form, **shown), status
