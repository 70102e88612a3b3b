"""Staff: passwords (argon2id), sign-in, membership. Hashing happens outside any open transaction."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from proca_web.domain import text
from proca_web.domain.errors import BadSetting, NameTaken
from proca_web.models import AuditEntry, Membership, Org, User

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128


@cache
def _nobody() -> bytes:
    """Verified when nobody has this address, so that the answer takes as long as for a wrong password."""
    return hash_password(secrets.token_urlsafe(16)).encode("ascii")


def hash_password(password: str) -> str:
    """Argon2id in libsodium's text form (64 MiB, interactive). Raises BadSetting for a short or endless password."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadSetting(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    hashed = argon2id.str(
        password.encode(), opslimit=argon2id.OPSLIMIT_INTERACTIVE, memlimit=argon2id.MEMLIMIT_INTERACTIVE
    )
    return hashed.decode("ascii")


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; with no hash (unknown user) it takes the same time and is wrong."""
    stored = password_hash.encode("ascii") if password_hash else _nobody()
    try:
        return argon2id.verify(stored, password.encode()[:1024]) and password_hash is not None
    except InvalidkeyError:
        return False


def find_user(session: Session, email: str) -> User | None:
    """The user with that address, if any."""
    return session.scalars(select(User).where(User.email == email.strip().lower())).first()


def load_user(session: Session, user_id: int) -> User | None:
    """A signed-in user with their orgs."""
    memberships = selectinload(User.memberships).joinedload(Membership.org)
    return session.scalars(select(User).where(User.id == user_id).options(memberships)).first()


def add_user(session: Session, email: str, password_hash: str, org: Org, role: str, now: datetime) -> User:
    """A new member of an org's staff. Raises NameTaken, BadSetting."""
    try:
        address = text.email(email).lower()
    except text.Refused as refusal:
        raise BadSetting(refusal.message.text) from refusal
    if find_user(session, address) is not None:
        raise NameTaken(f"there is a user {address} already")
    user = User(email=address, password_hash=password_hash, created_at=now)
    user.memberships = [Membership(org_id=org.id, role=role)]
    session.add(user)
    return user


def record(session: Session, org_id: int, user_id: int | None, event: str, detail: str, now: datetime) -> None:
    """Write one line of an org's record of what was done."""
    session.add(AuditEntry(org_id=org_id, user_id=user_id, event=event, detail=detail, at=now))


def recent_entries(session: Session, org_id: int, event: str, limit: int = 20) -> Sequence[tuple[AuditEntry, str]]:
    """The newest lines of an org's record of that kind, each with the address of who did it (empty: gone)."""
    where = (AuditEntry.org_id == org_id, AuditEntry.event == event)
    lines = select(AuditEntry, User.email).outerjoin(User, User.id == AuditEntry.user_id).where(*where)
    return [(entry, email or "") for entry, email in session.execute(lines.order_by(AuditEntry.id.desc()).limit(limit))]
