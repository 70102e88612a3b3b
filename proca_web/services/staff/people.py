"""Who is on the staff of which org, and finding them. What somebody may do is asked of their membership."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from proca_web.domain.errors import BadSetting, NameTaken
from proca_web.domain.people import text
from proca_web.domain.words import StaffRole
from proca_web.models import Membership, Org, User


def find_user(session: Session, email: str) -> User | None:
    """The user with that address, if any."""
    return session.scalars(select(User).where(User.email == email.strip().lower())).first()


def load_user(session: Session, user_id: int) -> User | None:
    """A signed-in user with their orgs."""
    memberships = selectinload(User.memberships).joinedload(Membership.org)
    return session.scalars(select(User).where(User.id == user_id).options(memberships)).first()


def add_user(session: Session, email: str, password_hash: str, org: Org, role: StaffRole, now: datetime) -> User:
    """A new member of an org's staff. Raises NameTaken, BadSetting."""
    try:
        address = text.email(email).lower()
    except text.Refused as refusal:
        raise BadSetting(refusal.message.text) from refusal
    if not address:
        raise BadSetting("a member of staff needs a mail address")
    if find_user(session, address) is not None:
        raise NameTaken(f"there is a user {address} already")
    user = User(email=address, password_hash=password_hash, created_at=now)
    user.memberships = [Membership(org_id=org.id, role=role)]
    session.add(user)
    return user
