"""Another mail address: asked for here, and answered from both mailboxes by links, signed in or not."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from wtforms import Form, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.blueprints.console.account import bp, overview, secret_keys
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import Message
from proca_web.domain.staff_words import LinkKind, TryKind
from proca_web.services.staff.account import addresses
from proca_web.web import trying
from proca_web.web.access import mailed_to_staff, staff


class AddressForm(Form):
    """The new address."""

    email = StringField(default="")


@bp.post("/address")
@staff
def change_address() -> ResponseReturnValue:
    """Mail both addresses a link."""
    form, user = AddressForm(request.form), current_user.user
    try:
        email = addresses.wanted(user, form.email.data)
    except FieldsRefused as refusal:
        return overview(422, faults=refusal.faults, typed=form.data)
    trying.count(TryKind.RESET, user.email, user.id)
    with writing() as session:
        addresses.ask(session, user.id, email, clock.now())
    return redirect(url_for("account.index") + "#address", code=303)


@bp.post("/address/again")
@staff
def send_again() -> ResponseReturnValue:
    """The mails that were not answered, once more."""
    user, now = current_user.user, clock.now()
    trying.count(TryKind.RESET, user.email, user.id)
    with writing() as session:
        change = addresses.waiting(session, user, now)
        if change is not None:
            addresses.send(session, user, change, now)
    flash(gettext("The mails are on their way once more."))
    return redirect(url_for("account.index") + "#address", code=303)


@bp.post("/address/stop")
@staff
def keep_address() -> ResponseReturnValue:
    """The address stays as it is."""
    with writing() as session:
        addresses.stop(session, current_user.user.id, clock.now())
    return redirect(url_for("account.index") + "#address", code=303)


@bp.get("/address/<token>")
@mailed_to_staff
def address(token: str) -> ResponseReturnValue:
    """What the link stands for, with a button for yes and one for no."""
    with reading() as reads:
        link, user = addresses.find(reads, secret_keys(), token, clock.now())
    return _mailbox("done" if user.email == link.email else "said" if link.used_at else "ask", token, link.email)


@bp.post("/address/<token>")
@mailed_to_staff
def confirm_address(token: str) -> ResponseReturnValue:
    """This mailbox says yes."""
    try:
        with writing() as session:
            addresses.confirm(session, secret_keys(), token, clock.now())
    except FieldsRefused as refusal:
        return _mailbox("refused", token, fault=refusal.faults["email"], status=422)
    return redirect(url_for("account.address", token=token), code=303)


@bp.post("/address/<token>/refuse")
@mailed_to_staff
def refuse_address(token: str) -> ResponseReturnValue:
    """This mailbox says no."""
    with writing() as session:
        by = addresses.refuse(session, secret_keys(), token, clock.now())
    return _mailbox("old said no" if by is LinkKind.ADDRESS_OF_BEFORE else "new said no", token)


def _mailbox(
    state: str, token: str, email: str = "", fault: Message | None = None, status: int = 200
) -> ResponseReturnValue:
    shown = {"state": state, "token": token, "email": email, "fault": fault}
    return render_template("console/account/address.html", **shown), status
