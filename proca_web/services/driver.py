"""Fixed statements straight through the database driver, for the few rooms where a microsecond counts.

SQLAlchemy's result machinery costs more than the statement itself there. Statements are written with `?`; times go in
and come out as the driver has them. Everything else in this house uses SQLAlchemy's statements.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BigInteger, CursorResult, Dialect, Executable, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from proca_web.domain.errors import RowRefused
from proca_web.models import Base


@dataclass(frozen=True, slots=True)
class Direct:
    """A driver's connection from the engine's pool, without SQLAlchemy's own around it."""

    raw: Any
    dialect: Dialect


AnyConnection = Session | Direct
_LOCK = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger())))


def dialect_of(connection: AnyConnection) -> Dialect:
    """Which database this is."""
    return connection.dialect if isinstance(connection, Direct) else connection.get_bind().dialect


def execute(connection: AnyConnection, sql: str, values: Sequence[Any] = ()) -> Any:
    """Run one statement in the connection's transaction; returns the driver's cursor.

    Raises RowRefused when a constraint does not hold; its text holds no value.
    """
    raw = connection.raw if isinstance(connection, Direct) else connection.connection().connection.driver_connection
    assert raw is not None
    dialect = dialect_of(connection)
    try:
        return raw.execute(_in_style(sql, dialect.name), values)
    except dialect.loaded_dbapi.IntegrityError:
        raise RowRefused("the database refused a row") from None


def stream(session: Session, sql: str, values: Sequence[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of one SELECT as the driver gives them, `size` at a time; PostgreSQL keeps the rest behind a cursor."""
    raw = session.connection().connection.driver_connection
    assert raw is not None
    dialect = dialect_of(session).name
    with closing(raw.cursor() if dialect == "sqlite" else raw.cursor("stream")) as cursor:
        cursor.execute(_in_style(sql, dialect), values)
        while rows := cursor.fetchmany(size):
            yield rows


def table(model: type[Base]) -> Table:
    """A model's table, for statements that change rows and need nothing of the ORM."""
    assert isinstance(model.__table__, Table)
    return model.__table__


@dataclass(frozen=True, slots=True)
class EachDialect:
    """A statement both databases know and SQLAlchemy spells apart; built once, chosen here."""

    sqlite: Executable
    postgresql: Executable

    def of(self, session: Session) -> Executable:
        """The one for this session's database."""
        return self.postgresql if dialect_of(session).name == "postgresql" else self.sqlite


def insert(model: type[Base], build: Callable[[Any], Executable]) -> EachDialect:
    """An INSERT with ON CONFLICT into the model's table: `build` gets either dialect's and finishes it."""
    into = table(model)
    return EachDialect(build(sqlite.insert(into).inline()), build(postgresql.insert(into).inline()))


def changed(session: Session, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
    """Run an UPDATE or DELETE; how many rows it changed. What a compare-and-set is decided by."""
    result = session.execute(statement, values)
    assert isinstance(result, CursorResult)
    return result.rowcount


def lock(session: Session, number: int) -> None:
    """Wait for a lock that is held to the end of the transaction. SQLite has one writer anyway."""
    if dialect_of(session).name == "postgresql":
        session.execute(_LOCK, {"number": number})


def lock_actions(connection: AnyConnection, ids: Iterable[int]) -> None:
    """Lock these actions' rows to the end of the transaction, in id order; what is read of them afterwards holds.

    Before every decision that a supporter and the worker can both make; the supporters' rows come after. A row that is
    gone is locked by nobody: look again. SQLite has one writer anyway.
    """
    _lock_rows(connection, "actions", ids)


def lock_free_actions(connection: AnyConnection, ids: Iterable[int]) -> list[int]:
    """The same for those that nobody has locked, which are returned: who holds other rows already must not wait."""
    if dialect_of(connection).name != "postgresql":
        return list(ids)
    sql = "SELECT id FROM actions WHERE id = ANY(?) ORDER BY id FOR UPDATE SKIP LOCKED"
    return [row[0] for row in execute(connection, sql, (list(ids),)).fetchall()]


def lock_supporters(connection: AnyConnection, ids: Iterable[int]) -> None:
    """Lock these supporters' rows in id order, after the actions' rows: nobody joins or leaves them meanwhile."""
    _lock_rows(connection, "supporters", ids)


def _lock_rows(connection: AnyConnection, name: str, ids: Iterable[int]) -> None:
    if dialect_of(connection).name == "postgresql":
        execute(connection, f"SELECT id FROM {name} WHERE id = ANY(?) ORDER BY id FOR UPDATE", (list(ids),))


def time(connection: AnyConnection, moment: datetime) -> Any:
    """A UTC time as the driver stores it, the same as SQLAlchemy would."""
    return _as_text(moment) if dialect_of(connection).name == "sqlite" else moment


def times(connection: AnyConnection, values: Sequence[Any]) -> Sequence[Any]:
    """The same values, each UTC time among them as the driver stores it."""
    if dialect_of(connection).name != "sqlite":
        return values
    return [_as_text(value) if value.__class__ is datetime else value for value in values]


@lru_cache(maxsize=16)
def _as_text(moment: datetime) -> str:
    # All rows of one signature hold the same moment.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def read_time(value: Any) -> datetime:
    """A time column as an aware UTC time."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    assert isinstance(value, datetime)
    return value.astimezone(UTC)


@cache
def _in_style(sql: str, dialect: str) -> str:
    return sql if dialect == "sqlite" else sql.replace("?", "%s")
