"""Which keys of an org are sealed to now: what signing, console, launch, wordings and `check` ask is decided here.

A key is sealed to while it is active, not expired for more than 30 days, endorsed by the Home identity as its row
stands, not remembered by the guard as ended, and of an org that is not locked. With no `Vouching` (the guard cannot be
read) there is none.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from proca_web.domain import key_life
from proca_web.domain.words import KeyKind, KeyRole, KeyStatus
from proca_web.models import Org, PublicKey
from proca_web.services.sealing.vouching import Vouching

# The half of the answer that SQL knows, for the driver: of a row `k`, with `key_life.seals_if_expires_after(now)`.
# The other half is `Vouching.accepts`.
MAY_BE_SEALED_TO = (
    f"k.kind = '{KeyKind.RECIPIENT}' AND k.status = '{KeyStatus.ACTIVE}' AND k.expires_at > ?"
    " AND k.org_id NOT IN (SELECT id FROM orgs WHERE locked_at IS NOT NULL)"
)
_ACTIVE = (PublicKey.kind == KeyKind.RECIPIENT, PublicKey.status == KeyStatus.ACTIVE)


def everywhere(session: Session, vouching: Vouching | None, now: datetime) -> list[PublicKey]:
    """All keys of this instance that are sealed to now, by org and role."""
    query = select(PublicKey).join(PublicKey.org).options(contains_eager(PublicKey.org)).order_by(Org.name)
    seals = PublicKey.expires_at > key_life.seals_if_expires_after(now)
    found = session.scalars(query.where(*_ACTIVE, seals, Org.locked_at.is_(None)).order_by(PublicKey.role))
    return [key for key in found if is_vouched(key, vouching)]


def orgs_that_receive(session: Session, vouching: Vouching | None, now: datetime) -> set[int]:
    """The orgs a copy could be sealed for now, by id."""
    return {key.org_id for key in everywhere(session, vouching, now) if key.role == KeyRole.RECIPIENT}


def key_of(
    session: Session, org: Org, vouching: Vouching | None, now: datetime, role: KeyRole = KeyRole.RECIPIENT
) -> PublicKey | None:
    """The key an org's copies are sealed to now in this role; None: it receives nothing."""
    if org.locked_at is not None:
        return None
    seals = PublicKey.expires_at > key_life.seals_if_expires_after(now)
    own = (PublicKey.org_id == org.id, PublicKey.role == role)
    found = session.scalars(select(PublicKey).where(*_ACTIVE, *own, seals)).first()
    return found if found is not None and is_vouched(found, vouching) else None


def can_receive(session: Session, org: Org, vouching: Vouching | None, now: datetime) -> bool:
    """Whether a copy for this org could be sealed now."""
    return key_of(session, org, vouching, now) is not None


def active_rows(session: Session) -> Sequence[PublicKey]:
    """Every org's key rows that say they are active, whether anything is sealed to them or not."""
    return session.scalars(select(PublicKey).where(*_ACTIVE).order_by(PublicKey.id)).all()


def unvouched(session: Session, vouching: Vouching | None) -> list[PublicKey]:
    """Active rows that the Home identity did not endorse as they stand, or that were ended before."""
    return [key for key in active_rows(session) if not is_vouched(key, vouching)]


def is_vouched(key: PublicKey, vouching: Vouching | None) -> bool:
    """Whether this row is one the Home identity stands for: a row alone proves nothing."""
    if vouching is None:
        return False
    return vouching.accepts(key.org.name, key.role, key.public, key.log_index, key.endorsement)
