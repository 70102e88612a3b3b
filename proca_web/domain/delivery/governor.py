"""How many connections a mail server gets, and how many mails each carries: learned from what it answers.

It starts with eight; while mails wait, each one delivered brings one more, until the server says no for the first time.
"""

from math import ceil

from proca_web.domain.delivery.answers import Wish
from proca_web.domain.delivery.pace import Pace

START = 8
MAILS_EACH = 500
HOLD_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 300.0
_SHRINKS_EVERY = 0.5
_KEPT = 0.7
_LESSON_SECONDS = 3600.0
_NEVER = float("-inf")


class Governor:
    """What one mail server takes. `ceiling` and `each` are settings or documented wishes, never exceeded."""

    def __init__(self, ceiling: int, each: int = MAILS_EACH) -> None:
        self.ceiling = max(ceiling, 1)
        self.pace = Pace()
        self._each = each
        self._limit = min(START, self.ceiling)
        self._is_careful = False
        self._held_until = self._grown = self._shrunk = _NEVER
        self._closed_until = _NEVER
        self._pause = FIRST_PAUSE
        self._cuts = 0
        self._lesson: tuple[int, float] | None = None
        self._seen: dict[int, float] = {}

    def connections(self, now: float) -> int:
        """How many there may be at this moment; none while the server is given a rest."""
        if now < self._closed_until:
            return 0
        rate = self.pace.rate
        return self._limit if rate is None else max(1, min(self._limit, ceil(rate)))

    def mails_each(self, now: float) -> int:
        """After how many mails a connection is ended."""
        if self._lesson is not None and now - self._lesson[1] < _LESSON_SECONDS:
            return min(self._each, self._lesson[0])
        return self._each

    def closed_for(self, now: float) -> float:
        """For how many seconds nothing is tried; 0 when the server may be spoken to."""
        return max(0.0, self._closed_until - now)

    def answered(self) -> None:
        """The server said something about a mail, yes or no: it works."""
        self._cuts = 0
        self._pause = FIRST_PAUSE

    def delivered(self, now: float, *, is_more: bool) -> None:
        """A mail was taken; `is_more` while others wait for a connection."""
        self.answered()
        self.pace.delivered(now)
        if is_more and now >= self._held_until and (not self._is_careful or now - self._grown >= 1.0):
            self._limit = min(self._limit + 1, self.ceiling)
            self._grown = now

    def refused_at_the_door(self, now: float, working: int) -> bool:
        """No connection, or no login, while that many others work. True: none works, the server gets a rest."""
        if working < 1:
            self._rest(now)
            return True
        self._limit = max(1, min(self._limit, working))
        self._be_careful(now)
        return False

    def wished(self, wish: Wish, now: float, carried: int, named: int | None = None) -> None:
        """What the server wished of a connection that had carried so many mails."""
        if wish is Wish.SLOWER:
            self.pace.refused(now)
        elif wish is Wish.FEWER_MAILS and carried > 0:
            self._learn(named or carried, now, is_sure=named is not None)
        elif wish is not Wish.NOTHING and now - self._shrunk >= _SHRINKS_EVERY:
            self._limit, self._shrunk = max(1, int(self._limit * _KEPT)), now
            self._be_careful(now)

    def cut(self, now: float, working: int) -> bool:
        """A connection ended in the middle of a mail. True: all of them do so, the server gets a rest."""
        self._cuts += 1
        if self._cuts <= 2 * max(working, 1):  # twice for each, and once more: that was not one mail's doing
            return False
        self._rest(now)
        return True

    def _learn(self, mails: int, now: float, *, is_sure: bool) -> None:
        """One connection may end for any reason; two that end after as many mails tell a rule."""
        seen = self._seen.get(mails, _NEVER)
        if is_sure or now - seen < _LESSON_SECONDS:
            self._lesson = (max(mails, 1), now)
        self._seen[mails] = now

    def _be_careful(self, now: float) -> None:
        self._is_careful, self._held_until = True, now + HOLD_SECONDS

    def _rest(self, now: float) -> None:
        if now < self._closed_until:
            return
        self._closed_until = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._limit, self._is_careful, self._cuts = 1, False, 0
