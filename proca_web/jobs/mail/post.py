"""The table of one mail server that claimer, senders and settler work at: what is ready, in hand, and done.

Here it is decided which mail goes next and how many connections there are; nothing here waits for a server or a
database. All of it under one lock.
"""

import threading
from collections import deque
from collections.abc import Collection, Iterable

from proca_web.adapters import clock
from proca_web.domain.delivery.ahead import Ahead
from proca_web.domain.delivery.answers import Reply, Wish
from proca_web.domain.delivery.governor import Governor
from proca_web.domain.delivery.holds import Holds
from proca_web.domain.outcome import Outcome
from proca_web.jobs.mail.crew import Crew
from proca_web.jobs.mail.hand import Hand, Held

BEGIN_WITHIN = 60.0
IDLE_SECONDS = 10.0
MOST_UNSETTLED = 400
ENOUGH_A_SECOND = 1000
NEWS_SECONDS = 60.0
_TRIES = 2


class Post:
    """Everything in hand of one mail server."""

    def __init__(self, governor: Governor) -> None:
        self.governor = governor
        self._lock = threading.RLock()
        self.crew, self.hand = Crew(self._lock, governor), Hand(self._lock)
        self.work = threading.Event()
        self.is_stopping = False
        self.active_at = float("-inf")
        self._holds = Holds()
        self._mails = threading.Condition(self._lock)
        self._ready: deque[Held] = deque()
        self._ahead = Ahead(governor)
        self._told: dict[Wish, float] = {}

    # Connections

    def no_connection(self, sender: object, fault: str) -> bool:
        """There was no connection, or no login. True: there is none at all, and everything is handed back."""
        with self._lock:
            if not self.crew.working() and self.crew.others_try(sender):
                return False  # whoever of them hears last knows
            rests = self.governor.refused_at_the_door(clock.monotonic(), self.crew.working())
            if rests:
                self._rest(fault)
            return rests

    def missing(self, mails: int = 0) -> int:
        """How many more connections would carry something."""
        with self._lock:
            number = self.crew.missing(max(mails, len(self._ready)), clock.monotonic())
            return 0 if self.is_stopping else number

    # Mails come in

    def wants(self) -> int:
        """How many more mails should lie ready; none until half of them have gone."""
        with self._lock:
            now = clock.monotonic()
            if self.is_stopping or self.hand.unsettled() > MOST_UNSETTLED:
                return 0
            ahead = self._ahead.number(now)
            return ahead - len(self._ready) if len(self._ready) <= ahead // 2 else 0

    def add(self, helds: Iterable[Held], *, first: bool = False) -> None:
        """These lie ready from now on."""
        with self._lock:
            self.active_at = clock.monotonic()
            given = list(helds)
            self.hand.add(given)
            if first:
                self._ready.extendleft(reversed(given))
            else:
                self._ready.extend(given)
            self._mails.notify_all()

    def cannot_write(self, held: Held, fault: str) -> None:
        """A mail that no letter can be made for."""
        with self._lock:
            held.fault = fault
            self.hand.add([held])
            self.hand.end(held, Outcome.FAULT)

    # Mails go out

    def take(self, sender: object) -> Held | None:
        """The next mail, as soon as there is one. None: the connection is to be ended."""
        with self._lock:
            until = clock.monotonic() + IDLE_SECONDS
            self.crew.rests(sender)
            self.crew.waiting += 1
            try:
                while (now := clock.monotonic()) < until and not self.is_stopping and not self.crew.is_surplus(now):
                    held, seconds = self.next(now)
                    if held is not None:
                        self.crew.begins(sender, now)
                        return held
                    self._mails.wait(min(seconds, until - now))
                self.crew.leave(sender)
                return None
            finally:
                self.crew.waiting -= 1

    def next(self, now: float) -> tuple[Held | None, float]:
        """The mail that may begin now, and has; else for how long nothing may. What may not yet leaves the table."""
        with self._lock:
            seconds = IDLE_SECONDS
            while self._ready:
                held = self._ready.popleft()
                wait = self._holds.wait(held.domain, now, self.crew.working())
                if now - held.claimed_at > BEGIN_WITHIN or wait:
                    self.hand.back(held, wait)
                    continue
                seconds = self.governor.pace.wait(now)
                if seconds:
                    self._ready.appendleft(held)
                    break
                self._begin(held, now)
                return held, 0.0
            self.work.set()
            return None, seconds

    def lies_ready(self) -> bool:
        """Whether any mail waits for a connection."""
        return bool(self._ready)

    def _begin(self, held: Held, now: float) -> None:
        held.begun_at = now
        self._holds.begin(held.domain, held.number, now)
        self._ahead.begun(now)
        if len(self._ready) <= self._ahead.number(now) // 2:
            self.work.set()

    def answered(self, held: Held, reply: Reply, carried: int) -> bool:
        """The server said something to it, over a connection that had carried so many before. True as with `lost`."""
        with self._lock:
            now = clock.monotonic()
            self.crew.answered(now)
            is_sent = reply.outcome is Outcome.SENT
            self._holds.end(held.domain, held.number, now, is_sent=is_sent, is_deferred=reply.is_put_off)
            if reply.wish is not Wish.NOTHING:
                return self._wished(held, reply, carried, now)
            if is_sent:
                # Where so many leave in a second, one more thread would only take the others' time.
                is_slow = self.crew.working() < ENOUGH_A_SECOND * (now - (held.begun_at or now))
                self.governor.delivered(now, is_more=is_slow and bool(self._ready))
                if self.crew.missing(len(self._ready), now):
                    self.work.set()
            else:
                self.governor.answered()
            self.hand.end(held, reply.outcome)
            return False

    def _wished(self, held: Held, reply: Reply, carried: int, now: float) -> bool:
        self.governor.wished(reply.wish, now, carried, reply.named)
        is_slower = reply.wish is Wish.SLOWER
        rests = not is_slower and self.governor.cut(now, self.crew.working())
        self._again(held, now, counts=not is_slower)
        if rests:
            self._rest(reply.wish.value)
        return rests

    def is_news(self, wish: Wish) -> bool:
        """Whether nobody was told within a minute that the server wants this."""
        with self._lock:
            now = clock.monotonic()
            is_news = now - self._told.get(wish, -NEWS_SECONDS) >= NEWS_SECONDS
            if is_news:
                self._told[wish] = now
            return is_news

    def lost(self, held: Held, outcome: Outcome, fault: str) -> bool:
        """The connection ended in the middle of it. True: they all do, and everything is handed back."""
        with self._lock:
            now = clock.monotonic()
            self._holds.end(held.domain, held.number, now)
            # At our own end it is we who cut: that says nothing of the server.
            rests = not self.is_stopping and self.governor.cut(now, self.crew.working())
            if outcome is Outcome.CUT:
                self._again(held, now, counts=True)
            else:
                held.fault = fault
                self.hand.end(held, outcome)
            if rests:
                self._rest(fault)
            return rests

    def _again(self, held: Held, now: float, *, counts: bool) -> None:
        """To the head of the line; a mail that is always cut must not stand there for ever."""
        held.begun_at, held.tries = None, held.tries + counts
        if self.is_stopping or now - held.claimed_at > BEGIN_WITHIN:
            self.hand.back(held)
        elif held.tries >= _TRIES:
            self.hand.end(held, Outcome.CUT)
        else:
            self._ready.appendleft(held)
            self._mails.notify()

    # What does not go out

    def drop(self, helds: Collection[Held]) -> None:
        """Somebody else has decided about them: what has not begun never does."""
        with self._lock:
            gone = {held.number for held in helds if held.begun_at is None}
            self._ready = deque(held for held in self._ready if held.number not in gone)
            self.hand.settled(helds)

    def hand_back(self, *, older_than: float = 0.0) -> None:
        """What lies ready for longer is to be sent by whoever comes next."""
        with self._lock:
            before = clock.monotonic() - older_than
            kept: deque[Held] = deque()
            for held in self._ready:
                if held.claimed_at <= before:
                    self.hand.back(held)
                else:
                    kept.append(held)
            self._ready = kept

    def stop(self) -> None:
        """No mail begins any more."""
        with self._lock:
            self.is_stopping = True
            self._mails.notify_all()
        self.work.set()

    def go_on(self) -> None:
        """Mails may begin again."""
        self.is_stopping = False

    def _rest(self, fault: str) -> None:
        self.hand.fault(fault)
        self.hand_back()
        self._mails.notify_all()
