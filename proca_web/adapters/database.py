"""How both databases are opened so that an answered signature survives: durable commits, short fair write locks.

SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE for writes behind a file lock (fair, where the busy-wait polls), plain
BEGIN for reads. PostgreSQL: its own defaults. One door for each: `with reading()`, `with writing()`;
`direct_read` and `direct_write` are for the rooms that need the driver itself.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flask import g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from proca_web.models import Base
from proca_web.services.driver import Direct

db = SQLAlchemy(model_class=Base)

_POOLED = "proca_pooled"
_READS = "proca_reads"


class LockingConnection(sqlite3.Connection):
    """A SQLite connection whose writing transactions queue at a file lock beside the database."""

    lock_path: str | None = None
    _lock: int | None = None

    def begin_write(self) -> None:
        """Wait for our turn, then BEGIN IMMEDIATE."""
        if self.lock_path is not None:
            self._lock = os.open(self.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            self.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            self._unlock()
            raise

    def commit(self) -> None:
        """COMMIT, then let the next writer in."""
        super().commit()
        self._unlock()

    def rollback(self) -> None:
        """ROLLBACK, then let the next writer in."""
        super().rollback()
        self._unlock()

    def close(self) -> None:
        """Close; an open transaction is rolled back."""
        super().close()
        self._unlock()

    def _unlock(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def engine_options(url: str) -> dict[str, Any]:
    """What create_engine needs; statements never appear with their parameters in errors or logs."""
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("sqlite"):
        options["connect_args"] = {"factory": LockingConnection, "isolation_level": None, "timeout": 30}
    return options


def prepare_engine(engine: Engine) -> None:
    """Attach the rules above to an engine; nothing is opened yet."""
    if engine.dialect.name == "sqlite":
        path = make_url(str(engine.url)).database
        lock_path = f"{path}.lock" if path and path != ":memory:" else None
        event.listen(engine, "connect", lambda connection, _record: _open_sqlite(connection, lock_path))
        event.listen(engine, "begin", _begin_sqlite)


def _open_sqlite(connection: LockingConnection, lock_path: str | None) -> None:
    connection.lock_path = lock_path
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "busy_timeout=30000",
        "wal_autocheckpoint=4000",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA foreign_keys").fetchone() != (1,):
        raise RuntimeError("this SQLite keeps no foreign keys")


def _begin_sqlite(connection: Connection) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, LockingConnection)
    if connection.get_execution_options().get(_READS):
        raw.execute("BEGIN")
    else:
        raw.begin_write()


@contextmanager
def reading() -> Iterator[Session]:
    """A short read in a session of its own, which takes no write lock; what it loaded stays readable afterwards."""
    with Session(db.engine, autoflush=False) as session:
        session.connection(execution_options={_READS: True})
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """A short write in a session of its own: one transaction, committed at the end, rolled back on an error."""
    with Session(db.engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def direct_read() -> Iterator[Direct]:
    """The driver's own connection for single reads, each a transaction of its own; for the few rooms that need it."""
    with _direct(one_statement=True) as connection:
        yield connection


@contextmanager
def direct_write(*, one_statement: bool = False) -> Iterator[Direct]:
    """The driver's own connection for one transaction: commits at the end, rolls back on an error.

    With `one_statement` PostgreSQL is spared the round trips of BEGIN and COMMIT: a statement alone is a transaction.
    """
    with _direct(one_statement=one_statement) as connection:
        if isinstance(connection.raw, LockingConnection):
            connection.raw.begin_write()
        try:
            yield connection
            connection.raw.commit()
        except BaseException:
            connection.raw.rollback()
            raise


@contextmanager
def _direct(*, one_statement: bool) -> Iterator[Direct]:
    pooled = g.get(_POOLED) or _take_from_pool()
    raw: Any = pooled.driver_connection
    alone = one_statement and db.engine.dialect.name == "postgresql"
    if alone:
        raw.autocommit = True
    try:
        yield Direct(raw, db.engine.dialect)
    finally:
        if alone and not raw.closed:
            raw.autocommit = False


def _take_from_pool() -> PoolProxiedConnection:
    """One connection for all direct work of a request; it goes back when the request ends."""
    pooled = db.engine.raw_connection()
    setattr(g, _POOLED, pooled)
    return pooled


def give_back(_error: BaseException | None = None) -> None:
    """Return the request's direct connection to the pool, if there is one."""
    pooled: PoolProxiedConnection | None = g.pop(_POOLED, None)
    if pooled is not None:
        pooled.close()


def truncate_wal() -> None:
    """Empty SQLite's write-ahead log, where deleted pages live on; PostgreSQL keeps its own house."""
    if db.engine.dialect.name != "sqlite":
        return
    raw = db.engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


def set_private(path: Path) -> None:
    """Create a database file readable by its owner only, before SQLite would with the process's umask.

    One that is there is not opened: closing it would take away the locks of this process's SQLite connections, and the
    next process that closes the database would remove the write-ahead log under them.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
