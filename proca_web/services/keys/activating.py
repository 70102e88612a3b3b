"""An org's key becomes active, is retired by the next one, revoked, or expires: each with its entry in the key log.

Every act takes the log's lock first and is one transaction. An endorsement is written here and nowhere else.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import statements
from proca_web.crypto.keys.home import HomeKey
from proca_web.domain import key_life
from proca_web.domain.errors import KeyAction, KeyNotFound
from proca_web.domain.words import ChangeStatus, Continuity, KeyEvent, KeyKind, KeyStatus, Proof
from proca_web.models import KeyChange, Org, PublicKey
from proca_web.services.keys import log as key_log
from proca_web.services.staff import audit, outbox


def key_of(session: Session, org: Org, key_id: int) -> PublicKey:
    """A key of this org as it is now, under the log's lock. Raises KeyNotFound for another org's, or none."""
    key_log.lock(session)
    where = (PublicKey.id == key_id, PublicKey.org_id == org.id, PublicKey.kind == KeyKind.RECIPIENT)
    query = select(PublicKey).where(*where).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise KeyNotFound(str(key_id))
    return found


def active_of(session: Session, org: Org, role: str) -> PublicKey | None:
    """The org's active row of that role, sealed to or not: the key that signs for the next one."""
    where = (PublicKey.org_id == org.id, PublicKey.kind == KeyKind.RECIPIENT, PublicKey.role == role)
    return session.scalars(select(PublicKey).where(*where, PublicKey.status == KeyStatus.ACTIVE)).first()


def had_one(session: Session, org: Org, role: str) -> bool:
    """Whether any key of that role was ever active: then the next one needs its signature, or a second person."""
    where = (PublicKey.org_id == org.id, PublicKey.kind == KeyKind.RECIPIENT, PublicKey.role == role)
    return session.scalars(select(PublicKey.id).where(*where, PublicKey.activated_at.is_not(None))).first() is not None


def make_active(
    session: Session, home: HomeKey, org: Org, key: PublicKey, now: datetime, *, proof: Proof, continuity: Continuity
) -> None:
    """Endorse a pending key and make it the active one; the one before is retired in the same transaction.

    Raises KeyAction unless it is pending.
    """
    if key.status != KeyStatus.PENDING:
        raise KeyAction("this key is not waiting for activation any more")
    before = active_of(session, org, key.role)
    if before is not None:
        before.status, before.ended_at = KeyStatus.RETIRED, now
        session.flush()  # one active key an org and role: the old one ends first
        key_log.append_about(session, home, KeyEvent.RETIRED, org.name, before, now)
    key.status, key.activated_at, key.drilled_at = KeyStatus.ACTIVE, now, key.proven_at
    key.not_before = now
    facts = {
        "proof": proof,
        "continuity": continuity,
        "replaces": encode(before.public) if before is not None else "",
        "rotation": key.rotation if key.rotation and continuity == Continuity.SIGNED else "",
    }
    endorse(session, home, org, key, now, facts)
    _drop_other_changes(session, org, key, now)
    detail = {"fingerprint": key.fingerprint, "role": key.role, "continuity": continuity}
    owners = outbox.owners_of(session, org.id)
    outbox.tell(session, KeyEvent.ACTIVATED, org.id, owners, f"active:{key.id}", now, **detail)


def endorse(session: Session, home: HomeKey, org: Org, key: PublicKey, now: datetime, facts: Mapping[str, str]) -> None:
    """The Home identity vouches for a key from its place in the log on, for 24 months."""
    position = key_log.next_position(session)
    key.endorsement = home.sign(statements.ORG_KEY, statements.org_key(org.name, key.role, key.public, position))
    key.log_index, key.expires_at = position, key_life.expiry(now)
    more = {**facts, "endorsement": encode(key.endorsement)}
    key_log.append_about(session, home, KeyEvent.ACTIVATED, org.name, key, now, **more)


def revoke(session: Session, home: HomeKey, org: Org, key_id: int, user_id: int | None, now: datetime) -> PublicKey:
    """Nothing is sealed to this key any more, from this commit on. Raises KeyNotFound, KeyAction."""
    key = key_of(session, org, key_id)
    if key.status not in (KeyStatus.ACTIVE, KeyStatus.RETIRED):
        raise KeyAction("only an active or a retired key can be revoked")
    was, key.status, key.ended_at = key.status, KeyStatus.REVOKED, now
    key_log.append_about(session, home, KeyEvent.REVOKED, org.name, key, now)
    audit.record(session, org.id, user_id, KeyEvent.REVOKED.told, key.fingerprint, now)
    owners = outbox.owners_of(session, org.id)
    about = {"fingerprint": key.fingerprint, "role": key.role, "was": was}
    outbox.tell(session, KeyEvent.REVOKED, org.id, owners, f"revoked:{key.id}", now, **about)
    return key


def note_expired(session: Session, home: HomeKey, now: datetime) -> int:
    """Write into the log which active keys have expired; they are sealed to for 30 more days. Returns how many."""
    where = (PublicKey.kind == KeyKind.RECIPIENT, PublicKey.status == KeyStatus.ACTIVE, PublicKey.ended_at.is_(None))
    query = select(PublicKey).where(*where, PublicKey.expires_at <= now).order_by(PublicKey.id)
    key_log.lock(session)
    found = session.scalars(query.execution_options(populate_existing=True)).all()
    for key in found:
        key.ended_at = key.expires_at
        key_log.append_about(session, home, KeyEvent.EXPIRED, key.org.name, key, now)
    return len(found)


def _drop_other_changes(session: Session, org: Org, key: PublicKey, now: datetime) -> None:
    """A change that waits is over once another key of its role has become active."""
    where = (KeyChange.org_id == org.id, KeyChange.role == key.role, KeyChange.status == ChangeStatus.OPEN)
    for change in session.scalars(select(KeyChange).where(*where)):
        change.status = ChangeStatus.DONE if change.key_id == key.id else ChangeStatus.CANCELLED
        change.ended_at = now
