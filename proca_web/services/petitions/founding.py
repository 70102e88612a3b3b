"""Orgs, as whoever runs the site makes and locks them. Each act stands in the org's record and in the instance's."""

from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting, FieldsRefused, NameTaken, StaffRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.staff_words import StaffEvent, StaffRole
from proca_web.models import Org
from proca_web.services.petitions import names, orgs
from proca_web.services.staff import audit, invitations, members, outbox

BAD_NAME = N_("Please use small letters, digits and single dashes, at most 64: it stands in addresses of this site.")
NAME_TAKEN = N_("There is an organisation of this name already.")
BAD_TITLE = N_("Please write what the organisation is called, in one line.")


def found(session: Session, name: str, title: str, owner: str, actor_id: int, now: datetime, *, meant: str = "") -> Org:
    """A new org without a key, and the mail that invites its first owner. Raises FieldsRefused."""
    faults: dict[str, Message] = {}
    try:
        names.check_name(name)
    except BadSetting:
        faults["name"] = Message(BAD_NAME)
    try:
        names.check_title("the title", title)
    except BadSetting:
        faults["title"] = Message(BAD_TITLE)
    if faults:
        raise FieldsRefused(faults)
    try:
        org = orgs.add_org(session, name, title.strip(), now)
    except NameTaken as error:
        raise FieldsRefused({"name": Message(NAME_TAKEN)}) from error
    _record(session, org, StaffEvent.ORG_MADE, actor_id, now)
    invitations.invite(session, org.id, actor_id, owner, StaffRole.OWNER, now, meant=meant)
    return org


def lock(session: Session, org_id: int, actor_id: int, now: datetime) -> None:
    """Nothing is sealed to it and its people can only look, until it is opened again; they are told."""
    org = _of_others(session, org_id)
    if org.locked_at is None:
        org.locked_at = now
        _record(session, org, StaffEvent.ORG_LOCKED, actor_id, now)
        _tell(session, org, StaffEvent.ORG_LOCKED, now)


def unlock(session: Session, org_id: int, actor_id: int, now: datetime) -> None:
    """It is as it was before."""
    org = _of_others(session, org_id)
    if org.locked_at is not None:
        org.locked_at = None
        _record(session, org, StaffEvent.ORG_UNLOCKED, actor_id, now)
        _tell(session, org, StaffEvent.ORG_UNLOCKED, now)


def _of_others(session: Session, org_id: int) -> Org:
    org = members.lock(session, org_id) if session.get(Org, org_id) else None
    if org is None or org.is_home:
        raise StaffRefused(N_("There is no such organisation, or it is the one that runs this site."))
    return org


def _record(session: Session, org: Org, event: StaffEvent, actor_id: int, now: datetime) -> None:
    detail = {"org": org.name}
    for org_id in filter(None, (org.id, outbox.home_id(session))):
        audit.record(session, org_id, actor_id, event.told, detail, now)


def _tell(session: Session, org: Org, event: StaffEvent, now: datetime) -> None:
    outbox.tell(session, event, org.id, outbox.owners_of(session, org.id), f"{event}:{org.id}:{now.isoformat()}", now)
