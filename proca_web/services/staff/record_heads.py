"""All orgs' records in one hash a day, which the key log takes in: what was cut or rewritten before that shows.

What is younger than the newest of these can be cut unseen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from proca_web.crypto import audit_chain
from proca_web.crypto.audit_chain import BEGINNING
from proca_web.crypto.encoding import encode
from proca_web.models import AuditEntry, AuditHead, KeyLogEntry, Org
from proca_web.services.staff import audit
from proca_web.services.staff.audit import Chain


@dataclass(frozen=True, slots=True)
class Heads:
    """How far every org's record has come (by the org's id), and the hash of all of them."""

    numbers: Mapping[int, int]
    hash: bytes


def is_due(session: Session, now: datetime) -> bool:
    """Whether something was recorded that the key log does not know, and this day (UTC) has no entry about it yet."""
    newest = session.scalar(select(func.max(AuditHead.position)))
    if newest is not None:
        at = session.scalars(select(KeyLogEntry.at).where(KeyLogEntry.position == newest)).one()
        if at.date() >= now.date():
            return False
    return any(number > _taken(session, newest).get(org, 0) for org, number in _sizes(session).items())


def of_all(session: Session) -> Heads:
    """The heads of all records as they are now."""
    sizes = _sizes(session)
    newest = select(AuditEntry.org_id, func.max(AuditEntry.number).label("number")).group_by(AuditEntry.org_id)
    last = newest.subquery()
    is_last = and_(AuditEntry.org_id == last.c.org_id, AuditEntry.number == last.c.number)
    hashes = {
        org: bytes(hash_)
        for org, hash_ in session.execute(select(AuditEntry.org_id, AuditEntry.hash).join(last, is_last))
    }
    names = {org: name for org, name in session.execute(select(Org.id, Org.name))}
    return Heads(sizes, audit_chain.heads_hash({names[org]: hashes.get(org, BEGINNING) for org in sizes}))


def taken_in(session: Session, position: int, heads: Heads) -> None:
    """The key log has an entry about them, at that position."""
    session.add_all(AuditHead(position=position, org_id=org, number=number) for org, number in heads.numbers.items())


def faults(session: Session, entries: Iterable[Mapping[str, object]]) -> list[str]:
    """Every record with the first entry that is not what was written, and what the key log knows otherwise.

    `entries`: those of the key log, checked.
    """
    orgs = session.scalars(select(Org).order_by(Org.name)).all()
    chains = {org.id: audit.chain_of(session, org) for org in orgs}
    found = [chain.fault for chain in chains.values() if chain.fault]
    names = {org.id: org.name for org in orgs}
    for entry in entries:
        if entry.get("event") == "audit":
            found += _unlike(session, entry, chains, names)
    return found


def _unlike(
    session: Session, entry: Mapping[str, object], chains: Mapping[int, Chain], names: Mapping[int, str]
) -> list[str]:
    position = entry["index"]
    numbers = _taken(session, position if isinstance(position, int) else None)
    short = [org for org, number in numbers.items() if len(chains[org].hashes) < number and not chains[org].fault]
    if short:
        return [
            f"the record of {names[org]} was cut: it ends with entry {len(chains[org].hashes)}, "
            f"the key log knows {numbers[org]}"
            for org in short
        ]
    heads = {names[org]: _at(chains[org].hashes, number) for org, number in numbers.items()}
    if encode(audit_chain.heads_hash(heads)) == entry.get("hash"):
        return []
    return [f"the records are not those that entry {position} of the key log knows: one was rewritten"]


def _at(hashes: Sequence[bytes], number: int) -> bytes:
    return hashes[number - 1] if 0 < number <= len(hashes) else BEGINNING


def _taken(session: Session, position: int | None) -> dict[int, int]:
    found = select(AuditHead.org_id, AuditHead.number).where(AuditHead.position == position)
    return {org: number for org, number in session.execute(found)}


def _sizes(session: Session) -> dict[int, int]:
    """How many entries each org's record has, by the org's id."""
    counted = select(Org.id, func.coalesce(func.max(AuditEntry.number), 0)).outerjoin(AuditEntry).group_by(Org.id)
    return {org: number for org, number in session.execute(counted)}
