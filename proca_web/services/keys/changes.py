"""Activation of a proven key: at once where nothing is broken, else a change that needs a second person and 72 hours.

A discontinuity is a new key which the one before did not sign for: lost, stolen, or somebody slips in his own.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.crypto.keys.home import HomeKey
from proca_web.domain import key_life
from proca_web.domain.errors import KeyAction
from proca_web.domain.words import ChangeStatus, Continuity, KeyEvent, KeyStatus, Proof
from proca_web.models import KeyChange, Org, PublicKey, User
from proca_web.services.keys import activating, registering
from proca_web.services.keys import log as key_log
from proca_web.services.staff import audit, outbox

WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Activation:
    """How it went: active now, or `waiting` until `due_at` and for a second person."""

    state: str
    due_at: datetime | None = None


def activate(session: Session, home: HomeKey, org: Org, key_id: int, user_id: int, now: datetime) -> Activation:
    """Make a proven key active, or open the change it needs. Raises KeyNotFound, KeyAction."""
    key = activating.key_of(session, org, key_id)
    if key.status == KeyStatus.ACTIVE:
        return Activation(KeyStatus.ACTIVE)
    if key.status != KeyStatus.PENDING:
        raise KeyAction("this key has ended; a new one is needed")
    if key.proven_at is None:
        raise KeyAction("possession of this key is not proven yet; please answer a challenge first")
    change = _open_of(session, org, key.role)
    if change is not None and change.key_id == key.id:
        return _finish(session, home, org, key, change, now) or Activation(WAITING, change.due_at)
    continuity = _continuity(session, org, key)
    if continuity == Continuity.BROKEN:
        return _open(session, home, org, key, user_id, now)
    activating.make_active(session, home, org, key, now, proof=Proof.POSSESSION, continuity=continuity)
    audit.record(session, org.id, user_id, KeyEvent.ACTIVATED.told, key.fingerprint, now)
    return Activation(KeyStatus.ACTIVE)


def approve(session: Session, home: HomeKey, org: Org, key_id: int, user_id: int, now: datetime) -> Activation:
    """The second yes: of another owner, or of the operator. Raises KeyNotFound, KeyAction."""
    key = activating.key_of(session, org, key_id)
    change = _waiting(session, org, key)
    if not may_approve(session, change, user_id):
        raise KeyAction("a second person must approve this: another owner of your organisation, or the operator")
    if change.approved_at is None:
        change.approved_by, change.approved_at = user_id, now
        audit.record(session, org.id, user_id, KeyEvent.CHANGE_APPROVED.told, key.fingerprint, now)
    return _finish(session, home, org, key, change, now) or Activation(WAITING, change.due_at)


def may_approve(session: Session, change: KeyChange, user_id: int) -> bool:
    """Whether this is another person than who opened the change, and not one who was invited after that."""
    user = session.get(User, user_id)
    return user is not None and change.opened_by != user_id and user.created_at < change.opened_at


def cancel(session: Session, home: HomeKey, org: Org, key_id: int, user_id: int | None, now: datetime) -> None:
    """Any owner stops a change; its key is discarded. Raises KeyNotFound, KeyAction."""
    key = activating.key_of(session, org, key_id)
    change = _waiting(session, org, key)
    change.status, change.ended_at, change.key_id = ChangeStatus.CANCELLED, now, None
    key_log.append_about(session, home, KeyEvent.CHANGE_CANCELLED, org.name, key, now)
    audit.record(session, org.id, user_id, KeyEvent.CHANGE_CANCELLED.told, key.fingerprint, now)
    _tell(session, KeyEvent.CHANGE_CANCELLED, org, change, key, now)
    session.flush()  # the change no longer names the key
    session.delete(key)


def is_any_open(session: Session) -> bool:
    """Whether any change waits."""
    return session.scalars(select(KeyChange.id).where(KeyChange.status == ChangeStatus.OPEN)).first() is not None


def finish_due(session: Session, home: HomeKey, now: datetime) -> int:
    """Carry out what was approved and has waited; end what nobody approved in 14 days. Returns how many."""
    key_log.lock(session)
    done = 0
    for change in session.scalars(
        select(KeyChange).where(KeyChange.status == ChangeStatus.OPEN).order_by(KeyChange.id)
    ).all():
        org = session.get_one(Org, change.org_id)
        key = session.get(PublicKey, change.key_id, populate_existing=True) if change.key_id else None
        if key is None or key.status != KeyStatus.PENDING:
            change.status, change.ended_at = ChangeStatus.CANCELLED, now
        elif _finish(session, home, org, key, change, now) is not None:
            done += 1
        elif change.opened_at < now - key_life.CHANGE_DIES:
            cancel(session, home, org, key.id, None, now)
            done += 1
    return done


def _continuity(session: Session, org: Org, key: PublicKey) -> Continuity:
    if not activating.had_one(session, org, key.role):
        return Continuity.FIRST
    return Continuity.SIGNED if registering.is_signed_over(session, org, key) else Continuity.BROKEN


def _open(session: Session, home: HomeKey, org: Org, key: PublicKey, user_id: int, now: datetime) -> Activation:
    if _open_of(session, org, key.role) is not None:
        raise KeyAction("another new key waits for a second person already; cancel that change first")
    change = KeyChange(
        org_id=org.id,
        role=key.role,
        key_id=key.id,
        opened_by=user_id,
        opened_at=now,
        due_at=now + key_life.CHANGE_WAITS,
    )
    session.add(change)
    session.flush()  # mails name the change
    key_log.append_about(session, home, KeyEvent.CHANGE_OPENED, org.name, key, now)
    audit.record(session, org.id, user_id, KeyEvent.CHANGE_OPENED.told, key.fingerprint, now)
    _tell(session, KeyEvent.CHANGE_OPENED, org, change, key, now)
    return Activation(WAITING, change.due_at)


def _finish(
    session: Session, home: HomeKey, org: Org, key: PublicKey, change: KeyChange, now: datetime
) -> Activation | None:
    """The change takes effect when it was approved and has waited; else None."""
    if change.approved_at is None or change.due_at > now:
        return None
    activating.make_active(session, home, org, key, now, proof=Proof.POSSESSION, continuity=Continuity.BROKEN)
    change.status, change.ended_at = ChangeStatus.DONE, now
    audit.record(session, org.id, change.approved_by, KeyEvent.ACTIVATED.told, key.fingerprint, now)
    return Activation(KeyStatus.ACTIVE)


def _waiting(session: Session, org: Org, key: PublicKey) -> KeyChange:
    change = _open_of(session, org, key.role)
    if change is None or change.key_id != key.id:
        raise KeyAction("no change waits for this key any more")
    return change


def _open_of(session: Session, org: Org, role: str) -> KeyChange | None:
    where = (KeyChange.org_id == org.id, KeyChange.role == role, KeyChange.status == ChangeStatus.OPEN)
    return session.scalars(select(KeyChange).where(*where)).first()


def _tell(session: Session, event: KeyEvent, org: Org, change: KeyChange, key: PublicKey, now: datetime) -> None:
    """All owners and the operator: whoever did not ask for it must hear of it in time."""
    users = [*outbox.owners_of(session, org.id), *outbox.operators(session)]
    due = change.due_at.strftime("%Y-%m-%d %H:%M")
    about = {"fingerprint": key.fingerprint, "role": key.role, "due": due}
    outbox.tell(session, event, org.id, users, f"{event.told}:{change.id}", now, key=key.id, **about)
