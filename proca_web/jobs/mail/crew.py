"""Who carries mails of one server: connections that are tried, open, or wait for a mail. Under the table's lock.

One that is stuck holds no place: another is opened in its stead. It is not ended, its mail may have been taken.
"""

from contextlib import AbstractContextManager
from typing import Any

from proca_web.adapters import clock
from proca_web.domain.delivery.governor import Governor

STUCK_SECONDS = 10.0


class Crew:
    """The senders of one mail server."""

    def __init__(self, lock: AbstractContextManager[Any], governor: Governor) -> None:
        self._lock = lock
        self._governor = governor
        self._all: set[object] = set()
        self._connected: set[object] = set()
        self._busy: dict[object, float] = {}
        self._answered_at = float("-inf")
        self.waiting = 0

    def join(self, sender: object) -> None:
        """One more tries to connect."""
        with self._lock:
            self._all.add(sender)

    def connected(self, sender: object) -> None:
        """It may carry mails from now on."""
        with self._lock:
            self._connected.add(sender)

    def disconnected(self, sender: object) -> None:
        """Its connection is over; it may try another."""
        with self._lock:
            self._connected.discard(sender)
            self._busy.pop(sender, None)

    def leave(self, sender: object) -> None:
        """It is gone."""
        with self._lock:
            self._all.discard(sender)
            self.disconnected(sender)

    def begins(self, sender: object, now: float) -> None:
        """It has a mail in hand."""
        self._busy[sender] = now

    def rests(self, sender: object) -> None:
        """It has none any more."""
        self._busy.pop(sender, None)

    def answered(self, now: float) -> None:
        """The server said something about a mail: whoever waits for longer may be stuck."""
        self._answered_at = now

    def has(self, sender: object) -> bool:
        """Whether it is still there."""
        return sender in self._all

    def open(self) -> int:
        """How many connections are open."""
        return len(self._connected)

    def working(self) -> int:
        """How many connections are open, without those that are stuck."""
        return len(self._connected) - self._stuck(clock.monotonic())

    def others_try(self, sender: object) -> bool:
        """Whether somebody else is still connecting."""
        return bool(self._all - self._connected - {sender})

    def is_surplus(self, now: float) -> bool:
        """Whether there are more than there should be."""
        return len(self._all) - self._stuck(now) > self._governor.connections(now)

    def missing(self, mails: int, now: float) -> int:
        """How many more would carry something: as many as mails wait that nobody takes up.

        Where none is open yet, those that are tried will tell.
        """
        with self._lock:
            if self._all and not self._connected:
                return 0
            unmanned = mails - (len(self._all) - len(self._connected)) - self.waiting
            return max(0, min(self._places(now), unmanned))

    def _places(self, now: float) -> int:
        """How many more there may be; those that are stuck count for the ceiling alone."""
        connections = self._governor.connections(now) + self._stuck(now) if self._governor.connections(now) else 0
        return min(connections, self._governor.ceiling) - len(self._all)

    def _stuck(self, now: float) -> int:
        """How many have heard nothing for long of the mail in hand, while others that began later did."""
        before = now - STUCK_SECONDS
        with self._lock:
            return sum(since <= before and since < self._answered_at for since in self._busy.values())
