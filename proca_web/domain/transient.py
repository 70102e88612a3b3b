"""The life of transient clear data, as one table (protocol 6).

Every move is a compare-and-set on the state: when zero rows change, somebody else has decided, and nothing is done.
"""

from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a waiting address stands."""

    TO_SEND = "to_send"
    SENDING = "sending"
    WAITING = "waiting"
    TO_ACCEPT = "to_accept"
    THANKS_TO_SEND = "thanks_to_send"
    THANKS_SENDING = "thanks_sending"


class Event(StrEnum):
    """What can happen to it."""

    CLAIM = "claim"
    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"
    UNSURE = "unsure"
    GIVE_UP = "give_up"
    EXPIRE = "expire"
    LINGER = "linger"
    LOSE = "lose"
    CONFIRM = "confirm"
    ACCEPT = "accept"
    REOPEN = "reopen"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    BOUNCE = "bounce"


class End(StrEnum):
    """Moves that leave no row. PURGED takes copies and action along; CLEARED leaves the accepted signature."""

    PURGED = "purged"
    CLEARED = "cleared"


_S, _E = State, Event

TABLE: dict[tuple[State, Event], State | End] = {
    (_S.TO_SEND, _E.CLAIM): _S.SENDING,
    (_S.SENDING, _E.SENT): _S.WAITING,
    (_S.SENDING, _E.FAILED): _S.TO_SEND,
    (_S.SENDING, _E.REFUSED): End.PURGED,
    (_S.TO_SEND, _E.BOUNCE): End.PURGED,
    (_S.SENDING, _E.BOUNCE): End.PURGED,
    (_S.WAITING, _E.BOUNCE): End.PURGED,
    (_S.SENDING, _E.UNSURE): _S.TO_SEND,
    (_S.TO_SEND, _E.GIVE_UP): End.PURGED,
    (_S.TO_SEND, _E.EXPIRE): End.PURGED,
    (_S.TO_SEND, _E.LINGER): _S.WAITING,
    (_S.TO_SEND, _E.LOSE): End.PURGED,
    (_S.WAITING, _E.EXPIRE): End.PURGED,
    (_S.TO_SEND, _E.CONFIRM): _S.TO_ACCEPT,
    (_S.SENDING, _E.CONFIRM): _S.TO_ACCEPT,
    (_S.WAITING, _E.CONFIRM): _S.TO_ACCEPT,
    (_S.TO_ACCEPT, _E.CONFIRM): _S.TO_ACCEPT,
    (_S.TO_ACCEPT, _E.ACCEPT): _S.THANKS_TO_SEND,
    (_S.TO_ACCEPT, _E.REOPEN): _S.WAITING,
    (_S.TO_ACCEPT, _E.LOSE): End.PURGED,
    **{(state, _E.REJECT): End.PURGED for state in (_S.TO_SEND, _S.SENDING, _S.WAITING, _S.TO_ACCEPT)},
    **{(state, _E.WITHDRAW): End.PURGED for state in (_S.TO_SEND, _S.SENDING, _S.WAITING, _S.TO_ACCEPT)},
    (_S.THANKS_TO_SEND, _E.CLAIM): _S.THANKS_SENDING,
    (_S.THANKS_SENDING, _E.FAILED): _S.THANKS_TO_SEND,
    (_S.THANKS_SENDING, _E.SENT): End.CLEARED,
    (_S.THANKS_SENDING, _E.REFUSED): End.CLEARED,
    (_S.THANKS_SENDING, _E.UNSURE): End.CLEARED,
    (_S.THANKS_TO_SEND, _E.GIVE_UP): End.CLEARED,
    (_S.THANKS_TO_SEND, _E.EXPIRE): End.CLEARED,
    (_S.THANKS_TO_SEND, _E.LOSE): End.CLEARED,
}

LEASE = timedelta(minutes=10)
LEASE_AT_MOST = timedelta(hours=1)
UNSENT_AT_MOST = timedelta(days=7)
MOST_ANSWERS = 9
TAKEN_WITHIN = timedelta(hours=1)
FAULT_PAUSE = timedelta(minutes=10)
_AFTER_ANSWERS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))
_AFTER_UNSURE = tuple(timedelta(minutes=minutes) for minutes in (10, 60, 1440))


def sources(event: Event, to: State | End) -> tuple[State, ...]:
    """The states from which this event leads there. Raises ValueError for a move that is not in the table."""
    found = tuple(state for (state, happening), reached in TABLE.items() if happening is event and reached is to)
    if not found:
        raise ValueError(f"{event} never leads to {to}")
    return found


def target(state: State, event: Event) -> State | End | None:
    """Where the event leads from this state; None: it changes nothing there."""
    return TABLE.get((state, event))


def retry_after(attempts: int) -> timedelta:
    """How long to wait after that many answers of a relay: 1, 5, 30 minutes, 2, 6, 12, then 24 hours."""
    return _step(_AFTER_ANSWERS, attempts)


def unsure_after(unsure: int) -> timedelta:
    """How long to wait after that many mails whose end nobody knows: 10 minutes, an hour, then a day."""
    return _step(_AFTER_UNSURE, unsure)


def _step(pauses: tuple[timedelta, ...], number: int) -> timedelta:
    return pauses[min(max(number, 1), len(pauses)) - 1]
