"""How many mails in a time a server takes that has said "slower": most of what went through, then slowly more.

The number of connections keeps no rate: each new one would only be told the same.
"""

from collections import deque

_LOOK_BACK = 3.0
_AT_LEAST_SEEN = 1.0
_LATE = 0.1
_BUCKET = 0.25
_KEPT = 0.9
_GROWTH = 0.02
_SETTLES = 1.0
_FIRST = 1.0
SLOWEST = 1 / 300
_FORGOTTEN = 5_000.0


class Pace:
    """A rate that was learned, or none."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._aim = 0.0
        self._next = self._changed = self._grown = float("-inf")
        self._went: deque[tuple[float, int]] = deque()

    def wait(self, now: float) -> float:
        """Seconds until the next mail may begin; none for the first one that asks, which then counts as begun."""
        if self.rate is None:
            return 0.0
        if now < self._next:
            return self._next - now
        # Who comes a little late, as threads do, must not make all that follow late.
        self._next = max(self._next, now - min(_LATE, 2 / self.rate)) + 1 / self.rate
        return 0.0

    def delivered(self, now: float) -> None:
        """One went through: a little faster from now on; quickly up to what is known to go."""
        bucket = now - now % _BUCKET
        if self._went and self._went[-1][0] == bucket:
            bucket, number = self._went.pop()
            self._went.append((bucket, number + 1))
        else:
            self._went.append((bucket, 1))
            self._forget(now)
        if self.rate is not None and now - self._changed >= _SETTLES:
            self._grow(now, self.rate)

    def refused(self, now: float) -> None:
        """Too fast. What is still on its way when that is learned says nothing new."""
        if now - self._changed < _SETTLES:
            return
        self._forget(now)
        went = 0.0
        if self._went:
            seen = max(now - self._went[0][0], _AT_LEAST_SEEN)
            went = sum(number for _, number in self._went) / seen
        if went:
            self.rate = self._aim = min(_KEPT * went, self.rate or _KEPT * went)
        else:
            self.rate = max(min(self.rate or 2 * _FIRST, 2 * _FIRST) / 2, SLOWEST)
        self._changed = self._grown = now
        self._next = now + 1 / self.rate

    def _grow(self, now: float, rate: float) -> None:
        passed = min(now - self._grown, 1.0)
        self._grown = now
        if rate < 1.0:
            rate *= 2  # the server is only asked now and then: each yes counts
        elif rate < self._aim:
            rate = min(rate * 2**passed, self._aim)
        else:
            rate *= 1 + _GROWTH * passed
        self.rate = rate if rate < _FORGOTTEN else None
        if self.rate is not None:
            self._next = min(self._next, now + 1 / self.rate)

    def _forget(self, now: float) -> None:
        while self._went and self._went[0][0] < now - _LOOK_BACK:
            self._went.popleft()
