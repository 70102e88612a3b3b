"""The code that stands as last name in a test signature: who can type it has opened a copy. Only its hash is kept."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import choice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.crypto.labels import keyed
from proca_web.models import ActionPage, OpeningCode

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: none that look alike
LENGTH = 8
GOOD_FOR = timedelta(days=30)
MOST = 200
_READ_AS = str.maketrans("OIL", "011")
_BETWEEN = re.compile(r"[\s-]")


def make(session: Session, page_id: int, secret_key: str, now: datetime) -> str:
    """A new code for one test signature of a page; the oldest ones go."""
    code = "".join(choice(LETTERS) for _ in range(LENGTH))
    session.add(OpeningCode(page_id=page_id, hash=_hash(secret_key, code), created_at=now))
    session.flush()
    newest = select(OpeningCode.id).where(OpeningCode.page_id == page_id).order_by(OpeningCode.id.desc()).limit(MOST)
    of_page = delete(OpeningCode).where(OpeningCode.page_id == page_id)
    session.execute(of_page.where(OpeningCode.id.not_in(newest) | (OpeningCode.created_at < now - GOOD_FOR)))
    return code


def opens(session: Session, page: ActionPage, typed: str, secret_keys: Sequence[str], now: datetime) -> bool:
    """Whether this is the code of a test signature of the page; each is compared, so that the time tells nothing."""
    code = _BETWEEN.sub("", typed).upper().translate(_READ_AS)
    fresh = (OpeningCode.page_id == page.id, OpeningCode.created_at >= now - GOOD_FOR)
    kept = session.scalars(select(OpeningCode.hash).where(*fresh).limit(MOST)).all()
    ours = [_hash(secret_key, code) for secret_key in secret_keys]
    return any([hmac.compare_digest(bytes(known), mine) for known in kept for mine in ours])


def _hash(secret_key: str, code: str) -> bytes:
    return keyed("opening-code", secret_key.encode(), code.encode("utf-8", "replace"))
