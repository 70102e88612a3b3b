"""Who carries mails of one server: connections that are tried, open, or wait for a mail. Under the table's lock."""

from contextlib import AbstractContextManager
from typing import Any

from proca_web.domain.delivery.governor import Governor


class Crew:
    """The senders of one mail server."""

    def __init__(self, lock: AbstractContextManager[Any], governor: Governor) -> None:
        self._lock = lock
        self._governor = governor
        self._all: set[object] = set()
        self._connected: set[object] = set()
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

    def leave(self, sender: object) -> None:
        """It is gone."""
        with self._lock:
            self._all.discard(sender)
            self._connected.discard(sender)

    def has(self, sender: object) -> bool:
        """Whether it is still there."""
        return sender in self._all

    def working(self) -> int:
        """How many connections are open."""
        return len(self._connected)

    def others_try(self, sender: object) -> bool:
        """Whether somebody else is still connecting."""
        return bool(self._all - self._connected - {sender})

    def is_surplus(self, now: float) -> bool:
        """Whether there are more than there should be."""
        return len(self._all) > self._governor.connections(now)

    def missing(self, mails: int, now: float) -> int:
        """How many more would carry something: as many as mails wait that nobody takes up.

        Where none is open yet, those that are tried will tell.
        """
        with self._lock:
            if self._all and not self._connected:
                return 0
            unmanned = mails - (len(self._all) - len(self._connected)) - self.waiting
            return max(0, min(self._governor.connections(now) - len(self._all), unmanned))
