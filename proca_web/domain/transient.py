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
    REMINDING = "reminding"
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
    JUNK = "junk"
    CAP = "cap"
    BLOCK = "block"
    CLOSE = "close"
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
_UNCONFIRMED = (_S.TO_SEND, _S.SENDING, _S.WAITING, _S.REMINDING)

TABLE: dict[tuple[State, Event], State | End] = {
    (_S.TO_SEND, _E.CLAIM): _S.SENDING,
    (_S.SENDING, _E.SENT): _S.WAITING,
    (_S.SENDING, _E.FAILED): _S.TO_SEND,
    (_S.SENDING, _E.REFUSED): End.PURGED,
    (_S.TO_SEND, _E.BOUNCE): End.PURGED,
    (_S.SENDING, _E.BOUNCE): End.PURGED,
    (_S.WAITING, _E.BOUNCE): End.PURGED,
    (_S.REMINDING, _E.BOUNCE): End.PURGED,
    **{(_S.TO_SEND, event): End.PURGED for event in (_E.JUNK, _E.CAP, _E.BLOCK)},
    (_S.WAITING, _E.CLAIM): _S.REMINDING,
    **{(_S.REMINDING, event): _S.WAITING for event in (_E.SENT, _E.FAILED, _E.REFUSED, _E.UNSURE)},
    **{(state, _E.CLOSE): _S.WAITING for state in (_S.WAITING, _S.REMINDING)},
    (_S.SENDING, _E.UNSURE): _S.TO_SEND,
    (_S.TO_SEND, _E.GIVE_UP): End.PURGED,
    (_S.TO_SEND, _E.EXPIRE): End.PURGED,
    (_S.TO_SEND, _E.LINGER): _S.WAITING,
    (_S.TO_SEND, _E.LOSE): End.PURGED,
    (_S.WAITING, _E.EXPIRE): End.PURGED,
    **{(state, _E.CONFIRM): _S.TO_ACCEPT for state in (*_UNCONFIRMED, _S.TO_ACCEPT)},
    (_S.TO_ACCEPT, _E.ACCEPT): _S.THANKS_TO_SEND,
    (_S.TO_ACCEPT, _E.REOPEN): _S.WAITING,
    (_S.TO_ACCEPT, _E.LOSE): End.PURGED,
    **{(_S.TO_ACCEPT, event): End.PURGED for event in (_E.JUNK, _E.BLOCK)},
    **{(state, event): End.PURGED for state in (*_UNCONFIRMED, _S.TO_ACCEPT) for event in (_E.REJECT, _E.WITHDRAW)},
    (_S.THANKS_TO_SEND, _E.CLAIM): _S.THANKS_SENDING,
    (_S.THANKS_SENDING, _E.FAILED): _S.THANKS_TO_SEND,
    (_S.THANKS_SENDING, _E.SENT): End.CLEARED,
    (_S.THANKS_SENDING, _E.REFUSED): End.CLEARED,
    (_S.THANKS_SENDING, _E.UNSURE): End.CLEARED,
    (_S.THANKS_TO_SEND, _E.CAP): End.CLEARED,
    (_S.THANKS_TO_SEND, _E.GIVE_UP): End.CLEARED,
    (_S.THANKS_TO_SEND, _E.EXPIRE): End.CLEARED,
    (_S.THANKS_TO_SEND, _E.LOSE): End.CLEARED,
}

LEASE = timedelta(minutes=10)
LEASE_AT_MOST = timedelta(hours=1)
UNSENT_AT_MOST = timedelta(days=7)
REMINDED_AFTER = timedelta(hours=20)
REMINDED_WITHIN = timedelta(hours=26)
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
