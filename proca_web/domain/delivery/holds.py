"""Which domains must wait so that others go on: those that defer everything, and those that take very long.

A held domain is asked again with one mail. Domains are known in memory only, and as long as they are of interest.
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import median

DEFERRALS = 3
FIRST_HOLD, LONGEST_HOLD = 60.0, 1800.0
DRAG_PAUSE = 20.0
SLOW_AT_LEAST = 1.0
SLOW_TIMES = 4.0
SHARE = 8
_KEPT_SECONDS = 3600.0
_LOOKS_EVERY = 0.5
_TAUGHT_BY = 64
_TIDIED_EVERY = 60.0


@dataclass(slots=True)
class _Domain:
    deferrals: int = 0
    hold: float = FIRST_HOLD
    held_until: float = float("-inf")
    is_probed: bool = False
    is_slow: bool = False
    seen: float = 0.0
    begun: dict[int, float] = field(default_factory=dict)


class Holds:
    """What is known of the domains that mails go to at present."""

    def __init__(self) -> None:
        self._domains: dict[str, _Domain] = {}
        self._in_flight: set[str] = set()
        self._took: deque[float] = deque([], _TAUGHT_BY)
        self._slow_after = SLOW_AT_LEAST
        self._looked = self._tidied = float("-inf")

    def wait(self, name: str, now: float, connections: int) -> float:
        """Seconds that a mail to that domain has to wait; 0 when it may begin now."""
        domain = self._domains.get(name)
        if domain is None:
            return 0.0
        if now < domain.held_until:
            return domain.held_until - now
        if domain.is_probed and domain.begun:
            return DRAG_PAUSE
        if len(domain.begun) >= max(1, connections // SHARE) and self._drags(domain, now) and self._others_go(now):
            return DRAG_PAUSE
        return 0.0

    def begin(self, name: str, mail: int, now: float) -> None:
        """A mail to that domain is under way; one without a domain is nobody's."""
        if not name:
            return
        domain = self._domains.setdefault(name, _Domain())
        domain.begun[mail], domain.seen = now, now
        self._in_flight.add(name)
        if now - self._tidied > _TIDIED_EVERY:
            self._tidy(now)

    def end(self, name: str, mail: int, now: float, *, is_sent: bool = False, is_deferred: bool = False) -> None:
        """It has ended: taken, put off by the server, or neither."""
        domain = self._domains.get(name)
        if domain is None or mail not in domain.begun:
            return
        took = now - domain.begun.pop(mail)
        if not domain.begun:
            self._in_flight.discard(name)
        domain.seen = now
        domain.is_slow = took > self._threshold(now)
        if is_sent:
            self._took.append(took)
            domain.deferrals, domain.hold, domain.is_probed = 0, FIRST_HOLD, False
        elif is_deferred:
            self._defer(domain, now)

    def _defer(self, domain: _Domain, now: float) -> None:
        domain.deferrals += 1
        if domain.is_probed or domain.deferrals >= DEFERRALS:
            if now >= domain.held_until:  # others on their way when it was held say nothing new
                domain.held_until = now + domain.hold
                domain.hold = min(domain.hold * 2, LONGEST_HOLD)
            domain.is_probed = True

    def _drags(self, domain: _Domain, now: float) -> bool:
        return domain.is_slow or now - min(domain.begun.values(), default=now) > self._threshold(now)

    def _others_go(self, now: float) -> bool:
        """Where everybody is slow, it is the server or the line, and holding back helps nobody."""
        return any(not self._drags(self._domains[name], now) for name in self._in_flight) or bool(
            self._took and median(self._took) <= SLOW_AT_LEAST
        )

    def _threshold(self, now: float) -> float:
        if now - self._looked >= _LOOKS_EVERY and self._took:
            self._looked = now
            self._slow_after = max(SLOW_AT_LEAST, SLOW_TIMES * median(self._took))
        return self._slow_after

    def _tidy(self, now: float) -> None:
        self._tidied = now
        old = [name for name, domain in self._domains.items() if not domain.begun and now - domain.seen > _KEPT_SECONDS]
        for name in old:
            del self._domains[name]
