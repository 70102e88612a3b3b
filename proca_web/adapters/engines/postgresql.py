"""PostgreSQL: no connection, statement or silence is waited for longer than its place allows.

The server ends a statement that takes too long; a server that says nothing at all is given up here, a little later.
After that nobody tries again for a moment, so that not every request pays for the same silence. Behind a pooler that
gives a connection of the server to one transaction after the other, nothing is left on that connection.
"""

from time import monotonic
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from proca_web.adapters.engines import pace

CONNECT_SECONDS = 3
PAUSE_SECONDS = 2.0
_PACE = "proca_seconds"
_SERVER_SHARE = 0.8
CONNECT_ARGS = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that gives up a server which says nothing."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As the driver's, with an end. Raises OperationalError; the connection is closed then."""
        try:
            return super().wait(gen, interval, pace.seconds() if timeout is None else timeout)
        except errors._WaitTimeout:  # noqa: SLF001 -- what the driver raises has no public name
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise errors.OperationalError("the server does not answer") from None


class PooledConnection(BoundedConnection):
    """A connection to a pooler: each transaction may meet another connection of the server, and another's leftovers."""


class Connecting:
    """How an engine connects: after a server was silent, not at all for a moment."""

    def __init__(self, *, is_pooled: bool = False) -> None:
        self._kind = PooledConnection if is_pooled else BoundedConnection
        self._not_before = 0.0

    def __call__(self, _dialect: Dialect, _entry: object, cargs: Any, cparams: Any) -> BoundedConnection:
        """Connect. Raises psycopg.OperationalError."""
        if monotonic() < self._not_before:
            raise errors.ConnectionTimeout("the server did not answer a moment ago")
        try:
            return self._kind.connect(*cargs, **cparams)
        except errors.ConnectionTimeout:
            self._not_before = monotonic() + PAUSE_SECONDS
            raise


def connect_args(*, is_pooled: bool) -> dict[str, Any]:
    """What the driver connects with. A statement prepared on one connection of the server is unknown to the next."""
    return CONNECT_ARGS | {"prepare_threshold": None} if is_pooled else dict(CONNECT_ARGS)


def checked_out(connection: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Before each use: how long the server may work at a statement. Behind a pooler each transaction says that."""
    seconds = pace.seconds()
    if entry.info.get(_PACE) == seconds or isinstance(connection, PooledConnection):
        return
    try:
        connection.autocommit = True
        connection.execute(f"SET statement_timeout = {_milliseconds(seconds)}")
        connection.autocommit = False
    except psycopg.Error as error:
        raise DisconnectionError from error
    entry.info[_PACE] = seconds


def begun(connection: Any) -> None:
    """A transaction begins: behind a pooler it says here how long the server may work at each of its statements."""
    if isinstance(connection, PooledConnection):
        connection.execute(f"SET LOCAL statement_timeout = {_milliseconds(pace.seconds())}")


def _milliseconds(seconds: float) -> int:
    return int(seconds * _SERVER_SHARE * 1000)
