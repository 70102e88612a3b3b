"""Who guesses is made to wait, longer each time; nobody can make others wait who come from where they always do.

A try is counted before it is looked at, in the same way whether the account exists or not. From a browser or a network
that an account knows, tries are counted apart: whatever is tried elsewhere holds up nobody there. Counts are shared by
all processes and fall with time; whom they are of stands nowhere in clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.crypto.labels import keyed
from proca_web.domain.errors import TooManyTries
from proca_web.domain.staff_words import AccountEvent, TryKind
from proca_web.models import SignInTries
from proca_web.services import driver
from proca_web.services.staff.account import devices, telling
from proca_web.services.staff.account.devices import Caller

FALLS_EVERY = timedelta(minutes=30)
FORGOTTEN_AFTER = timedelta(days=7)
TOLD_FROM = 10
_CLOCKS_DIFFER = timedelta(minutes=1)
_NEW = driver.insert(SignInTries, lambda new: new.on_conflict_do_nothing(index_elements=["who"]))


@dataclass(frozen=True, slots=True)
class Pace:
    """So many tries in a row are free; after them each waits twice as long as the one before, up to the longest."""

    free: int
    free_of_network: int
    first: timedelta
    longest: timedelta


_GUESSING = Pace(10, 30, timedelta(seconds=15), timedelta(minutes=15))
PACES = {
    TryKind.SIGN_IN: _GUESSING,
    TryKind.PASSWORD: _GUESSING,
    TryKind.CODE: Pace(5, 30, timedelta(seconds=15), timedelta(minutes=15)),
    TryKind.RESET: Pace(3, 20, timedelta(minutes=2), timedelta(minutes=30)),
}


@dataclass(frozen=True, slots=True)
class Try:
    """One try that was counted: how many it makes in a row for this account, and by whom else it is counted."""

    kind: TryKind
    of_account: bytes
    of_network: bytes | None
    in_a_row: int


def refuse_or_count(
    session: Session,
    kind: TryKind,
    secret_keys: Sequence[str],
    address: str,
    user_id: int | None,
    caller: Caller,
    now: datetime,
) -> Try:
    """Count a try for that address before it is looked at. Raises TooManyTries, and counts nothing, while one waits.

    `user_id` is the account's, None where there is none; commit before the slow part. Say how it ended by `failed` or
    `succeeded`.
    """
    pace, key = PACES[kind], secret_keys[0]
    known = devices.known_by(session, secret_keys, user_id, caller)
    apart = b"" if known is None else known
    of_account = _who(key, kind, b"account", address.strip().lower().encode("utf-8", "replace"), apart)
    of_network = _who(key, kind, b"network", caller.network) if known is None and caller.network else None
    free = {of_account: pace.free} | ({of_network: pace.free_of_network} if of_network else {})
    counts = _locked(session, sorted(free), now)
    wait = max(_wait(counts[who], pace, free[who], now) for who in free)
    if wait > timedelta():
        raise TooManyTries(wait, is_known=known is not None)
    for count in counts.values():
        count.tries, count.tried_at = _standing(count, now) + 1, now
    return Try(kind, of_account, of_network, counts[of_account].tries)


def failed(session: Session, tried: Try, user_id: int | None, now: datetime) -> None:
    """It was in vain. From the tenth in a row on the holder is told, once a day."""
    if user_id is None or tried.in_a_row < TOLD_FROM:
        return
    if telling.tell(session, AccountEvent.TRIED, user_id, f"tries:{now:%Y-%m-%d}", now, tries=tried.in_a_row):
        telling.record(session, AccountEvent.TRIED, user_id, now, tries=tried.in_a_row)


def succeeded(session: Session, tried: Try) -> None:
    """It was right: the account's tries are forgotten, and this one does not count for the network."""
    session.execute(delete(SignInTries).where(SignInTries.who == tried.of_account))
    if tried.of_network is not None:
        of_network = select(SignInTries).where(SignInTries.who == tried.of_network, SignInTries.tries > 0)
        for count in session.scalars(of_network.with_for_update()):
            count.tries -= 1


def tidy(session: Session, now: datetime) -> None:
    """Forget tries of long ago."""
    session.execute(delete(SignInTries).where(SignInTries.tried_at < now - FORGOTTEN_AFTER))


def _who(key: str, kind: TryKind, what: bytes, *parts: bytes) -> bytes:
    named = (kind.encode(), what, *parts)
    return keyed("sign-in", key.encode(), b"".join(len(part).to_bytes(4, "big") + part for part in named))


def _locked(session: Session, whos: Sequence[bytes], now: datetime) -> dict[bytes, SignInTries]:
    """The counts, held to the end of the transaction, so that tries at the same moment are counted one by one."""
    for who in whos:
        session.execute(_NEW.of(session), {"who": who, "tries": 0, "tried_at": now})
    rows = select(SignInTries).where(SignInTries.who.in_(whos)).order_by(SignInTries.who).with_for_update()
    return {count.who: count for count in session.scalars(rows)}


def _wait(count: SignInTries, pace: Pace, free: int, now: datetime) -> timedelta:
    over = _standing(count, now) - free
    if over < 0 or count.tried_at > now + _CLOCKS_DIFFER:  # a clock that was set back holds up nobody
        return timedelta()
    pause: timedelta = min(pace.longest, pace.first * (1 << min(over, 20)))
    return max(timedelta(), count.tried_at + pause - now)


def _standing(count: SignInTries, now: datetime) -> int:
    """How many of the tries still count."""
    return max(0, count.tries - max(0, int((now - count.tried_at) / FALLS_EVERY)))
