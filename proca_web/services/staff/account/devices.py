"""Browsers and networks that somebody has signed in from before: told by a keyed mark, which says nothing by itself."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session, aliased

from proca_web.crypto.encoding import be64, encode
from proca_web.crypto.labels import keyed
from proca_web.models import Device
from proca_web.services import driver

TOKEN_BYTES = 32
FORGOTTEN_AFTER = timedelta(days=180)
_NOBODY = 0
_SEEN = driver.insert(
    Device,
    lambda new: new.on_conflict_do_update(index_elements=["user_id", "mark"], set_={"seen_at": new.excluded.seen_at}),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where somebody calls from, as far as it is told: a network, and what their browser was given at a sign-in."""

    network: bytes = b""
    browser: str = ""


def new_token() -> str:
    """What a browser keeps, so that it is known again."""
    return encode(secrets.token_bytes(TOKEN_BYTES))


def known_by(session: Session, secret_keys: Sequence[str], user_id: int | None, caller: Caller) -> bytes | None:
    """The mark by which this account knows the caller, of the browser rather than of the network; None: not at all."""
    account = user_id or _NOBODY
    every = [_marks(key, account, caller) for key in secret_keys]  # today's first
    known = set(session.scalars(select(Device.mark).where(*_among(account, every))))
    return next((every[0][place] for place in (0, 1) if any(marks[place] in known for marks in every)), None)


def remember(session: Session, secret_keys: Sequence[str], user_id: int, caller: Caller, now: datetime) -> bool:
    """Somebody signed in there. True: in a browser that is new to this account, which knows others."""
    before = session.scalars(select(Device.mark).where(Device.user_id == user_id).limit(1)).first()
    ours = [_marks(key, user_id, Caller(browser=caller.browser)) for key in secret_keys]
    is_known = session.scalars(select(Device.mark).where(*_among(user_id, ours))).first() is not None
    for mark in filter(None, _marks(secret_keys[0], user_id, caller)):
        session.execute(_SEEN.of(session), {"user_id": user_id, "mark": mark, "seen_at": now})
    return before is not None and not is_known


def tidy(session: Session, now: datetime) -> None:
    """Forget what nobody signed in from for half a year, but for the last of each account: others are new to it."""
    newer = aliased(Device)
    has_newer = exists().where(newer.user_id == Device.user_id, newer.seen_at > Device.seen_at)
    session.execute(delete(Device).where(Device.seen_at < now - FORGOTTEN_AFTER, has_newer))


def _among(user_id: int, every: Iterable[tuple[bytes | None, ...]]) -> tuple[ColumnElement[bool], ...]:
    return Device.user_id == user_id, Device.mark.in_({mark for marks in every for mark in marks if mark})


def _marks(key: str, user_id: int, caller: Caller) -> tuple[bytes | None, bytes | None]:
    """Of the browser and of the network; another for each account, so that a shared browser joins nobody."""
    parts = ((b"browser", caller.browser.encode("utf-8", "replace")), (b"network", caller.network))
    browser, network = (
        keyed("device", key.encode(), be64(user_id) + what + b"\0" + told) if told else None for what, told in parts
    )
    return browser, network
