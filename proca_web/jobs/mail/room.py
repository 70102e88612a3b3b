"""One process's mail over one mail server: with threads of its own, or one mail after the other until none is due.

Nobody waits for mail: release, housekeeping and signs of life go on whatever the mail server does.
"""

import threading
from collections.abc import Callable
from functools import partial
from itertools import count

from flask import Flask

from proca_web.adapters import clock, logs
from proca_web.adapters.alive import trouble
from proca_web.adapters.database import give_back
from proca_web.adapters.mail import routes
from proca_web.adapters.mail.extension import connect_to
from proca_web.domain.delivery.governor import Governor
from proca_web.domain.errors import Unavailable
from proca_web.jobs.mail.claimer import Claimer
from proca_web.jobs.mail.hand import Held
from proca_web.jobs.mail.post import Post
from proca_web.jobs.mail.sender import Sender
from proca_web.jobs.mail.settler import Settler
from proca_web.services.signatures.mailing import BATCH

LOOK_EVERY_SECONDS = 5.0
_BUSY_SECONDS, _BUSY_LOOK_SECONDS, _SHORTEST_LOOK_SECONDS = 10.0, 0.1, 0.02
GROUP_SECONDS = 0.025
END_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 5.0
_TRIES_TO_SETTLE = 5
_EXTENSION = "proca_mail"
_MAKING = threading.Lock()


def room_of(app: Flask, org: str = "") -> "Mailroom":
    """The app's mail room for the mail server of that org, or for the instance's."""
    with _MAKING:
        rooms = rooms_of(app)
        if org not in rooms or (rooms[org].is_outdated and not rooms[org].is_running):
            rooms[org] = Mailroom(app, org)
        return rooms[org]


def rooms_of(app: Flask) -> "dict[str, Mailroom]":
    """The app's mail rooms, by org."""
    rooms: dict[str, Mailroom] = app.extensions.setdefault(_EXTENSION, {})
    return rooms


def renewed(app: Flask, org: str) -> "Mailroom | None":
    """A running room takes the place of one whose mail server has changed, and is there where none was.

    The old one is to be stopped: what both claim are different mails.
    """
    with _MAKING:
        rooms = rooms_of(app)
        old = rooms.get(org)
        if old is not None and old.is_running and not old.is_outdated:
            return None
        rooms[org] = Mailroom(app, org)
        rooms[org].start()
        return old


def closed(app: Flask, org: str) -> "Mailroom | None":
    """The room of an org that has no mail server of its own any more; it is to be stopped."""
    with _MAKING:
        return rooms_of(app).pop(org, None)


class Mailroom:
    """The mail of one process, over one mail server: of an org's own, or the instance's."""

    def __init__(self, app: Flask, org: str = "") -> None:
        self._app = app
        self._org = org
        route, self._server = routes.of(app, org), routes.own(app).get(org)
        self._own = partial(connect_to, self._server) if self._server is not None else None
        self.post = Post(Governor(route.ceiling.connections, route.ceiling.mails_each))
        self._claimer = Claimer(app, self.post, org)
        self._settler = Settler(app, self.post, route.name)
        self._numbers = count(1)
        self._senders: list[Sender] = []
        self._one_run = threading.Lock()
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def is_running(self) -> bool:
        """Whether it has threads of its own."""
        return bool(self._threads)

    @property
    def is_outdated(self) -> bool:
        """Whether its org has another mail server by now, or none."""
        return bool(self._org) and routes.own(self._app).get(self._org) != self._server

    def start(self) -> None:
        """From now on mail has threads of its own in this process."""
        self._is_over.clear()
        self.post.go_on()
        for name, act in (("mail-claim", self._keep_claiming), ("mail-settle", self._keep_settling)):
            thread = threading.Thread(target=act, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, seconds: float) -> None:
        """End after the mails at hand, or without them when that takes longer; what was not begun is handed back."""
        self.post.stop()
        self._wait_until_idle(seconds)
        for sender in self._senders:
            sender.cut()
        self._wait_until_idle(END_SECONDS)
        self._is_over.set()
        self.post.hand.done.set()
        threads, self._threads = self._threads, []
        for thread in threads:
            thread.join(END_SECONDS)
        if threads:
            self.post.hand_back()
            with self._app.app_context():
                self._surely(self._settler.settle)
                self._surely(self._settler.gauge.end)

    def send(self) -> None:
        """Send what is due now, or wake the threads that do."""
        if self._threads:
            self.post.work.set()
        else:
            self._run()

    def _run(self) -> None:
        """One mail after the other, over one connection, to the end."""
        sender = Sender(self._app, self.post, self._org, self._own)
        with self._one_run, self._app.app_context():
            self._claimer.refresh()
            self._surely(self._settler.settle)
            self.post.crew.join(sender)
            try:
                while (
                    self._claimer.due() and sender.is_open() and self._claimer.claim() and self._hand_over_all(sender)
                ):
                    self._surely(self._settler.settle)
            finally:
                sender.close()
                self.post.crew.leave(sender)
                self.post.hand_back()
                self._surely(self._settler.settle)

    def _hand_over_all(self, sender: Sender) -> bool:
        """Everything that is ready. False: nothing more goes out for a while."""
        while not self.post.is_stopping and sender.is_open():
            held, seconds = self.post.next(clock.monotonic())
            if held is not None:
                sender.hand_over(held)
                self._surely(self._settler.settle)
                self._settler.keep(self._cut)
            elif not self.post.lies_ready():
                return True
            elif seconds > LONGEST_WAIT_SECONDS:
                return False
            else:
                self._is_over.wait(seconds)
        return False

    def _keep_claiming(self) -> None:
        while not self.post.is_stopping:
            with self._app.app_context():
                seconds = self._guarded("mail", self._claim, LOOK_EVERY_SECONDS)
            self.post.work.wait(seconds)
            self.post.work.clear()

    def _claim(self) -> float:
        """Claim once; for how long there is nothing more to do, unless somebody says so."""
        now = clock.monotonic()
        rest = self.post.governor.closed_for(now)
        if rest:
            self.post.hand_back()
            return rest
        if not self.post.crew.working():
            self._man(self._claimer.due())
            return LOOK_EVERY_SECONDS
        wanted = min(self.post.wants(), BATCH)
        claimed = self._claimer.claim() if wanted else 0
        self._man(0)
        if not wanted or claimed >= wanted:
            return _BUSY_LOOK_SECONDS
        self._is_over.wait(_SHORTEST_LOOK_SECONDS)  # there are no more: who asks again at once learns nothing
        return _BUSY_LOOK_SECONDS if now - self.post.active_at < _BUSY_SECONDS else LOOK_EVERY_SECONDS

    def _man(self, mails: int) -> None:
        """As many connections more as would carry something."""
        for _ in range(self.post.missing(mails)):
            sender = Sender(self._app, self.post, self._org, self._own)
            self._senders = [*(other for other in self._senders if self.post.crew.has(other)), sender]
            sender.start(next(self._numbers))

    def _keep_settling(self) -> None:
        while not self._is_over.is_set():
            self.post.hand.done.wait(1.0)
            self._is_over.wait(GROUP_SECONDS)
            with self._app.app_context():
                if not self._guarded("mail", self._settle, 0.0):
                    self._is_over.wait(1.0)

    def _settle(self) -> float:
        self._settler.settle()
        self._settler.keep(self._cut)
        self._settler.gauge.note()
        return 1.0

    def _cut(self, held: Held) -> None:
        for sender in self._senders:
            if sender.held is held:
                sender.cut()

    def _guarded(self, name: str, act: Callable[[], float], otherwise: float) -> float:
        try:
            return act()
        except Unavailable as error:
            trouble.met(self._app, error)
            self._app.logger.error("%s waits: %s", name, error)
        except Exception as error:
            logs.unexpected(self._app.logger, error, name)
        return otherwise

    def _surely(self, act: Callable[[], None]) -> None:
        """A database that restarts gets a few seconds: what is not written down is sent again after its lease."""
        for again in range(1, _TRIES_TO_SETTLE):
            try:
                act()
            except Exception:
                give_back()  # the connection, which may be dead
                self._is_over.wait(0.1 * 2**again)
            else:
                return
        act()

    def _wait_until_idle(self, seconds: float) -> None:
        until = clock.monotonic() + seconds
        while self._threads and self.post.hand.is_busy() and clock.monotonic() < until:
            self._is_over.wait(0.02)
