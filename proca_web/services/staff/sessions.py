"""Where somebody is signed in: a row for each browser, found by what its cookie holds, ended by deleting it.

The token is in the cookie alone: what is stored here opens no session.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.labels import digest
from proca_web.models import Membership, StaffSession, User

IDLE_AT_MOST = timedelta(minutes=30)
LASTS_AT_MOST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
AHEAD_AT_MOST = timedelta(minutes=5)  # hosts differ by less; more is a clock that was set back
TOKEN_BYTES = 32


def start(
    session: Session, user_id: int, device: str, network: str, now: datetime, factor_at: datetime | None = None
) -> str:
    """One more browser in which somebody is signed in; returns the token for its cookie.

    `factor_at`: when the second step was taken.
    """
    token = secrets.token_bytes(TOKEN_BYTES)
    where = {"device": device, "network": network, "factor_at": factor_at}
    session.add(StaffSession(user_id=user_id, token_id=_id_of(token), created_at=now, seen_at=now, **where))
    return encode(token)


def load(session: Session, token: str, now: datetime) -> StaffSession | None:
    """The session of a cookie with its user and their orgs; None when it has ended, or the account is locked."""
    try:
        token_id = _id_of(decode(token, TOKEN_BYTES))
    except EncodingError:
        return None
    user = joinedload(StaffSession.user)
    places = user.options(selectinload(User.memberships).joinedload(Membership.org))
    found = session.scalars(select(StaffSession).where(StaffSession.token_id == token_id).options(places)).first()
    if found is None or _is_over(found, now) or found.user.locked_at is not None:
        return None
    return found


def is_to_be_seen(found: StaffSession, now: datetime) -> bool:
    """Whether it is time to write down that it was used: once a minute is enough."""
    return now - found.seen_at >= SEEN_EVERY


def seen(session: Session, session_id: int, now: datetime) -> None:
    """It was used just now."""
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(seen_at=now))


def proved(session: Session, session_id: int, now: datetime) -> None:
    """The second step was taken in it just now."""
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(factor_at=now))


def of_user(session: Session, user_id: int, now: datetime) -> Sequence[StaffSession]:
    """Where this person is signed in, the newest first."""
    where = (StaffSession.user_id == user_id, *_alive(now))
    return session.scalars(select(StaffSession).where(*where).order_by(StaffSession.seen_at.desc())).all()


def end(session: Session, user_id: int, session_id: int) -> bool:
    """End one session of this person. False: it had ended already, or is somebody else's."""
    where = (StaffSession.id == session_id, StaffSession.user_id == user_id)
    return session.execute(delete(StaffSession).where(*where).returning(StaffSession.id)).first() is not None


def end_all(session: Session, user_id: int, but: int | None = None) -> int:
    """End all sessions of this person, but for one; how many."""
    ended = delete(StaffSession).where(StaffSession.user_id == user_id)
    if but is not None:
        ended = ended.where(StaffSession.id != but)
    return len(session.execute(ended.returning(StaffSession.id)).all())


def tidy(session: Session, now: datetime) -> None:
    """Forget sessions that have grown too old."""
    is_young = StaffSession.seen_at > now - IDLE_AT_MOST, StaffSession.created_at > now - LASTS_AT_MOST
    session.execute(delete(StaffSession).where(~and_(*is_young)))


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Neither idle nor old, nor of a time to come: a clock that was set back prolongs nothing."""
    seen, made, latest = StaffSession.seen_at, StaffSession.created_at, now + AHEAD_AT_MOST
    return seen > now - IDLE_AT_MOST, made > now - LASTS_AT_MOST, seen <= latest, made <= latest


def _is_over(found: StaffSession, now: datetime) -> bool:
    idle, age = now - found.seen_at, now - found.created_at
    return not (-AHEAD_AT_MOST <= idle < IDLE_AT_MOST and -AHEAD_AT_MOST <= age < LASTS_AT_MOST)


def _id_of(token: bytes) -> bytes:
    return digest(32, "session", token)
