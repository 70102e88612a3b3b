"""A worker's own threads: acceptance, release, housekeeping, a sign of life. None waits for another, or for mail.

Each looks for itself again and again, so that nothing hangs on a message that may be lost. What fails is told in the
log and tried again. Processes share the work: every act is a compare-and-set, or under a lock of the database.
"""

import threading
from collections.abc import Callable

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.alive import trouble
from proca_web.jobs import accept, beat, release, sweep
from proca_web.jobs.mail import own_servers
from proca_web.jobs.mail.post_office import send_mail
from proca_web.services.signatures import accepting

ACCEPT_EVERY_SECONDS = 0.25
RELEASE_EVERY_SECONDS = 3.0
MINUTE_SECONDS = 60.0
AFTER_FAULT_SECONDS = 3.0
CLOCK_SECONDS = 10.0
_EXTENSION = "proca_shift"
_MAKING = threading.Lock()


def shift_of(app: Flask) -> "Shift":
    """The app's threads."""
    with _MAKING:
        shift: Shift = app.extensions.setdefault(_EXTENSION, Shift(app))
    return shift


def release_soon(app: Flask) -> None:
    """Release what is due; where that has a thread of its own, tell it."""
    shift_of(app).release()


class Shift:
    """The threads of one process, beside its mail."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._is_over = False
        self._to_release = threading.Event()
        self._clock_until, self._is_clock_right = float("-inf"), False
        self._looks: list[threading.Event] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """From now on each of them has a thread; the first sign of life is given when this returns."""
        self._is_over = False
        trouble.survived(self._app, "beat", lambda: beat.beat(self._app))
        self._keep("beat", lambda: beat.beat(self._app), MINUTE_SECONDS)
        self._keep("accept", self._accept, ACCEPT_EVERY_SECONDS)
        self._keep("release", lambda: release.release(self._app), RELEASE_EVERY_SECONDS, self._to_release)
        self._keep("own-servers", lambda: own_servers.keep(self._app), own_servers.LOOK_EVERY_SECONDS)
        self._keep("sweep", lambda: sweep.housekeeping(self._app), MINUTE_SECONDS)

    def stop(self, seconds: float) -> None:
        """End after what is at hand, or without it when that takes longer: a transaction that is cut leaves nothing."""
        self._is_over = True
        for look in self._looks:
            look.set()
        for thread in self._threads:
            thread.join(seconds)
        self._threads, self._looks = [], []

    def release(self) -> None:
        """Release what is due now, or wake the thread that does."""
        if self._threads:
            self._to_release.set()
        else:
            release.release(self._app)

    def _accept(self) -> None:
        """One batch, and the next at once while they are full: nobody waits to be counted until all are accepted."""
        is_full = True
        while is_full and not self._is_over and self._may_accept():
            accepted = accept.accept(self._app, rounds=1)
            is_full = accepted >= accepting.BATCH
            if accepted:
                self._to_release.set()
                send_mail(self._app)

    def _may_accept(self) -> bool:
        """Not while this host's clock is wrong, which is asked about, and told, every ten seconds."""
        if clock.monotonic() >= self._clock_until:
            with self._app.app_context():
                self._is_clock_right = clock.is_right(self._app)
            self._clock_until = clock.monotonic() + CLOCK_SECONDS
        return self._is_clock_right

    def _keep(self, name: str, act: Callable[[], object], seconds: float, look: threading.Event | None = None) -> None:
        look = look or threading.Event()
        thread = threading.Thread(target=self._run, args=(name, act, seconds, look), name=name, daemon=True)
        self._looks.append(look)
        self._threads.append(thread)
        thread.start()

    def _run(self, name: str, act: Callable[[], object], seconds: float, look: threading.Event) -> None:
        while not self._is_over:
            rest = seconds if trouble.survived(self._app, name, act) else AFTER_FAULT_SECONDS
            look.wait(rest)
            look.clear()
