"""Mail servers that orgs entered for themselves: one that is tried, and one in use, which a test mail went through.

Passwords come sealed and stay so here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, MailTest
from proca_web.domain.delivery import own_server
from proca_web.domain.delivery.own_server import WAYS
from proca_web.domain.errors import FieldsRefused, StaffRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.people import text
from proca_web.models import AuditEntry, Org, OrgTransport
from proca_web.services import driver
from proca_web.services.petitions.settings import passwords
from proca_web.services.petitions.settings.passwords import Place
from proca_web.services.staff import audit, members

NO_SERVER = N_("Please write the name of the server, like smtp.example.org, without https and without the port.")
NO_WAY = N_("Please choose one of these ports.")
NO_ADDRESS = N_("Please write the address that your mails come from.")
NO_PASSWORD = N_("Please type the password. It is not kept anywhere where it could be shown again.")
NO_USER = N_("Please write the user name that belongs to the password.")
NOT_TESTED = N_("It can be used when a test mail went through it, with this very password. Please test it first.")
# A test that nobody ended within this is taken up again: its worker died.
LEASE = timedelta(minutes=3)
_LONGEST_PASSWORD = 500


@dataclass(frozen=True, slots=True)
class Given:
    """What is typed for a mail server."""

    server: str
    way: str
    username: str
    password: str = field(repr=False)
    sender: str


@dataclass(frozen=True, slots=True)
class Known:
    """What an org has: in use, and what is tried or was."""

    used: OrgTransport | None
    tried: OrgTransport | None


def known(session: Session, org_id: int) -> Known:
    """The org's mail server in use, and the newest that is not."""
    rows = session.scalars(select(OrgTransport).where(OrgTransport.org_id == org_id).order_by(OrgTransport.id)).all()
    used = next((row for row in rows if row.in_use), None)
    return Known(used, next((row for row in reversed(rows) if not row.in_use), None))


def have_tested(
    session: Session, org_id: int, given: Given, user_id: int, test_to: str, keys: Sequence[str], now: datetime
) -> OrgTransport:
    """Keep a mail server for the worker to try; whatever was tried before is forgotten. Raises FieldsRefused."""
    org = members.lock(session, org_id)
    place, values = _read(org, given)
    before = [row for row in _rows_of(known(session, org_id)) if _place_of(org, row) == place and row.seal]
    if given.password:
        seal: bytes | None = passwords.seal(given.password, place, keys)
    else:
        seal = before[0].seal if before else None
    if place.username and not seal:
        raise FieldsRefused({"password": Message(NO_PASSWORD)})
    session.execute(delete(OrgTransport).where(OrgTransport.org_id == org_id, ~OrgTransport.in_use))
    row = OrgTransport(org_id=org_id, seal=seal, test_to=test_to, user_id=user_id, created_at=now, **values)
    session.add(row)
    session.flush()
    audit.record(session, org_id, user_id, CampaignEvent.SERVER_TESTED, {"server": _name(row)}, now)
    return row


def use(session: Session, org_id: int, transport_id: int, user_id: int, now: datetime) -> None:
    """Mails of the org's pages leave by it from now on. Raises StaffRefused unless this very one was tested."""
    members.lock(session, org_id)
    have = known(session, org_id)
    row = have.tried
    if row is None or row.id != transport_id or row.test != MailTest.PASSED:
        raise StaffRefused(NOT_TESTED)
    if have.used is not None:
        session.delete(have.used)
        session.flush()  # one in use an org
    row.in_use = True
    audit.record(session, org_id, user_id, CampaignEvent.SERVER_USED, {"server": _name(row)}, now)


def remove(session: Session, org_id: int, user_id: int, now: datetime) -> None:
    """Mails leave by the site's server again, and nothing of the org's own is kept."""
    members.lock(session, org_id)
    have = known(session, org_id)
    session.execute(delete(OrgTransport).where(OrgTransport.org_id == org_id))
    if have.used is not None:
        audit.record(session, org_id, user_id, CampaignEvent.SERVER_REMOVED, {"server": _name(have.used)}, now)


def gave_up(session: Session, org: str) -> bool:
    """Whether it had one and went back to the site's by itself: mails that were to leave by it do so by the site's."""
    of_org = select(Org.id).where(Org.name == org).scalar_subquery()
    removed = (AuditEntry.org_id == of_org, AuditEntry.event == CampaignEvent.SERVER_REMOVED)
    return bool(session.scalar(select(exists().where(*removed))))


def in_use(session: Session) -> Mapping[str, OrgTransport]:
    """All that are in use, by the org's name."""
    query = select(Org.name, OrgTransport).join(Org, Org.id == OrgTransport.org_id).where(OrgTransport.in_use)
    return {row.name: row.OrgTransport for row in session.execute(query)}


def waits(session: Session, now: datetime) -> bool:
    """Whether a test waits; asked before the write lock is taken."""
    return bool(session.scalar(select(exists().where(*_waiting(now)))))


def has_sealed(session: Session) -> bool:
    """Whether there is a password at all."""
    return bool(session.scalar(select(exists().where(OrgTransport.seal.is_not(None)))))


def claim_test(session: Session, now: datetime) -> tuple[str, OrgTransport] | None:
    """One that waits to be tried, and its org's name; nobody else tries it for a while."""
    where = _waiting(now)
    query = select(Org.name, OrgTransport).join(Org, Org.id == OrgTransport.org_id).where(*where).limit(1)
    found = session.execute(query).first()
    if found is None:
        return None
    taken = update(OrgTransport).where(OrgTransport.id == found.OrgTransport.id, *where).values(tested_at=now)
    return (found.name, found.OrgTransport) if driver.changed(session, taken) else None


def tested(session: Session, transport_id: int, answer: str, now: datetime, *, passed: bool) -> None:
    """What came of the test; nothing, where another took its place meanwhile."""
    outcome = MailTest.PASSED if passed else MailTest.FAILED
    values = {"test": outcome, "answer": answer, "tested_at": now}
    where = (OrgTransport.id == transport_id, OrgTransport.test == MailTest.WAITING)
    session.execute(update(OrgTransport).where(*where).values(**values))


def seal_anew(session: Session, keys: Sequence[str]) -> list[str]:
    """For the worker: seal under today's key what the key of before opened; the orgs whose password no key opens."""
    lost = []
    query = (
        select(Org.name, OrgTransport).join(Org, Org.id == OrgTransport.org_id).where(OrgTransport.seal.is_not(None))
    )
    for name, row in session.execute(query):
        place = Place(name, row.server, row.port, row.username)
        opened = passwords.open_(row.seal or b"", place, keys)
        if opened is None:
            lost.append(name)
        elif opened[1]:
            row.seal = passwords.seal(opened[0], place, keys)
    return lost


def _waiting(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    is_free = or_(OrgTransport.tested_at.is_(None), OrgTransport.tested_at < now - LEASE)
    return OrgTransport.test == MailTest.WAITING, is_free


def _read(org: Org, given: Given) -> tuple[Place, dict[str, object]]:
    faults: dict[str, Message] = {}
    server = sender = ""
    try:
        server = own_server.host(given.server)
    except ValueError:
        faults["server"] = Message(NO_SERVER)
    if given.way not in WAYS:
        faults["way"] = Message(NO_WAY)
    try:
        sender = text.email(given.sender)
        if not sender:
            faults["server_from"] = Message(NO_ADDRESS)
    except text.Refused as refusal:
        faults["server_from"] = refusal.message
    username = given.username.strip()
    if given.password and not username:
        faults["username"] = Message(NO_USER)
    for name, typed in (("username", username), ("password", given.password)):
        if len(typed) > _LONGEST_PASSWORD or any(sign in typed for sign in "\r\n\0"):
            faults[name] = Message(N_("This is too long, or holds a line break."))
    if faults:
        raise FieldsRefused(faults)
    port, tls = WAYS[given.way]
    values = {"server": server, "port": port, "tls": tls, "username": username, "mail_from": sender}
    return Place(org.name, server, port, username), values


def _place_of(org: Org, row: OrgTransport) -> Place:
    return Place(org.name, row.server, row.port, row.username)


def _rows_of(have: Known) -> list[OrgTransport]:
    return [row for row in (have.tried, have.used) if row is not None]


def _name(row: OrgTransport) -> str:
    return f"{row.server}:{row.port}"
