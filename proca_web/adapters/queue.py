"""The queue wakes workers and carries nothing: jobs have no data, the tables are the truth (design 5).

Opened lazily in the process that uses it. A process enqueues each job at most once a second; the one at the end of
that second is scheduled, so that nothing committed in between waits for the sweep.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer

from proca_web.adapters import logs
from proca_web.adapters.database import set_private

_EXTENSION = "proca_queue"
_EVERY_SECONDS = 1.0
_NAME = "proca"


class JsonSerializer(Serializer):
    """Messages as JSON, so that who can write to the queue runs no code of theirs."""

    def _serialize(self, data: Any) -> bytes:
        fields = data._asdict() if isinstance(data, Message) else {"value": data}
        return json.dumps(fields, default=datetime.isoformat).encode()

    def _deserialize(self, data: bytes) -> Any:
        fields = json.loads(data)
        if "name" not in fields:
            return fields.get("value")
        for name in ("eta", "expires_resolved"):
            if fields.get(name):
                fields[name] = datetime.fromisoformat(fields[name])
        fields["args"] = tuple(fields.get("args") or ())
        return Message(**fields)


class _Wake:
    """One job's throttle in this process."""

    def __init__(self, task: Any) -> None:
        self._task = task
        self._lock = threading.Lock()
        self._last = 0.0

    def __call__(self) -> None:
        with self._lock:
            now = monotonic()
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

    def opened(self) -> Huey:
        with self.lock:
            if self.huey is None or self.pid != os.getpid():
                self.huey = _open(self.url)
                self.pid = os.getpid()
                self.wakes = {name: _Wake(self._task(name, job)) for name, job in self.jobs.items() if name != "sweep"}
                self._task("sweep", self.jobs["sweep"], crontab(minute="*"))
        return self.huey

    def _task(self, name: str, job: Callable[[Flask], None], every: Any = None) -> Any:
        assert self.huey is not None

        def run() -> None:
            try:
                job(self.app)
            except Exception as error:
                logs.unexpected(self.app.logger, error, name)

        decorate = self.huey.periodic_task(every, name=name) if every else self.huey.task(name=name)
        return decorate(run)


class Queue:
    """The handle; its state is the app's."""

    def init_app(self, app: Flask, url: str, jobs: Mapping[str, Callable[[Flask], None]]) -> None:
        """Remember where the queue is and which jobs there are; nothing is opened."""
        state = _State(app, url)
        state.jobs = dict(jobs)
        app.extensions[_EXTENSION] = state

    def wake(self, job: str) -> None:
        """Tell the workers that there is something to do. A fault is logged only: the sweep finds the row."""
        state: _State = current_app.extensions[_EXTENSION]
        try:
            state.opened()
            state.wakes[job]()
        except Exception as error:
            current_app.logger.error("queue: not reachable (%s)", type(error).__name__)

    def close(self, app: Flask) -> None:
        """Close this thread's connection, if the queue was opened."""
        state: _State = app.extensions[_EXTENSION]
        if state.huey is not None and state.pid == os.getpid():
            state.huey.storage.close()

    def consumer(self, app: Flask, workers: int = 2) -> Consumer:
        """A consumer for this process, not started; it leaves signals to the caller."""
        state: _State = app.extensions[_EXTENSION]
        return _EmbeddedConsumer(state.opened(), workers=workers, max_delay=0.5, check_worker_health=True)


class _EmbeddedConsumer(Consumer):
    def _set_signal_handlers(self) -> None:
        """Signals belong to the command that runs us."""

    def _create_process(self, process: Any, name: str) -> Any:
        """A thread that closes its own connection to the queue when it ends."""
        loop = process.loop

        def loop_then_close() -> None:
            loop()
            if self.stop_flag.is_set():
                self.huey.storage.close()

        process.loop = loop_then_close
        return super()._create_process(process, name)


def _open(url: str) -> Huey:
    options: dict[str, Any] = {"name": _NAME, "results": False, "serializer": JsonSerializer()}
    match urlsplit(url).scheme:
        case "sqlite":
            path = Path(url.removeprefix("sqlite:///"))
            set_private(path)
            return SqliteHuey(filename=str(path), **options)
        case "postgresql":
            return PostgresHuey(dsn=url, **options)
        case _:
            return RedisHuey(url=url, **options)
