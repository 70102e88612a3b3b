"""How both databases are opened so that an answered signature survives: durable commits, short fair write locks.

What each driver needs stands in `engines`; a passing fault leaves here as `Unavailable`. One door for each:
`with reading()`, `with writing()`; `direct_read` and `direct_write` are for the rooms that need the driver itself.
"""

import os
import select
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from types import ModuleType
from typing import Any

from flask import current_app, g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from proca_web.adapters.engines import pace, sqlite
from proca_web.adapters.engines.faults import told_apart
from proca_web.adapters.engines.sqlite import LockingConnection
from proca_web.domain.errors import Unavailable
from proca_web.models import Base
from proca_web.services.driver import Direct

db = SQLAlchemy(model_class=Base)

_POOLED = "proca_pooled"
_IDLE = 0  # libpq's PQTRANS_IDLE: no transaction is open
_READS = "proca_reads"
_FAILED = "proca_last_write_failed"
_TRUNCATE_TRIES = 20
_TRUNCATE_PAUSE = 0.025


def engine_options(url: str, *, is_pooled: bool = False) -> dict[str, Any]:
    """What create_engine needs; statements never appear with their parameters in errors or logs."""
    # A thread may hold two at a time: the request's own for the driver, and a session's.
    options: dict[str, Any] = {"hide_parameters": True, "pool_timeout": pace.REQUEST_SECONDS, "pool_size": 20}
    if url.startswith("sqlite"):
        options["connect_args"] = {"factory": LockingConnection, "isolation_level": None}
    else:
        options |= {"pool_pre_ping": True, "connect_args": _postgresql().connect_args(is_pooled=is_pooled)}
    return options


def prepare_engine(engine: Engine, *, is_pooled: bool = False) -> None:
    """Attach the rules above to an engine; nothing is opened yet. `is_pooled`: a pooler changes hands with each act."""
    if engine.dialect.name == "sqlite":
        path = make_url(str(engine.url)).database
        lock_path = f"{path}.lock" if path and path != ":memory:" else None
        event.listen(engine, "connect", lambda connection, _entry: sqlite.opened(connection, lock_path))
        event.listen(engine, "checkout", sqlite.checked_out)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "do_connect", _postgresql().Connecting(is_pooled=is_pooled))
        event.listen(engine, "checkout", _postgresql().checked_out)
        event.listen(engine, "begin", _begin_postgresql)


def _postgresql() -> ModuleType:
    """Loaded where it is used: a process on SQLite starts without that driver."""
    from proca_web.adapters.engines import postgresql  # noqa: PLC0415 -- see above

    return postgresql


def _begin_sqlite(connection: Connection) -> None:
    raw = connection.connection.driver_connection
    assert isinstance(raw, LockingConnection)
    if connection.get_execution_options().get(_READS):
        raw.execute("BEGIN")
    else:
        raw.begin_write()


def _begin_postgresql(connection: Connection) -> None:
    _postgresql().begun(connection.connection.driver_connection)


@contextmanager
def reading() -> Iterator[Session]:
    """A short read in a session of its own, which takes no write lock; what it loaded stays readable afterwards."""
    with told_apart(), Session(db.engine, autoflush=False) as session:
        session.connection(execution_options={_READS: True})
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """A short write in a session of its own: one transaction, committed at the end, rolled back on an error."""
    with _storing(), Session(db.engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def direct_read() -> Iterator[Direct]:
    """The driver's own connection for single reads, each a transaction of its own; for the few rooms that need it."""
    with told_apart(), _direct(one_statement=True) as connection:
        yield connection


@contextmanager
def direct_write(*, one_statement: bool = False) -> Iterator[Direct]:
    """The driver's own connection for one transaction: commits at the end, rolls back on an error.

    With `one_statement` PostgreSQL is spared the round trips of BEGIN and COMMIT: a statement alone is a transaction.
    """
    with _storing(), _direct(one_statement=one_statement) as connection:
        if isinstance(connection.raw, LockingConnection):
            connection.raw.begin_write()
        elif not one_statement:
            _postgresql().begun(connection.raw)
        try:
            yield connection
            connection.raw.commit()
        except BaseException:
            if not is_lost(connection.raw):
                connection.raw.rollback()
            raise


def refused_to_write() -> tuple[float, Unavailable] | None:
    """How many seconds ago this process's last write failed, and why, if it did: a full disk lets everybody read."""
    failed: tuple[float, Unavailable] | None = current_app.extensions.get(_FAILED)
    return None if failed is None else (monotonic() - failed[0], failed[1])


@contextmanager
def _storing() -> Iterator[None]:
    try:
        with told_apart():
            yield
    except Unavailable as error:
        current_app.extensions[_FAILED] = (monotonic(), error)
        raise
    current_app.extensions[_FAILED] = None


@contextmanager
def _direct(*, one_statement: bool) -> Iterator[Direct]:
    pooled = _kept() or _take_from_pool()
    raw: Any = pooled.driver_connection
    alone = one_statement and db.engine.dialect.name == "postgresql"
    if alone:
        raw.autocommit = True
    try:
        yield Direct(raw, db.engine.dialect)
    finally:
        if alone and not raw.closed:
            raw.autocommit = False


def _kept() -> PoolProxiedConnection | None:
    """This request's connection, unless the server has ended it since: an idle one that has something to say."""
    pooled: PoolProxiedConnection | None = g.get(_POOLED)
    if pooled is None:
        return None
    if is_lost(pooled.driver_connection):
        give_back()
        return None
    return pooled


def is_lost(raw: Any) -> bool:
    """Whether a driver's idle connection was ended from the other side; asked without a word to the server."""
    if isinstance(raw, LockingConnection):
        return False
    if raw.closed:
        return True
    if raw.pgconn.transaction_status != _IDLE:
        return False
    return bool(select.select([raw.pgconn.socket], [], [], 0)[0])


def _take_from_pool() -> PoolProxiedConnection:
    """One connection for all direct work of a request; it goes back when the request ends."""
    pooled = db.engine.raw_connection()
    setattr(g, _POOLED, pooled)
    return pooled


def give_back(_error: BaseException | None = None) -> None:
    """Return the request's direct connection to the pool, if there is one."""
    pooled: PoolProxiedConnection | None = g.pop(_POOLED, None)
    if pooled is None:
        return
    if is_lost(pooled.driver_connection):
        pooled.invalidate()
    else:
        pooled.close()


def truncate_wal() -> bool:
    """Empty SQLite's write-ahead log, where deleted pages live on; PostgreSQL keeps its own house.

    Nobody is kept waiting for it: while somebody reads, as a long download does, it is tried again, then left (False)
    to the next minute.
    """
    if db.engine.dialect.name != "sqlite":
        return True
    with told_apart(), closing(db.engine.raw_connection()) as pooled:
        raw = pooled.driver_connection
        assert isinstance(raw, LockingConnection)
        for _ in range(_TRUNCATE_TRIES):
            if sqlite.truncated(raw):
                return True
            sleep(_TRUNCATE_PAUSE)
    return False


def set_private(path: Path) -> None:
    """Create a database file readable by its owner only, before SQLite would with the process's umask.

    One that is there is not opened: closing it would take away the locks of this process's SQLite connections, and the
    next process that closes the database would remove the write-ahead log under them.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
