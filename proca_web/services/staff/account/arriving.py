"""Somebody signs in or out: what is written down about it, and who is told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.domain.staff_words import AccountEvent
from proca_web.services.staff import sessions
from proca_web.services.staff.account import devices, links, telling, throttle
from proca_web.services.staff.account.devices import Caller


def signed_in(
    session: Session, secret_keys: Sequence[str], user_id: int, caller: Caller, here: tuple[str, str], now: datetime
) -> None:
    """Remember where it was; the holder is told of a browser that is new to the account. `here`: device and network."""
    device, network = here
    if devices.remember(session, secret_keys, user_id, caller, now):
        told = {"device": device, "network": network, "at": f"{now:%Y-%m-%d %H:%M}"}
        telling.tell(session, AccountEvent.NEW_DEVICE, user_id, f"device:{now:%Y-%m-%dT%H:%M:%S}", now, **told)
    telling.record(session, AccountEvent.SIGNED_IN, user_id, now, device=device, network=network)


def signed_out(session: Session, user_id: int, now: datetime) -> None:
    """It ends all sessions of that person, in other browsers too."""
    number = sessions.end_all(session, user_id)
    telling.record(session, AccountEvent.SIGNED_OUT, user_id, now, sessions=number)


def end(session: Session, user_id: int, session_ids: Sequence[int], now: datetime) -> int:
    """End these sessions of that person; how many there were still."""
    number = sum(sessions.end(session, user_id, session_id) for session_id in session_ids)
    if number:
        telling.record(session, AccountEvent.SESSIONS_ENDED, user_id, now, sessions=number)
    return number


def end_others(session: Session, user_id: int, but: int, now: datetime) -> int:
    """End all sessions of that person but this one; how many there were."""
    number = sessions.end_all(session, user_id, but)
    if number:
        telling.record(session, AccountEvent.SESSIONS_ENDED, user_id, now, sessions=number)
    return number


def tidy(session: Session, now: datetime) -> None:
    """Forget sessions that are over, tries and links of long ago, and browsers nobody came back with."""
    sessions.tidy(session, now)
    throttle.tidy(session, now)
    devices.tidy(session, now)
    links.tidy(session, now)
