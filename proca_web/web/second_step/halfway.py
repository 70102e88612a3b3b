"""What waits in a browser's signed cookie for ten minutes at most: a right password, an app being set up, new codes.

Who waits for their code is signed in nowhere. What is secret is sealed too: a cookie is signed, not hidden.
"""

from collections.abc import MutableMapping, Sequence
from datetime import datetime
from typing import Any

from flask import current_app

from proca_web.config import Settings
from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.labels import digest
from proca_web.domain.second_step import HALFWAY
from proca_web.models import User
from proca_web.services.staff.second_factor import sealing

_PERSON, _APP, _CODES = "halfway", "new-app", "new-codes"
USE, MAKE = "use-passkey", "make-passkey"  # a challenge for one is no good for the other
Cookie = MutableMapping[str, Any]


def password_was_right(cookie: Cookie, user_id: int, password_hash: str, now: datetime) -> None:
    """Remember who typed their password; with another password it is void."""
    cookie[_PERSON] = {"user": user_id, "password": _mark(password_hash), "at": now.timestamp()}


def who(cookie: Cookie, now: datetime) -> int | None:
    """Whose password was right in this browser, within ten minutes."""
    found = _young(cookie.get(_PERSON), now)
    return int(found["user"]) if found else None


def is_still(cookie: Cookie, user: User) -> bool:
    """Whether the password that was right is still this person's, and the account in use."""
    found = cookie.get(_PERSON) or {}
    return found.get("password") == _mark(user.password_hash) and user.locked_at is None


def forget(cookie: Cookie) -> None:
    """Nobody waits any more."""
    cookie.pop(_PERSON, None)


def new_challenge(cookie: Cookie, purpose: str, challenge: bytes, now: datetime) -> None:
    """Remember what a passkey is to sign: to be used, or to be made."""
    cookie[purpose] = {"value": encode(challenge), "at": now.timestamp()}


def take_challenge(cookie: Cookie, purpose: str, now: datetime) -> tuple[bytes, datetime] | None:
    """What a passkey was to sign, and since when; asked once."""
    found = _young(cookie.pop(purpose, None), now)
    return (decode(found["value"]), datetime.fromtimestamp(found["at"], now.tzinfo)) if found else None


def keep_app(cookie: Cookie, user_id: int, secret: bytes, now: datetime) -> None:
    """Remember the secret of an app that is being set up, so that the page shows the same picture again."""
    _keep(cookie, _APP, user_id, secret, now)


def app(cookie: Cookie, user_id: int, now: datetime) -> bytes | None:
    """That secret."""
    return _kept(cookie, _APP, user_id, now)


def keep_codes(cookie: Cookie, user_id: int, codes: Sequence[str], now: datetime) -> None:
    """Remember ten new codes until they are put away."""
    _keep(cookie, _CODES, user_id, " ".join(codes).encode(), now)


def codes(cookie: Cookie, user_id: int, now: datetime) -> list[str]:
    """Those codes; none when they were put away, or shown for ten minutes."""
    found = _kept(cookie, _CODES, user_id, now)
    return found.decode().split() if found else []


def put_codes_away(cookie: Cookie) -> None:
    """They are shown no more."""
    cookie.pop(_CODES, None)


def _keep(cookie: Cookie, name: str, user_id: int, content: bytes, now: datetime) -> None:
    cookie[name] = {"seal": encode(sealing.seal(content, user_id, _keys(), name)), "at": now.timestamp()}


def _kept(cookie: Cookie, name: str, user_id: int, now: datetime) -> bytes | None:
    found = _young(cookie.get(name), now)
    try:
        opened = sealing.open_(decode(str(found.get("seal"))), user_id, _keys(), name) if found else None
    except EncodingError:
        return None
    return opened[0] if opened else None


def _young(entry: Any, now: datetime) -> dict[str, Any] | None:
    """The entry, if it is of the last ten minutes."""
    if not isinstance(entry, dict):
        return None
    age = now.timestamp() - float(entry.get("at", 0))
    return entry if 0 <= age < HALFWAY.total_seconds() else None


def _mark(password_hash: str) -> str:
    return encode(digest(16, "halfway", password_hash.encode()))


def _keys() -> Sequence[str]:
    settings: Settings = current_app.extensions["proca_settings"]
    return settings.secret_keys
