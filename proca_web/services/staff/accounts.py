"""Accounts, as whoever runs the site sees them: found, locked and opened again. Never what somebody typed or signed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from proca_web.domain.errors import StaffRefused
from proca_web.domain.messages import N_
from proca_web.domain.staff_words import StaffEvent
from proca_web.models import Membership, User
from proca_web.services.staff import audit, outbox, sessions

A_PAGE = 50
UNKNOWN = N_("There is no such account.")


def listed(session: Session, after: str = "", part: str = "") -> Sequence[User]:
    """Accounts by address, from one on; of those, whose address holds `part`. One more than a page shows."""
    query = select(User).options(selectinload(User.memberships).joinedload(Membership.org))
    query = query.where(User.email > after, User.email.contains(part.strip().lower(), autoescape=True))
    return session.scalars(query.order_by(User.email).limit(A_PAGE + 1)).all()


def account(session: Session, user_id: int) -> User:
    """One account with its places. Raises StaffRefused when there is none."""
    places = selectinload(User.memberships).joinedload(Membership.org)
    found = session.scalars(select(User).where(User.id == user_id).options(places)).first()
    if found is None:
        raise StaffRefused(UNKNOWN)
    return found


def lock(session: Session, user_id: int, actor_id: int | None, now: datetime) -> None:
    """Nobody signs in with it until it is opened again; all its sessions end. Raises StaffRefused."""
    user = account(session, user_id)
    if user_id == actor_id:
        raise StaffRefused(N_("You cannot lock your own account: nobody could open it again for you."))
    sessions.end_all(session, user_id)
    if user.locked_at is None:
        user.locked_at = now
        record(session, user_id, StaffEvent.ACCOUNT_LOCKED, actor_id, now)


def unlock(session: Session, user_id: int, actor_id: int | None, now: datetime) -> None:
    """Its holder can sign in again; nobody is in already who tried meanwhile. Raises StaffRefused."""
    user = account(session, user_id)
    if user.locked_at is not None:
        sessions.end_all(session, user_id)
        user.locked_at = None
        record(session, user_id, StaffEvent.ACCOUNT_UNLOCKED, actor_id, now)


def record(session: Session, user_id: int, event: StaffEvent, actor_id: int | None, now: datetime) -> None:
    """One entry in the record of each of their orgs, and of the instance."""
    user = account(session, user_id)
    detail = {"user": user.id, "person": user.email}
    orgs = {place.org_id for place in user.memberships} | {outbox.home_id(session)}
    for org_id in sorted(org for org in orgs if org is not None):
        audit.record(session, org_id, actor_id, event.told, detail, now)
