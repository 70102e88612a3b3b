"""A web process's sign of life, for `upgrade` on whatever machine: a row a minute and process, gone when it ends.

gunicorn calls this in each worker it has forked (`gunicorn.conf.py`). On SQLite nothing is written: all processes are
on one machine, where a lock says the same.
"""

import os
import socket
import threading
from collections.abc import Callable

from flask import Flask

from proca_web.adapters import clock, logs
from proca_web.adapters.alive import trouble
from proca_web.adapters.database import db, writing
from proca_web.domain.errors import Unavailable
from proca_web.services import heartbeats

BEAT_SECONDS = 60.0
END_SECONDS = 5.0
_EXTENSION = "proca_presence"


class Presence:
    """One process's sign of life, in a thread of its own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._name = heartbeats.web_process(socket.gethostname(), os.getpid())
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, name="presence", daemon=True)

    def start(self) -> None:
        """Begin; a fault of the database is waited out."""
        self._thread.start()

    def end(self) -> None:
        """Say that this process has ended, so that nobody waits for it."""
        self._over.set()
        self._thread.join(END_SECONDS)
        self._write(lambda: self._beat(is_last=True))

    def _keep_beating(self) -> None:
        while True:
            self._write(self._beat)
            if self._over.wait(BEAT_SECONDS):
                return

    def _beat(self, *, is_last: bool = False) -> None:
        with writing() as session:
            if is_last:
                heartbeats.forget(session, self._name)
            else:
                heartbeats.beat(session, self._name, clock.now())
        if not is_last:
            trouble.tell(self._app)

    def _write(self, act: Callable[[], None]) -> None:
        try:
            with self._app.app_context():
                act()
        except Unavailable as error:
            trouble.met(self._app, error)
        except Exception as error:
            logs.unexpected(self._app.logger, error, "presence")


def begin(app: object) -> None:
    """From now on this process is seen, if it is one of ours on a shared database."""
    if not isinstance(app, Flask):
        return
    with app.app_context():
        is_shared = db.engine.dialect.name != "sqlite"
    if is_shared:
        app.extensions[_EXTENSION] = Presence(app)
        app.extensions[_EXTENSION].start()


def end(app: object) -> None:
    """This process ends."""
    presence: Presence | None = app.extensions.pop(_EXTENSION, None) if isinstance(app, Flask) else None
    if presence is not None:
        presence.end()
