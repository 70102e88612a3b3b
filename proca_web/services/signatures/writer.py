"""The one room that writes a signature: fixed statements through the session's connection, one transaction.

PostgreSQL takes everything as one statement that needs no BEGIN and COMMIT around it; SQLite, whose calls are cheap,
as several. Both refuse a key that was retired or revoked since it was read: then nothing is written.

A row's fields are the columns: their names, order and types in every statement come from here and from the models.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy.dialects import postgresql

from proca_web.domain.transient import State
from proca_web.domain.words import KeyRole
from proca_web.models import Action, Base, Contact, Transient
from proca_web.services import driver
from proca_web.services.driver import AnyConnection


@dataclass(frozen=True, slots=True, repr=False)
class ActionRow:
    """What is written of an action: metadata, and a comment where the page asks for one."""

    ref: bytes
    action_page_id: int
    testing: bool
    created_at: datetime
    confirm_id: bytes | None
    withdraw_id: bytes
    consent: str
    area: str
    custom_fields: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_content: str


@dataclass(frozen=True, slots=True, repr=False)
class CopyRow:
    """One sealed copy with its consents."""

    org_id: int
    role: KeyRole
    contact_ref: bytes
    payload: bytes
    crypto_nonce: bytes
    public_key_id: int
    sign_key_id: int
    opt_in: bool | None
    deliver: bool
    given_at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class TransientRow:
    """The address for the mail, sealed."""

    state: State
    transport: str
    wait_key: int
    wait_seal: bytes
    link_seal: bytes | None
    sealed_at: datetime
    next_try: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything one signature writes; no field holds clear personal data."""

    action: ActionRow = field(repr=False)
    copies: Sequence[CopyRow] = field(repr=False)
    transient: TransientRow = field(repr=False)


@dataclass(frozen=True)
class _Columns:
    """A row's columns as SQL needs them."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]

    def __str__(self) -> str:
        return ", ".join(self.names)

    def marks(self, more: int = 0) -> str:
        return ", ".join("?" * (len(self.names) + more))

    def typed_marks(self) -> str:
        return ", ".join(f"?::{kind}" for kind in self.types)


def _columns(row: type, model: type[Base]) -> _Columns:
    names = tuple(each.name for each in fields(row))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = tuple(model.__table__.c[name].type.compile(dialect) for name in names)
    return _Columns(names, types, attrgetter(*names))


_ACTION, _COPY, _TRANSIENT = _columns(ActionRow, Action), _columns(CopyRow, Contact), _columns(TransientRow, Transient)
_KEY_IS_ACTIVE = "EXISTS (SELECT 1 FROM public_keys WHERE id = {key} AND status = 'active')"


def write(connection: AnyConnection, draft: Draft) -> bool:
    """Write one signature whole or not at all. False: a key is not active any more.

    Raises RowRefused when a nonce was used before or the sender's row is gone.
    """
    if driver.dialect_of(connection).name == "postgresql":
        return _write_at_once(connection, draft)
    return _write_in_steps(connection, draft)


_INSERT_ACTION = f"INSERT INTO actions ({_ACTION}) VALUES ({_ACTION.marks()})"
_INSERT_COPY = (
    f"INSERT INTO contacts (action_id, {_COPY}) SELECT {_COPY.marks(1)} WHERE {_KEY_IS_ACTIVE.format(key='?')}"
)
_INSERT_TRANSIENT = f"INSERT INTO transients (action_id, {_TRANSIENT}) VALUES ({_TRANSIENT.marks(1)})"


def _write_in_steps(connection: AnyConnection, draft: Draft) -> bool:
    def run(sql: str, *values: Any) -> Any:
        return driver.execute(connection, sql, driver.times(connection, values))

    action_id = run(_INSERT_ACTION, *_ACTION.values(draft.action)).lastrowid
    for copy in draft.copies:
        if run(_INSERT_COPY, action_id, *_COPY.values(copy), copy.public_key_id).rowcount != 1:
            return False
    run(_INSERT_TRANSIENT, action_id, *_TRANSIENT.values(draft.transient))
    return True


def _statement_at_once(copies: int) -> str:
    return f"""
WITH v AS (
  SELECT * FROM (VALUES {", ".join([f"({_COPY.typed_marks()})"] * copies)}) AS v ({_COPY})
), a AS (
  INSERT INTO actions ({_ACTION}) SELECT {_ACTION.typed_marks()}
  WHERE NOT EXISTS (SELECT 1 FROM v WHERE NOT {_KEY_IS_ACTIVE.format(key="v.public_key_id")}) RETURNING id
), c AS (
  INSERT INTO contacts (action_id, {_COPY}) SELECT a.id, {", ".join(f"v.{name}" for name in _COPY.names)} FROM a, v
), t AS (
  INSERT INTO transients (action_id, {_TRANSIENT}) SELECT a.id, {_TRANSIENT.typed_marks()} FROM a
)
SELECT count(*) FROM a
"""


MOST_COPIES = 8  # four orgs, each with a recovery key
_AT_ONCE = {copies: _statement_at_once(copies) for copies in range(1, MOST_COPIES + 1)}


def _write_at_once(connection: AnyConnection, draft: Draft) -> bool:
    copies = [value for copy in draft.copies for value in _COPY.values(copy)]
    values = (*copies, *_ACTION.values(draft.action), *_TRANSIENT.values(draft.transient))
    (written,) = driver.execute(connection, _AT_ONCE[len(draft.copies)], values).fetchone()
    return bool(written)
