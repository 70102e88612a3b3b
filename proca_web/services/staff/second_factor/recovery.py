"""Ten codes for the day the phone is lost: shown once, kept as slow hashes, each gone when it is used.

Hashing happens outside any transaction, like that of passwords; spending is one statement.
"""

from collections.abc import Iterable, Sequence

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from proca_web.models import RecoveryCode

COST = {"opslimit": argon2id.OPSLIMIT_INTERACTIVE, "memlimit": argon2id.MEMLIMIT_INTERACTIVE}
Kept = tuple[int, str]


def hashed(codes: Iterable[str]) -> list[str]:
    """Codes in their one form as argon2id, in libsodium's text form; takes about a second for ten."""
    return [argon2id.str(code.encode(), **COST).decode("ascii") for code in codes]


def replace(session: Session, user_id: int, hashes: Iterable[str]) -> None:
    """These codes from now on; those of before are void."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all(RecoveryCode(user_id=user_id, hash=hash_) for hash_ in hashes)


def kept(session: Session, user_id: int) -> Sequence[Kept]:
    """Number and hash of each code that is left."""
    mine = select(RecoveryCode.id, RecoveryCode.hash).where(RecoveryCode.user_id == user_id)
    return [(id_, hash_) for id_, hash_ in session.execute(mine.order_by(RecoveryCode.id))]


def left(session: Session, user_id: int) -> int:
    """How many codes are left."""
    number = session.scalar(select(func.count()).where(RecoveryCode.user_id == user_id).select_from(RecoveryCode))
    return number or 0


def matching(kept: Iterable[Kept], code: str) -> int | None:
    """The number of the kept code that this is; None: none of them."""
    return next((id_ for id_, hash_ in kept if _is(hash_, code)), None)


def spend(session: Session, user_id: int, code_id: int) -> bool:
    """Whether this code was still there; now it is gone."""
    mine = (RecoveryCode.id == code_id, RecoveryCode.user_id == user_id)
    return session.execute(delete(RecoveryCode).where(*mine).returning(RecoveryCode.id)).first() is not None


def _is(hash_: str, code: str) -> bool:
    try:
        return bool(argon2id.verify(hash_.encode("ascii"), code.encode()))
    except InvalidkeyError:
        return False
