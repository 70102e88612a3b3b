"""SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE for writes behind a file lock, waited for in turn and not for ever.

Threads of a process queue at a lock in memory; only its first one asks for the file's lock, which other processes hold.
"""

import fcntl
import os
import sqlite3
import threading
from time import monotonic, sleep
from typing import Any

from sqlalchemy.pool import ConnectionPoolEntry

from proca_web.adapters.engines import pace

_POLL_SECONDS = 0.001
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "wal_autocheckpoint=4000",
)
_TURNS: dict[str, threading.Lock] = {}
_PACE = "proca_seconds"


class LockingConnection(sqlite3.Connection):
    """A SQLite connection whose writing transactions queue at a file lock beside the database."""

    lock_path: str | None = None
    _turn: "threading.Lock | None" = None
    _lock: int | None = None

    def begin_write(self) -> None:
        """Wait for our turn, then BEGIN IMMEDIATE. Raises sqlite3.OperationalError when the time is over."""
        self.take_turn()
        try:
            self.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            self.give_turn()
            raise

    def commit(self) -> None:
        """COMMIT, then let the next writer in."""
        super().commit()
        self.give_turn()

    def rollback(self) -> None:
        """ROLLBACK, then let the next writer in."""
        super().rollback()
        self.give_turn()

    def close(self) -> None:
        """Close; an open transaction is rolled back."""
        super().close()
        self.give_turn()

    def take_turn(self) -> None:
        """Keep every other writer of ours out. Raises sqlite3.OperationalError when the time is over."""
        if self.lock_path is None:
            return
        deadline = monotonic() + pace.seconds()
        turn = _TURNS.setdefault(self.lock_path, threading.Lock())
        if not turn.acquire(timeout=pace.seconds()):
            raise _locked()
        self._turn = turn
        try:
            self._lock = os.open(self.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _wait_for(self._lock, deadline)
        except BaseException:
            self.give_turn()
            raise

    def give_turn(self) -> None:
        """Let the next writer in."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()


def opened(connection: LockingConnection, lock_path: str | None) -> None:
    """Settings of a new connection."""
    connection.lock_path = lock_path
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA foreign_keys").fetchone() != (1,):
        raise RuntimeError("this SQLite keeps no foreign keys")


def checked_out(connection: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Before each use: how long it may wait for somebody else's lock."""
    seconds = pace.seconds()
    if entry.info.get(_PACE) != seconds:
        connection.execute(f"PRAGMA busy_timeout={int(min(seconds, pace.WORKER_SECONDS) * 1000)}")
        entry.info[_PACE] = seconds


def truncated(connection: LockingConnection) -> bool:
    """Empty the write-ahead log, waiting for nobody: False while a reader still needs it."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # the long part, beside writers and readers
    connection.take_turn()
    before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    try:
        connection.execute("PRAGMA busy_timeout=0")
        (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:  # somebody outside of this product writes
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout={before}")
        connection.give_turn()
    return not is_busy


def _wait_for(lock: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() > deadline:
                raise _locked() from None
            sleep(_POLL_SECONDS)
        else:
            return


def _locked() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error
