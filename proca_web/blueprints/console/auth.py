"""Staff sign in and out. The password is hashed outside any transaction; a wrong pair is one answer."""

import secrets

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from proca_web.adapters.database import reading
from proca_web.extensions import csrf
from proca_web.services.staff import passwords, people
from proca_web.web.access import limited, public, staff
from proca_web.web.login import SignedIn
from proca_web.web.ratelimit import Limit

bp = Blueprint("auth", __name__)

LOGIN_LIMIT = Limit("login", 10)


@bp.get("/login")
@public
def login() -> ResponseReturnValue:
    """The sign-in form."""
    if current_user.is_authenticated:
        return redirect(url_for("start.index"), code=303)
    return _form()


@bp.post("/login")
@public
@limited(LOGIN_LIMIT)
def sign_in() -> ResponseReturnValue:
    """Start a session; 422 for a wrong pair, whoever it names."""
    csrf.protect()
    with reading() as reads:
        user = people.find_user(reads, request.form.get("email", ""))
        user_id, password_hash = (user.id, user.password_hash) if user else (None, None)
    if not passwords.verify_password(password_hash, request.form.get("password", "")) or user_id is None:
        return _form(422, email=request.form.get("email", ""))
    with reading() as reads:
        known = people.load_user(reads, user_id)
    session.clear()
    session.permanent = True
    session["mark"] = secrets.token_urlsafe(16)  # what a proof of possession is bound to
    if known is not None:
        login_user(SignedIn(known))
    return redirect(url_for("start.index"), code=303)


@bp.post("/logout")
@staff
def sign_out() -> ResponseReturnValue:
    """End the session."""
    csrf.protect()
    logout_user()
    session.clear()
    return redirect(url_for("auth.login"), code=303)


def _form(status: int = 200, email: str = "") -> Response:
    response = make_response(render_template("console/auth/login.html", email=email, failed=status == 422), status)
    response.headers["Cache-Control"] = "no-store"
    return response
