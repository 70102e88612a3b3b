"""Which errors of the drivers mean "not now": they become `Unavailable` here, so that nobody else knows drivers."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from proca_web.domain.errors import DiskFull, Unavailable

# What passes by itself or once an operator has made room: locked, full, unreadable, read-only. Damage is none of these.
_PASSING_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_PRIMARY = 0xFF
_DISK_FULL = "53100"  # of PostgreSQL
_NOT_YET = ("starting up", "shutting down", "recovery", "not yet accepting", "too many", "connection slots")


@contextmanager
def told_apart() -> Iterator[None]:
    """Raises Unavailable instead of a passing fault of the database; everything else goes on as it is."""
    try:
        yield
    except _errors() as error:
        what = passing(error)
        if what is None:
            raise
        raise (DiskFull if _is_full(error) else Unavailable)(what) from error


def passing(error: BaseException) -> str | None:
    """The name of a passing fault; None for any other."""
    if isinstance(error, PoolTimeout):
        return "the database's connections are all in use"
    if isinstance(error, DBAPIError):
        return "the database's connection was lost" if error.connection_invalidated else _of_driver(error.orig)
    return _of_driver(error)


def _is_full(error: BaseException) -> bool:
    """Whether it is for want of room on the database's disk."""
    driver = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(driver, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(driver, "sqlstate", None) == _DISK_FULL


def is_refused(error: DBAPIError) -> bool:
    """Whether a server that is up and ready took no connection: wrong name, user, password or rights.

    The driver has no code for what ends a connection before it began; only the words of the server.
    """
    said, psycopg = str(error.orig), _psycopg()
    if psycopg is None or not isinstance(error.orig, psycopg.OperationalError):
        return False
    return "FATAL" in said and not any(map(said.count, _NOT_YET))


def _psycopg() -> Any:
    """PostgreSQL's driver where this process uses it; one on SQLite never loads it."""
    return sys.modules.get("psycopg")


def _errors() -> tuple[type[Exception], ...]:
    psycopg, known = _psycopg(), (DBAPIError, PoolTimeout, OSError, sqlite3.Error)
    return known if psycopg is None else (*known, psycopg.Error)


def _of_driver(error: BaseException | None) -> str | None:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        is_passing = code is not None and code & _PRIMARY in _PASSING_SQLITE
        return f"SQLite {getattr(error, 'sqlite_errorname', 'SQLITE_BUSY')}" if is_passing else None
    psycopg = _psycopg()
    if psycopg is None:
        return None
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | psycopg.errors.ReadOnlySqlTransaction):
        return f"PostgreSQL {type(error).__name__} {error.sqlstate or ''}".strip()
    return None
