"""The record of what people did in an org's console: append-only, one chain an org; never about a supporter.

An entry is never changed: who did it stands there by the address of that day. Writing waits for whoever writes another
entry of the same org, to the end of the transaction.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from proca_web.crypto import audit_chain
from proca_web.crypto.audit_chain import BEGINNING
from proca_web.models import AuditEntry, Membership, Org, User
from proca_web.services import driver

LONGEST_DETAIL = 4000
_LOCK_NUMBER = 0x6175646974000000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_A_PIECE = 1000
_Written = Row[int, datetime, str, str, str, bytes]


@dataclass(frozen=True, slots=True)
class Chain:
    """What was found of one org's record: its hashes by number (from 1), and the first fault, if there is one."""

    hashes: Sequence[bytes]
    began_at: datetime | None
    fault: str = ""

    @property
    def head(self) -> bytes:
        """The hash of the newest entry."""
        return self.hashes[-1] if self.hashes else BEGINNING


def record(
    session: Session,
    org_id: int,
    user_id: int | None,
    event: str,
    detail: str | Mapping[str, object],
    now: datetime,
) -> None:
    """Write one entry of an org's record. `detail`: a text, or facts by name; a pair is what was before and after."""
    written = detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False)
    driver.lock(session, _LOCK_NUMBER + org_id)
    session.flush()  # an entry of this transaction that is not written yet comes before this one
    newest = select(AuditEntry.number, AuditEntry.hash).where(AuditEntry.org_id == org_id)
    last = session.execute(newest.order_by(AuditEntry.number.desc()).limit(1)).first()
    number, previous = (last.number + 1, bytes(last.hash)) if last else (1, BEGINNING)
    actor = (session.scalar(select(User.email).where(User.id == user_id)) or "") if user_id is not None else ""
    org = session.scalars(select(Org.name).where(Org.id == org_id)).one()
    content = (actor, event, written[:LONGEST_DETAIL])
    session.add(
        AuditEntry(
            org_id=org_id,
            number=number,
            user_id=user_id,
            actor=actor,
            at=now,
            event=event,
            detail=content[2],
            hash=audit_chain.entry_hash(previous, org, number, _micros(now), *content),
        )
    )
    session.flush()


def record_everywhere(
    session: Session, user_id: int, event: str, detail: str | Mapping[str, object], now: datetime
) -> None:
    """Write one entry about a person's account in the record of each org they belong to."""
    mine = select(Membership.org_id).where(Membership.user_id == user_id).order_by(Membership.org_id)
    for org_id in session.scalars(mine).all():
        record(session, org_id, user_id, event, detail, now)


def recent_entries(session: Session, org_id: int, event: str, limit: int = 20) -> Sequence[AuditEntry]:
    """The newest entries of that kind."""
    where = (AuditEntry.org_id == org_id, AuditEntry.event == event)
    return session.scalars(select(AuditEntry).where(*where).order_by(AuditEntry.number.desc()).limit(limit)).all()


def chain_of(session: Session, org: Org) -> Chain:
    """An org's record, read from its beginning, and the first entry that is not what was written."""
    hashes: list[bytes] = []
    began_at: datetime | None = None
    for entry in _entries(session, org.id):
        fault = _fault(org.name, entry, hashes)
        if fault:
            return Chain(hashes, began_at, fault)
        began_at = began_at or entry.at
        hashes.append(bytes(entry.hash))
    return Chain(hashes, began_at)


def _entries(session: Session, org_id: int) -> Iterator[_Written]:
    columns = (AuditEntry.number, AuditEntry.at, AuditEntry.actor, AuditEntry.event, AuditEntry.detail, AuditEntry.hash)
    found = select(*columns).where(AuditEntry.org_id == org_id).order_by(AuditEntry.number).limit(_A_PIECE)
    last = 0
    while rows := session.execute(found.where(AuditEntry.number > last)).all():
        yield from rows
        last = rows[-1].number


def _fault(org: str, entry: _Written, before: Sequence[bytes]) -> str:
    number, at, actor, event, detail, hash_ = entry
    if number != len(before) + 1:
        return f"the record of {org} lacks entry {len(before) + 1}"
    previous = before[-1] if before else BEGINNING
    if audit_chain.entry_hash(previous, org, number, _micros(at), actor, event, detail) != bytes(hash_):
        return f"entry {number} of the record of {org} was changed"
    return ""


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
