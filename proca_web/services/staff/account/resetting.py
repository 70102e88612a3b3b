"""A forgotten password: a link to the address that is stored, good once and for half an hour.

It changes the password and nothing else: a second step stays, and nobody is signed in by it.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import AccountLinkOver
from proca_web.domain.staff_words import AccountEvent, LinkKind
from proca_web.models import AccountLink, User
from proca_web.services.staff import people
from proca_web.services.staff.account import links, telling

LASTS = timedelta(minutes=30)


class _TakenBackError(Exception):
    """Ends what is done for nobody's address."""


def ask(session: Session, user: User | None, now: datetime) -> None:
    """Mail a link to the account's own address; the ones before are void. None, nobody's address: no mail.

    For nobody the same is done for somebody else and taken back, so that both take as long.
    """
    somebody = session.scalars(select(User).order_by(User.id).limit(1)).first()
    whose = user or somebody
    if whose is None:
        return
    with suppress(_TakenBackError), session.begin_nested():
        _mail(session, whose, now)
        if user is None:
            raise _TakenBackError


def _mail(session: Session, user: User, now: datetime) -> None:
    link = links.add(session, user, LinkKind.RESET, LASTS, now)
    telling.tell(session, AccountEvent.RESET, user.id, f"reset:{link.id}", now, link=link.id)


def find(session: Session, secret_keys: Sequence[str], token: str, now: datetime) -> User:
    """Whose password this link may change now. Raises AccountLinkOver."""
    return _open(session, secret_keys, token, now)[1]


def use(session: Session, secret_keys: Sequence[str], token: str, password_hash: str, now: datetime) -> User:
    """The new password, which ends every session of that person. Raises AccountLinkOver, also for the second of two."""
    user = links.lock(session, find(session, secret_keys, token, now).id)
    link, user = _open(session, secret_keys, token, now)
    link.used_at = now
    people.set_password(session, user, password_hash)
    telling.tell(session, AccountEvent.RESET_DONE, user.id, f"reset-done:{link.id}", now)
    telling.record(session, AccountEvent.RESET_DONE, user.id, now)
    return user


def _open(session: Session, secret_keys: Sequence[str], token: str, now: datetime) -> tuple[AccountLink, User]:
    link, user = links.find(session, secret_keys, token, [LinkKind.RESET], now)
    if link.used_at is not None or links.newest(session, user.id, LinkKind.RESET) is not link:
        raise AccountLinkOver
    return link, user
