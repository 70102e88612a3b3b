"""How many mails are claimed ahead of the connections: enough that none waits, few enough for a crash."""

from proca_web.domain.delivery.governor import Governor

_TENTH = 0.1
_RATED_SECONDS = 2


class Ahead:
    """Half as many as there may be connections, or what went out within a tenth of a second; less under a rate."""

    def __init__(self, governor: Governor) -> None:
        self._governor = governor
        self._since = 0.0
        self._out = self._out_before = 0

    def begun(self, now: float) -> None:
        """One has gone out."""
        self._turn(now)
        self._out += 1

    def number(self, now: float) -> int:
        """How many should lie ready."""
        self._turn(now)
        ahead = max(self._governor.connections(now) // 2, self._out, self._out_before, 2)
        rate = self._governor.pace.rate
        return ahead if rate is None else min(ahead, max(1, int(_RATED_SECONDS * rate)))

    def _turn(self, now: float) -> None:
        if now - self._since >= _TENTH:
            is_next = now - self._since < 2 * _TENTH
            self._since, self._out, self._out_before = now, 0, self._out if is_next else 0
