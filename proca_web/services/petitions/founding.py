"""Orgs, as whoever runs the site makes and locks them. Each act stands in the org's record and in the instance's."""

import re
import unicodedata
from datetime import datetime
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting, FieldsRefused, NameTaken, StaffRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.staff_words import StaffEvent, StaffRole
from proca_web.models import Membership, Org, User
from proca_web.services.petitions import names, orgs
from proca_web.services.staff import audit, invitations, members, outbox

_LONGEST = 56  # leaves room for a number
_NO_WORD = re.compile(r"[^a-z0-9]+")
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


def found_by(session: Session, title: str, owner: User, now: datetime) -> Org:
    """A new org of somebody who was invited into a campaign and owns it; operators are told. Raises FieldsRefused."""
    try:
        names.check_title("the title", title)
    except BadSetting as error:
        raise FieldsRefused({"title": Message(BAD_TITLE)}) from error
    org = orgs.add_org(session, _free_name(session, title), title.strip(), now)
    place = Membership(org_id=org.id, user_id=owner.id, user=owner, role=StaffRole.OWNER, created_at=now)
    session.add(place)
    _record(session, org, StaffEvent.ORG_MADE, owner.id, now)
    audit.record(session, org.id, owner.id, StaffEvent.JOINED.told, members.detail_of(place, role=place.role), now)
    told = {"person": owner.name or owner.email, "email": owner.email}
    outbox.tell(session, StaffEvent.ORG_MADE, org.id, outbox.operators(session), f"org-add:{org.id}", now, **told)
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


def _free_name(session: Session, title: str) -> str:
    """A name in small Latin letters made of a title, which no org has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = _NO_WORD.sub("-", plain).strip("-")[:_LONGEST].strip("-") or "org"
    for number in count(1):
        name = words if number == 1 else f"{words}-{number}"
        if session.scalars(select(Org.id).where(Org.name == name)).first() is None:
            return name
    raise AssertionError("there is always another number")


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
