"""An org asks somebody to join it by mail, sends the mail again, or takes it back. What the link opens: `joining`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from proca_web.domain import rights
from proca_web.domain.errors import FieldsRefused, RightGone, StaffRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.people import mail_address
from proca_web.domain.staff_words import StaffEvent, StaffRole
from proca_web.models import Invitation, Org, User
from proca_web.services.staff import audit, members, outbox, people

LASTS = timedelta(days=7)
REMEMBERED = timedelta(days=60)

LOCKED = N_("%(org)s is locked by whoever runs this site: nobody can be invited or join until it is open again.")


def may_invite(session: Session, org: Org, actor_id: int | None, role: StaffRole) -> bool:
    """Whether that person may ask somebody in: who holds the role's rights; an operator, where the org has no owner."""
    if actor_id is None or org.is_home or role not in rights.OF_ORGS:
        return False
    place = members.place_of(session, org.id, actor_id)
    if place is not None and rights.may_give(StaffRole(place.role), role):
        return True
    is_operator = any(own.role == StaffRole.OPERATOR for own in people.places(session, actor_id))
    return is_operator and role == StaffRole.OWNER and not members.has_owner(session, org.id)


def holds(session: Session, invitation: Invitation) -> bool:
    """Whether whoever sent it may still give that role."""
    return may_invite(session, invitation.org, invitation.invited_by, StaffRole(invitation.role))


def of_org(session: Session, org_id: int, now: datetime) -> Sequence[Invitation]:
    """Invitations that wait, and those that ran out lately, the newest first."""
    query = select(Invitation).where(
        Invitation.org_id == org_id,
        Invitation.used_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.until > now - REMEMBERED,
    )
    return session.scalars(query.options(joinedload(Invitation.inviter)).order_by(Invitation.id.desc())).all()


def invite(
    session: Session, org_id: int, actor_id: int, email: str, role: str, now: datetime, *, meant: str = ""
) -> Invitation:
    """Ask somebody to join; the mail leaves with the worker.

    An address whose letters are not all plain is asked about once: it can look like another one. `meant` is the answer.
    Raises FieldsRefused for what was typed, RightGone, StaffRefused.
    """
    org = members.lock(session, org_id)
    address, given = _address(email, meant), _role(role)
    _require_may(session, org, actor_id, given)
    known = people.find_user(session, address)
    if known is not None and members.place_of(session, org_id, known.id) is not None:
        raise FieldsRefused({"email": Message(N_("Whoever has this address is a member already."))})
    if any(waits.email == address for waits in of_org(session, org_id, now)):
        raise FieldsRefused(
            {"email": Message(N_("There is an invitation for this address already, see below: send it again there."))}
        )
    made = Invitation(org_id=org.id, email=address, role=given, invited_by=actor_id, created_at=now, until=now + LASTS)
    session.add(made)
    session.flush()  # its number is in the link
    _send(session, made, StaffEvent.INVITED, actor_id, now)
    return made


def send_again(session: Session, org_id: int, actor_id: int, invitation_id: int, now: datetime) -> None:
    """The same link once more, good for another 7 days, in the name of whoever asks for it now."""
    org = members.lock(session, org_id)
    waits = _waiting(session, org_id, invitation_id)
    _require_may(session, org, actor_id, StaffRole(waits.role))
    waits.invited_by, waits.until = actor_id, now + LASTS
    _send(session, waits, StaffEvent.INVITED_AGAIN, actor_id, now)


def withdraw(session: Session, org_id: int, actor_id: int, invitation_id: int, now: datetime) -> None:
    """Its link opens nothing from now on."""
    org = members.lock(session, org_id)
    waits = _waiting(session, org_id, invitation_id)
    _require_may(session, org, actor_id, StaffRole(waits.role))
    waits.withdrawn_at = now
    record(session, waits, StaffEvent.INVITATION_WITHDRAWN, actor_id, now)


def record(session: Session, invitation: Invitation, event: StaffEvent, actor_id: int | None, now: datetime) -> None:
    """One entry of the org's record."""
    detail = {"invited": invitation.email, "role": invitation.role}
    audit.record(session, invitation.org_id, actor_id, event.told, detail, now)


def _address(typed: str, meant: str) -> str:
    address = people.address(typed)
    if not address:
        raise FieldsRefused({"email": Message(N_("Please write the mail address of whom you invite."))})
    domain = address.rpartition("@")[2]
    if mail_address.readable(address) != address and meant != address:
        asked = N_(
            "This address has letters that can look like others. Mail programs write its end as %(domain)s. If that is "
            "right, send it once more."
        )
        raise FieldsRefused({"email": Message(asked, {"domain": domain}), "meant": Message(N_("Please look twice."))})
    return address


def _role(given: str) -> StaffRole:
    if given not in rights.OF_ORGS:
        raise FieldsRefused({"role": Message(N_("Please choose a role: the one chosen here does not exist any more."))})
    return StaffRole(given)


def _waiting(session: Session, org_id: int, invitation_id: int) -> Invitation:
    found = session.get(Invitation, invitation_id, populate_existing=True)
    if found is None or found.org_id != org_id:
        raise StaffRefused(N_("There is no such invitation."))
    if found.used_at is not None:
        raise StaffRefused(N_("This invitation was used meanwhile: the person is a member now."))
    if found.withdrawn_at is not None:
        raise StaffRefused(N_("This invitation was taken back or declined meanwhile."))
    return found


def _require_may(session: Session, org: Org, actor_id: int, role: StaffRole) -> None:
    if org.locked_at is not None:
        raise StaffRefused(LOCKED, org=org.title)
    if not may_invite(session, org, actor_id, role):
        raise RightGone(N_("You may not invite anybody in this role. An owner of %(org)s can."), org=org.title)


def _send(session: Session, invitation: Invitation, event: StaffEvent, actor_id: int, now: datetime) -> None:
    inviter = session.get_one(User, actor_id)
    facts: dict[str, str | int] = {
        "invitation": invitation.id,
        "role": invitation.role,
        "inviter": inviter.name or inviter.email,
    }
    facts["until"] = invitation.until.strftime("%Y-%m-%d")
    once = f"invitation:{invitation.id}:{now.isoformat()}"
    outbox.write_to(session, StaffEvent.INVITED, invitation.org_id, invitation.email, once, now, **facts)
    record(session, invitation, event, actor_id, now)
