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
    GAVE_UP = "gave_up"
    CONFIRM = "confirm"
    ACCEPT = "accept"
    REJECT = "reject"
    BOUNCE = "bounce"
    EXPIRE = "expire"


class End(StrEnum):
    """Moves that leave no row. PURGED takes copies and action along; CLEARED leaves the accepted signature."""

    PURGED = "purged"
    CLEARED = "cleared"


_S, _E = State, Event

TABLE: dict[tuple[State, Event], State | End] = {
    (_S.TO_SEND, _E.CLAIM): _S.SENDING,
    (_S.SENDING, _E.SENT): _S.WAITING,
    (_S.SENDING, _E.FAILED): _S.TO_SEND,
    (_S.SENDING, _E.GAVE_UP): _S.WAITING,
    (_S.SENDING, _E.REFUSED): End.PURGED,
    (_S.TO_SEND, _E.BOUNCE): End.PURGED,
    (_S.SENDING, _E.BOUNCE): End.PURGED,
    (_S.WAITING, _E.BOUNCE): End.PURGED,
    (_S.TO_SEND, _E.CONFIRM): _S.THANKS_TO_SEND,
    (_S.SENDING, _E.CONFIRM): _S.THANKS_TO_SEND,
    (_S.WAITING, _E.CONFIRM): _S.THANKS_TO_SEND,
    (_S.TO_SEND, _E.REJECT): End.PURGED,
    (_S.SENDING, _E.REJECT): End.PURGED,
    (_S.WAITING, _E.REJECT): End.PURGED,
    (_S.TO_SEND, _E.EXPIRE): End.PURGED,
    (_S.SENDING, _E.EXPIRE): End.PURGED,
    (_S.WAITING, _E.EXPIRE): End.PURGED,
    (_S.TO_ACCEPT, _E.ACCEPT): _S.THANKS_TO_SEND,
    (_S.TO_ACCEPT, _E.EXPIRE): End.PURGED,
    (_S.THANKS_TO_SEND, _E.CLAIM): _S.THANKS_SENDING,
    (_S.THANKS_TO_SEND, _E.EXPIRE): End.CLEARED,
    (_S.THANKS_SENDING, _E.SENT): End.CLEARED,
    (_S.THANKS_SENDING, _E.FAILED): End.CLEARED,
    (_S.THANKS_SENDING, _E.REFUSED): End.CLEARED,
    (_S.THANKS_SENDING, _E.BOUNCE): End.CLEARED,
    (_S.THANKS_SENDING, _E.EXPIRE): End.CLEARED,
}

LEASE = timedelta(minutes=10)
READABLE_AT_MOST = timedelta(hours=72)
MOST_DELIVERIES = 3
_RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1440))


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
    """How long to wait after that many failed attempts: 1, 5, 30 minutes, 2, 6, 12, then 24 hours."""
    return _RETRY_AFTER[min(max(attempts, 1), len(_RETRY_AFTER)) - 1]
