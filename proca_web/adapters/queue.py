"""The queue wakes workers and carries nothing: jobs have no data, the tables are the truth (design 5).

A worker looks for itself too: a message that is lost, or a queue that is away, costs seconds and no signature.

Opened lazily in the process that uses it. A process enqueues each job at most once a second; the one at the end of
that second is scheduled, so that nothing committed in between waits for the next look.
"""

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from proca_web.adapters import clock
from proca_web.adapters.alive import trouble
from proca_web.domain.words import Alarm

if TYPE_CHECKING:
    from huey import Huey
    from huey.consumer import Consumer

_EXTENSION = "proca_queue"
_EVERY_SECONDS = 1.0
PAUSE_SECONDS = 5.0
_LINE_SECONDS = 60.0


class _Wake:
    """One job's throttle in this process."""

    def __init__(self, task: Any) -> None:
        self._task = task
        self._lock = threading.Lock()
        self._last = 0.0

    def __call__(self) -> None:
        with self._lock:
            now = clock.monotonic()
            if now < self._last:  # one is scheduled for the end of this second already
                return
            soon = now - self._last < _EVERY_SECONDS
            self._last = now + _EVERY_SECONDS if soon else now
        if soon:
            self._task.schedule(delay=_EVERY_SECONDS)
        else:
            self._task()


class _State:
    """One app's queue in one process."""

    def __init__(self, app: Flask, url: str) -> None:
        self.app = app
        self.url = url
        self.jobs: dict[str, Callable[[Flask], None]] = {}
        self.pid = 0
        self.huey: Huey | None = None
        self.wakes: dict[str, _Wake] = {}
        self.lock = threading.Lock()
        self.not_before = self.next_line = 0.0

    def opened(self) -> "Huey":
        with self.lock:
            if self.huey is None or self.pid != os.getpid():
                from proca_web.adapters import huey_storage  # noqa: PLC0415 -- only who uses the queue loads huey

                self.huey = huey_storage.opened(self.url)
                self.pid = os.getpid()
                self.wakes = {name: _Wake(self._task(name, job)) for name, job in self.jobs.items()}
        return self.huey

    def _task(self, name: str, job: Callable[[Flask], None]) -> Any:
        assert self.huey is not None

        def run() -> None:
            trouble.survived(self.app, name, lambda: job(self.app))

        return self.huey.task(name=name)(run)


class Queue:
    """The handle; its state is the app's."""

    def init_app(self, app: Flask, url: str, jobs: Mapping[str, Callable[[Flask], None]]) -> None:
        """Remember where the queue is and which jobs there are; nothing is opened."""
        state = _State(app, url)
        state.jobs = dict(jobs)
        app.extensions[_EXTENSION] = state

    def wake(self, job: str) -> None:
        """Tell the workers that there is something to do. A fault is logged only: they look, too."""
        state: _State = current_app.extensions[_EXTENSION]
        now = clock.monotonic()
        if now < state.not_before:  # the workers look for themselves meanwhile
            return
        try:
            state.opened()
            state.wakes[job]()
        except Exception as error:
            state.not_before = now + PAUSE_SECONDS
            if now >= state.next_line:
                state.next_line = now + _LINE_SECONDS
                _say(current_app, error)

    def close(self, app: Flask) -> None:
        """Close this thread's connection, if the queue was opened."""
        state: _State = app.extensions[_EXTENSION]
        if state.huey is not None and state.pid == os.getpid():
            state.huey.storage.close()

    def consumer(self, app: Flask, workers: int = 2) -> "Consumer":
        """A consumer for this process, not started; it leaves signals to the caller."""
        from proca_web.adapters import huey_storage  # noqa: PLC0415

        state: _State = app.extensions[_EXTENSION]
        return huey_storage.EmbeddedConsumer(
            state.opened(), workers=workers, max_delay=0.5, check_worker_health=True, periodic=False
        )


def ask(app: Flask) -> None:
    """Whether the queue answers: a worker looks for itself while it does not, and nobody would know."""
    state: _State = app.extensions[_EXTENSION]
    try:
        state.opened().storage.queue_size()
    except Exception as error:
        _say(app, error)


def _say(app: Flask, error: Exception) -> None:
    trouble.keep(app, Alarm.QUEUE, type(error).__name__)
    app.logger.critical("queue: not reachable (%s)", type(error).__name__)
