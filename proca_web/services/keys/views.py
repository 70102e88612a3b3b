"""What people see of an org's keys: their state now, what waits, and what depends on them. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.domain import key_life
from proca_web.domain.errors import KeyNotFound
from proca_web.domain.words import ChangeStatus, KeyKind, KeyRole, KeyStatus
from proca_web.models import KeyChange, Org, PublicKey, User
from proca_web.services.keys import activating, recipients, registering
from proca_web.services.keys import changes as key_changes
from proca_web.services.sealing.vouching import Vouching

_PAST = (KeyStatus.RETIRED, KeyStatus.REVOKED)


@dataclass(frozen=True, slots=True)
class Key:
    """One key as it stands; public halves as text."""

    id: int
    role: str
    state: str
    public: str
    sign_public: str
    fingerprint: str
    created_at: datetime
    proven_at: datetime | None
    activated_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    stops_at: datetime | None
    dies_at: datetime | None
    drilled_at: datetime | None
    drill_due: bool
    signed_over: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A new key that waits for a second person, with the addresses of who asked and who approved."""

    id: int
    org: str
    key_id: int
    role: str
    fingerprint: str
    opened_at: datetime
    due_at: datetime
    opened_by: str | None
    approved_by: str | None
    may_approve: bool


@dataclass(frozen=True, slots=True)
class Role:
    """The keys an org has in one role."""

    role: str
    active: Key | None
    pending: Sequence[Key]
    past: Sequence[Key]
    change: Change | None


def roles(session: Session, org: Org, user_id: int, now: datetime) -> list[Role]:
    """All keys of an org, by role, the newest first."""
    query = select(PublicKey).where(PublicKey.org_id == org.id, PublicKey.kind == KeyKind.RECIPIENT)
    found = session.scalars(query.order_by(PublicKey.id.desc())).all()
    return [
        Role(
            role=role,
            active=next((_key(session, org, key, now) for key in found if _is(key, role, KeyStatus.ACTIVE)), None),
            pending=[_key(session, org, key, now) for key in found if _is(key, role, KeyStatus.PENDING)],
            past=[_key(session, org, key, now) for key in found if _is(key, role, *_PAST)],
            change=next((change for change in changes(session, user_id, org) if change.role == role), None),
        )
        for role in KeyRole
    ]


def key(session: Session, org: Org, key_id: int, now: datetime) -> Key:
    """One key of this org. Raises KeyNotFound."""
    where = (PublicKey.id == key_id, PublicKey.org_id == org.id, PublicKey.kind == KeyKind.RECIPIENT)
    found = session.scalars(select(PublicKey).where(*where)).first()
    if found is None:
        raise KeyNotFound(str(key_id))
    return _key(session, org, found, now)


def active(session: Session, org: Org, role: str, now: datetime) -> Key | None:
    """The active key of this role, sealed to or not: the one that signs for the next."""
    found = activating.active_of(session, org, role)
    return _key(session, org, found, now) if found is not None else None


def receiving(session: Session, org: Org, vouching: Vouching | None, now: datetime) -> Key | None:
    """The key an org's copies are sealed to now; None: it receives nothing."""
    found = recipients.key_of(session, org, vouching, now)
    return _key(session, org, found, now) if found is not None else None


def changes(session: Session, user_id: int, org: Org | None = None) -> list[Change]:
    """Changes that wait for a second person: an org's, or all of the instance."""
    query = (
        select(KeyChange, PublicKey, Org.name)
        .join(PublicKey, PublicKey.id == KeyChange.key_id)
        .join(Org, Org.id == KeyChange.org_id)
        .where(KeyChange.status == ChangeStatus.OPEN)
        .order_by(KeyChange.id)
    )
    if org is not None:
        query = query.where(KeyChange.org_id == org.id)
    return [
        Change(
            id=change.id,
            org=name,
            key_id=waiting.id,
            role=change.role,
            fingerprint=waiting.fingerprint,
            opened_at=change.opened_at,
            due_at=change.due_at,
            opened_by=_address(session, change.opened_by),
            approved_by=_address(session, change.approved_by) if change.approved_at else None,
            may_approve=change.approved_at is None and key_changes.may_approve(session, change, user_id),
        )
        for change, waiting, name in session.execute(query)
    ]


def _is(key: PublicKey, role: KeyRole, *statuses: KeyStatus) -> bool:
    return key.role == role and key.status in statuses


def _address(session: Session, user_id: int | None) -> str:
    user = session.get(User, user_id) if user_id is not None else None
    return user.email if user is not None else ""


def _key(session: Session, org: Org, key: PublicKey, now: datetime) -> Key:
    pending, active_ = key.status == KeyStatus.PENDING, key.status == KeyStatus.ACTIVE
    shown_at = key.drilled_at or key.activated_at
    return Key(
        id=key.id,
        role=key.role,
        state=key_life.state(key.status, key.expires_at, now),
        public=encode(key.public),
        sign_public=encode(key.sign_public) if key.sign_public else "",
        fingerprint=key.fingerprint,
        created_at=key.created_at,
        proven_at=key.proven_at,
        activated_at=key.activated_at,
        ended_at=key.ended_at,
        expires_at=key.expires_at,
        stops_at=key.expires_at + key_life.SEALS_AFTER_EXPIRY if key.expires_at else None,
        dies_at=key.created_at + key_life.PENDING_LIVES if pending else None,
        drilled_at=key.drilled_at,
        drill_due=bool(active_ and shown_at and shown_at + key_life.DRILL_EVERY <= now),
        signed_over=pending and registering.is_signed_over(session, org, key),
    )
