"""Name, language and password."""

from flask import current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from wtforms import Form, PasswordField, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.blueprints.console.account import bp, overview, page
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.staff_words import TryKind
from proca_web.services.staff import passwords
from proca_web.services.staff.account import judging, profile
from proca_web.web import login, trying
from proca_web.web.access import staff

_NOT_THE_PRESENT = N_("This is not your present password. If you forgot it, sign out and ask for a new one by mail.")


class NameForm(Form):
    """What people are called, and which language they read."""

    name = StringField(default="")
    locale = StringField(default="")


class PasswordForm(Form):
    """The present password and the next."""

    present = PasswordField(default="")
    password = PasswordField(default="")


@bp.get("/")
@staff
def index() -> ResponseReturnValue:
    """One's own account."""
    return overview()


@bp.post("/")
@staff
def rename() -> ResponseReturnValue:
    """Another name or language."""
    form = NameForm(request.form)
    try:
        with writing() as session:
            profile.rename(session, current_user.user.id, form.name.data, form.locale.data, clock.now())
    except FieldsRefused as refusal:
        return overview(422, faults=refusal.faults, typed=form.data)
    flash(gettext("Saved."))
    return redirect(url_for("account.index"), code=303)


@bp.get("/password")
@staff
def password() -> ResponseReturnValue:
    """The form for a new password."""
    return page("console/account/password.html", faults={})


@bp.post("/password")
@staff
def set_password() -> ResponseReturnValue:
    """A new password, for whoever knows the present one; it ends all sessions but this."""
    form, user = PasswordForm(request.form), current_user.user
    tried = trying.count(TryKind.PASSWORD, user.email, user.id)
    is_right = passwords.verify_password(user.password_hash, form.present.data)
    trying.settle(tried, user.id, is_right=is_right)
    if not is_right:
        return _refused({"present": Message(_NOT_THE_PRESENT)})
    try:
        judging.require_good(form.password.data, profile.known_of(user))
    except FieldsRefused as refusal:
        return _refused(refusal.faults)
    hashed = passwords.hash_password(form.password.data)
    with writing() as session:
        is_set = profile.new_password(session, user.id, user.password_hash, hashed, clock.now())
    if not is_set:  # another window was faster; its session is the one that lives
        return _refused({"present": Message(_NOT_THE_PRESENT)})
    login.begin_anew(current_app)
    flash(gettext("Your password is changed. You are signed out everywhere else."))
    return redirect(url_for("account.index"), code=303)


def _refused(faults: dict[str, Message]) -> ResponseReturnValue:
    return page("console/account/password.html", 422, faults=faults)
