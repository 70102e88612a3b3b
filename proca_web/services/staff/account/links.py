"""Links that are mailed to the holder of an account. What opens one is made from PROCA_SECRET_KEY when it is needed.

It stands nowhere: a stolen database opens none. It is bound to the password of the moment, so a new password makes
every link void that was mailed before.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import be64, decode, encode
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.labels import keyed
from proca_web.domain.errors import AccountLinkOver
from proca_web.domain.staff_words import LinkKind
from proca_web.models import AccountLink, User

REMEMBERED = timedelta(days=7)
_ID_BYTES, _PROOF_BYTES = 8, 24


def add(session: Session, user: User, kind: LinkKind, lasts: timedelta, now: datetime, email: str = "") -> AccountLink:
    """One more link to be mailed; it has its number when this returns."""
    link = AccountLink(user_id=user.id, kind=kind, email=email, created_at=now, until=now + lasts)
    session.add(link)
    session.flush()
    return link


def token(secret_key: str, link: AccountLink, user: User) -> str:
    """What the mailed link ends with: its number and a proof over all it stands for, 43 characters."""
    number = be64(link.id)
    bound_to = user.email if link.kind == LinkKind.RESET else link.email
    told = f"{link.kind}\n{bound_to}\n{link.until.timestamp():.0f}\n{user.password_hash}"
    return encode(number + keyed("account-link", secret_key.encode(), number + told.encode())[:_PROOF_BYTES])


def token_of(session: Session, secret_key: str, link_id: int) -> str:
    """The same, when the mail is written. Raises AccountLinkOver when the link or its account is gone."""
    link = session.get(AccountLink, link_id)
    if link is None:
        raise AccountLinkOver
    return token(secret_key, link, session.get_one(User, link.user_id))


def find(
    session: Session, secret_keys: Iterable[str], given: str, kinds: Iterable[LinkKind], now: datetime
) -> tuple[AccountLink, User]:
    """The link this was mailed for, used or not, and whose it is. Raises AccountLinkOver when it opens nothing."""
    link = session.get(AccountLink, _number(given))
    if link is None or link.kind not in set(kinds):
        raise AccountLinkOver
    user = session.get_one(User, link.user_id)
    ours = [token(key, link, user) for key in secret_keys]
    is_ours = any([hmac.compare_digest(own.encode(), given.encode()) for own in ours])
    if not is_ours or now >= link.until or user.locked_at is not None:
        raise AccountLinkOver
    return link, user


def lock(session: Session, user_id: int) -> User:
    """The account, held to the end of the transaction; whatever was read of it and its links before is read again."""
    session.expire_all()
    return session.scalars(select(User).where(User.id == user_id).with_for_update()).one()


def newest(session: Session, user_id: int, kind: LinkKind) -> AccountLink | None:
    """The last of its kind that was made for this account."""
    found = select(AccountLink).where(AccountLink.user_id == user_id, AccountLink.kind == kind)
    return session.scalars(found.order_by(AccountLink.id.desc()).limit(1)).first()


def tidy(session: Session, now: datetime) -> None:
    """Forget links whose time was over long ago."""
    session.execute(delete(AccountLink).where(AccountLink.until < now - REMEMBERED))


def _number(given: str) -> int:
    try:
        number = int.from_bytes(decode(given, _ID_BYTES + _PROOF_BYTES)[:_ID_BYTES], "big")
    except EncodingError:
        return 0
    return number if number < 1 << 63 else 0
