"""The pages about an org's people. They change nothing."""

from collections.abc import Mapping

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.blueprints.console.people import bp
from proca_web.blueprints.console.people.forms import InvitationForm
from proca_web.domain import rights
from proca_web.domain.messages import Message
from proca_web.domain.rights import Right
from proca_web.services.staff import invitations, members, people
from proca_web.web import console, errors
from proca_web.web.access import needs
from proca_web.web.htmx import see_other
from proca_web.web.second_step import asking

ROLES = rights.OF_ORGS
# What the table of roles shows, in its order; what else there is belongs to whoever runs the site.
SHOWN = (
    *(Right.NUMBERS, Right.TEXTS, Right.CAMPAIGNS, Right.SETTINGS, Right.EXPORTS, Right.TARGETS),
    *(Right.KEYS, Right.PEOPLE, Right.AUDIT),
)


@bp.get("/<org>/people")
@needs(Right.ACCOUNTS)
def index(org: str) -> ResponseReturnValue:
    """Members, invitations, and what each role may do."""
    if g.org.is_home:
        return see_other(url_for("accounts.index", org=org))
    return people_page(InvitationForm())


@bp.get("/<org>/people/<int:user_id>")
@needs(Right.PEOPLE)
def person(org: str, user_id: int) -> Response:
    """One member: another role, or none."""
    return person_page(user_id)


@bp.get("/<org>/leave")
@needs(Right.NUMBERS)
def leaving(org: str) -> Response:
    """What leaving means, and the button."""
    return leave_page()


def people_page(
    form: InvitationForm, faults: Mapping[str, Message] | None = None, fault: Message | None = None, status: int = 200
) -> Response:
    """The page, with what was typed and why it does not pass."""
    now, me, faults = clock.now(), current_user.user.id, faults or {}
    with reading() as session:
        waiting = invitations.of_org(session, g.org.id, now)
        found = {
            "members": members.of_org(session, g.org.id),
            "invitations": waiting,
            "holding": [each.id for each in waiting if invitations.holds(session, each)],
            "giving": [role for role in ROLES if invitations.may_invite(session, g.org, me, role)],
        }
    values = {
        "form": form,
        "faults": faults,
        "meant": people.address(form.email.data) if "meant" in faults else "",
        "fault": fault,
        "now": now,
        "me": me,
        "done": request.args.get("done"),
    }
    table = {"roles": ROLES, "rights": SHOWN, "table": rights.TABLE, "need_step": asking.roles_that_need_it()}
    return console.page("console/people/index.html", {**found, **values, **table}, status)


def person_page(user_id: int, fault: Message | None = None, status: int = 200) -> Response:
    """One member's page; who is none, or not any more, is said."""
    with reading() as session:
        found = next((member for member in members.of_org(session, g.org.id) if member.user_id == user_id), None)
    if found is None:
        return errors.answer(404, gettext("This person is not a member"), gettext(members.GONE))
    own = next(place.role for place in current_user.memberships if place.org_id == g.org.id)
    giving = [role for role in ROLES if rights.may_give(own, role)]
    values = {
        "member": found,
        "giving": giving,
        "fault": fault,
        "me": current_user.user.id,
        "need_step": asking.roles_that_need_it(),
    }
    return console.page("console/people/person.html", values, status)


def leave_page(fault: Message | None = None, status: int = 200) -> Response:
    """The page about leaving."""
    with reading() as session:
        mine = next((each for each in members.of_org(session, g.org.id) if each.user_id == current_user.user.id), None)
    return console.page("console/people/leave.html", {"member": mine, "fault": fault}, status)
