"""What is done about an org's people: invite, send again, take back, give a role, remove, leave."""

from collections.abc import Callable
from datetime import datetime

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.blueprints.console.people import bp, pages
from proca_web.blueprints.console.people.forms import InvitationForm, RoleForm
from proca_web.domain import rights
from proca_web.domain.errors import FieldsRefused, RightGone, StaffRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.rights import Right
from proca_web.domain.staff_words import StaffRole
from proca_web.extensions import queue
from proca_web.services.staff import invitations, members
from proca_web.web import errors
from proca_web.web.access import limited, needs, recently_proven, typed
from proca_web.web.htmx import see_other
from proca_web.web.presentation import translated
from proca_web.web.ratelimit import Limit

INVITE_LIMIT = Limit("invite", 20)
Act = Callable[[Session, int, datetime], object]
_NO_ROLE = Message(N_("Please choose a role: the one chosen here does not exist any more. Nothing was changed."))


@bp.post("/<org>/invitations")
@needs(Right.ACCOUNTS)
@recently_proven
@limited(INVITE_LIMIT)
def invite(org: str) -> ResponseReturnValue:
    """The mail with the link leaves at once."""
    form = InvitationForm(request.form)

    def act(session: Session, me: int, now: datetime) -> None:
        given = form.email.data, form.role.data
        invitations.invite(session, g.org.id, me, *given, now, meant=form.meant.data)

    try:
        return _perform(act, "invited", lambda fault: pages.people_page(form, fault=fault, status=409))
    except FieldsRefused as refusal:
        return pages.people_page(form, refusal.faults, status=422)


@bp.post("/<org>/invitations/<int:invitation_id>/again")
@needs(Right.ACCOUNTS)
@recently_proven
@limited(INVITE_LIMIT)
def send_again(org: str, invitation_id: int) -> ResponseReturnValue:
    """The same link once more, for another week."""

    def act(session: Session, me: int, now: datetime) -> None:
        invitations.send_again(session, g.org.id, me, invitation_id, now)

    return _perform(act, "sent-again", _on_index)


@bp.post("/<org>/invitations/<int:invitation_id>/withdraw")
@needs(Right.ACCOUNTS)
@recently_proven
def withdraw(org: str, invitation_id: int) -> ResponseReturnValue:
    """Its link opens nothing from now on."""

    def act(session: Session, me: int, now: datetime) -> None:
        invitations.withdraw(session, g.org.id, me, invitation_id, now)

    return _perform(act, "withdrawn", _on_index)


@bp.post("/<org>/people/<int:user_id>/role")
@needs(Right.PEOPLE)
@recently_proven
def change_role(org: str, user_id: int) -> ResponseReturnValue:
    """Another role, from their next request on."""
    role = RoleForm(request.form).role.data
    if role not in rights.OF_ORGS:
        return pages.person_page(user_id, _NO_ROLE, 422)

    def act(session: Session, me: int, now: datetime) -> None:
        members.change_role(session, g.org.id, me, user_id, StaffRole(role), now)

    return _perform(act, "changed", lambda fault: pages.person_page(user_id, fault, 409), about=user_id)


@bp.post("/<org>/people/<int:user_id>/remove")
@needs(Right.PEOPLE)
@recently_proven
def remove(org: str, user_id: int) -> ResponseReturnValue:
    """Off this org's staff, from their next request on; the account stays."""

    def act(session: Session, me: int, now: datetime) -> None:
        members.remove(session, g.org.id, me, user_id, now)

    return _perform(act, "removed", lambda fault: pages.person_page(user_id, fault, 409), about=user_id)


@bp.post("/<org>/leave")
@needs(Right.NUMBERS)
@recently_proven
def leave(org: str) -> ResponseReturnValue:
    """Whoever is signed in belongs to this org no more."""
    try:
        with writing() as session:
            members.leave(session, g.org.id, current_user.user.id, clock.now())
    except StaffRefused as refusal:
        return pages.leave_page(refusal.message, 409)
    return see_other(url_for("start.index"))


def _perform(
    act: Act, done: str, refused: Callable[[Message], Response], about: int | None = None
) -> ResponseReturnValue:
    """One act about the people of `g.org`, in one transaction; mails about it leave at once."""
    try:
        with writing() as session:
            act(session, current_user.user.id, clock.now())
    except RightGone as refusal:
        title = gettext("You may not do this here")
        return errors.answer(403, title, translated(refusal.message), typed=typed.texts())
    except StaffRefused as refusal:
        return refused(refusal.message)
    queue.wake("mail")
    if about == current_user.user.id:  # who gave up the right to look at this page
        return see_other(url_for("start.index"))
    return see_other(url_for("people.index", org=g.org.name, done=done))


def _on_index(fault: Message) -> Response:
    return pages.people_page(InvitationForm(), fault=fault, status=409)
