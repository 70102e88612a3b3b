"""How many mails in a time a server takes that has said "slower": what went through, then slowly more.

The number of connections keeps no rate: each new one would only be told the same. Until a rate that we keep was refused
once, it is a guess (what was on its way at the first refusal had not counted yet), and grows quickly. From then on the
limit is known: a refusal takes one part in twenty, which comes back in no less than five seconds and a hundred mails,
so that a server hears few mails too many of each hundred; sooner where it refuses nothing for minutes.
"""

from collections import deque

_LOOK_BACK = 3.0
_AT_LEAST_SEEN = 1.0
_LATE = 0.1
_BUCKET = 0.25
_GUESSED = 0.9
_GUESS_GROWS = 0.15
_KEPT = 0.95
_GROWS, _GROWS_A_MAIL = 0.01, 0.0005
_GROWS_ONCE_MORE_EVERY = 60.0
_ENOUGH_TO_JUDGE = 20
_SETTLES = 1.0
_FIRST = 1.0
SLOWEST = 1 / 300
_FORGOTTEN = 5_000.0


class Pace:
    """A rate that was learned, or none."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._is_guess = True
        self._next = self._changed = self._grown = float("-inf")
        self._taken = self._refused = 0
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
        """One went through: a little faster from now on."""
        if self.rate is None:
            self._remember(now)
            return
        self._taken += 1
        if now - self._changed >= _SETTLES:
            self._grow(now, self.rate)

    def refused(self, now: float) -> None:
        """Too fast. What is still on its way when that is learned says nothing new."""
        if now - self._changed < _SETTLES:
            self._refused += not self._is_guess
            return
        self._refused += 1
        if self.rate is None:
            self._change(now, self._guess(now))
        elif not self._taken:
            self._is_guess = True
            self._change(now, max(min(self.rate, 2 * _FIRST) / 2, SLOWEST))
        else:
            self._is_guess = False
            self._change(now, self.rate * self._kept())

    def _kept(self) -> float:
        """Where many of those since the last change were refused, the server takes less than it did."""
        told = self._taken + self._refused
        return min(_KEPT, self._taken / told) if told >= _ENOUGH_TO_JUDGE else _KEPT

    def _guess(self, now: float) -> float:
        """Most of what went through within the last seconds."""
        self._forget(now)
        if not self._went:
            return _FIRST
        seen = max(now - self._went[0][0], _AT_LEAST_SEEN)
        return _GUESSED * sum(number for _, number in self._went) / seen

    def _change(self, now: float, rate: float) -> None:
        self.rate = rate
        self._changed = self._grown = now
        self._next = now + 1 / rate
        self._taken = self._refused = 0

    def _grow(self, now: float, rate: float) -> None:
        passed = min(now - self._grown, 1.0)
        self._grown = now
        if not self._is_guess:
            times = 1 + (now - self._changed) / _GROWS_ONCE_MORE_EVERY
            rate *= 1 + times * min(_GROWS * passed, _GROWS_A_MAIL)
        elif rate < _FIRST:
            rate *= 2  # the server is only asked now and then: each yes counts
        else:
            rate *= 1 + _GUESS_GROWS * passed
        self.rate = rate if rate < _FORGOTTEN else None
        self._next = min(self._next, now + 1 / rate)

    def _remember(self, now: float) -> None:
        bucket = now - now % _BUCKET
        if self._went and self._went[-1][0] == bucket:
            _, number = self._went.pop()
            self._went.append((bucket, number + 1))
        else:
            self._went.append((bucket, 1))
            self._forget(now)

    def _forget(self, now: float) -> None:
        while self._went and self._went[0][0] < now - _LOOK_BACK:
            self._went.popleft()
