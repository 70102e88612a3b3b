"""The one room that writes a signature: fixed statements through the session's connection, one transaction.

PostgreSQL takes everything as one statement; SQLite, whose calls are cheap, as three. Both refuse a key that was
retired or revoked since it was read: then fewer copies than asked for are written, and the caller rolls back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from proca_web.crypto.sealing import Sealed

_ACTION = (
    *("ref", "action_page_id", "testing", "created_at", "confirm_id", "consent", "area"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "custom_fields"),
)
_CONTACT = (
    *("org_id", "role", "contact_ref", "payload", "crypto_nonce", "public_key_id", "sign_key_id"),
    *("opt_in", "deliver", "given_at"),
)
_TRANSIENT = ("state", "wait_key", "wait_seal", "link_seal", "sealed_at", "next_try", "created_at")
_KEY_IS_ACTIVE = "EXISTS (SELECT 1 FROM public_keys WHERE id = {key} AND status = 'active')"


@dataclass(frozen=True, slots=True)
class Copy:
    """One sealed copy with its consents, ready to be written."""

    org_id: int
    role: str
    contact_ref: bytes = field(repr=False)
    sealed: Sealed
    opt_in: bool | None
    deliver: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything one signature writes; no field holds clear personal data."""

    action: dict[str, Any] = field(repr=False)
    copies: Sequence[Copy]
    transient: dict[str, Any] = field(repr=False)
    now: datetime


def write(connection: Connection, draft: Draft) -> bool:
    """Write one signature. False: a key is not active any more, nothing of this may be committed.

    Raises IntegrityError when a nonce was used before or the sender's row is gone.
    """
    if connection.dialect.name == "postgresql":
        return _write_postgresql(connection, draft)
    return _write_sqlite(connection, draft)


def _copy_values(copy: Copy, now: Any) -> tuple[Any, ...]:
    sealed = copy.sealed
    keys = (sealed.payload, sealed.nonce, sealed.public_key_id, sealed.sign_key_id)
    return (copy.org_id, copy.role, copy.contact_ref, *keys, copy.opt_in, copy.deliver, now)


def _sqlite_time(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _for_sqlite(values: dict[str, Any], names: tuple[str, ...]) -> tuple[Any, ...]:
    row = (values[name] for name in names)
    return tuple(_sqlite_time(value) if isinstance(value, datetime) else value for value in row)


_SQLITE_ACTION = f"INSERT INTO actions ({', '.join(_ACTION)}) VALUES ({', '.join('?' * len(_ACTION))})"
_SQLITE_CONTACT = (
    f"INSERT INTO contacts (action_id, {', '.join(_CONTACT)}) SELECT {', '.join('?' * (len(_CONTACT) + 1))} "
    f"WHERE {_KEY_IS_ACTIVE.format(key='?')}"
)
_SQLITE_TRANSIENT = (
    f"INSERT INTO transients (action_id, {', '.join(_TRANSIENT)}) VALUES ({', '.join('?' * (len(_TRANSIENT) + 1))})"
)


def _write_sqlite(connection: Connection, draft: Draft) -> bool:
    now = _sqlite_time(draft.now)
    action_id = connection.exec_driver_sql(_SQLITE_ACTION, _for_sqlite(draft.action, _ACTION)).lastrowid
    for copy in draft.copies:
        row = (action_id, *_copy_values(copy, now), copy.sealed.public_key_id)
        if connection.exec_driver_sql(_SQLITE_CONTACT, row).rowcount != 1:
            return False
    connection.exec_driver_sql(_SQLITE_TRANSIENT, (action_id, *_for_sqlite(draft.transient, _TRANSIENT)))
    return True


def _postgresql_statement(copies: int) -> str:
    types = ("integer", "text", "bytea", "bytea", "bytea", "integer", "integer", "boolean", "boolean", "timestamptz")
    row = "(" + ", ".join(f"%s::{kind}" for kind in types) + ")"
    columns = ", ".join(f"v.{name}" for name in _CONTACT)
    return f"""
WITH a AS (
  INSERT INTO actions ({", ".join(_ACTION)}) VALUES ({", ".join(["%s"] * len(_ACTION))}) RETURNING id
), c AS (
  INSERT INTO contacts (action_id, {", ".join(_CONTACT)})
  SELECT a.id, {columns} FROM a, (VALUES {", ".join([row] * copies)}) AS v ({", ".join(_CONTACT)})
  WHERE {_KEY_IS_ACTIVE.format(key="v.public_key_id")} RETURNING 1
), t AS (
  INSERT INTO transients (action_id, {", ".join(_TRANSIENT)})
  SELECT a.id, %s, %s, %s::bytea, %s::bytea, %s::timestamptz, %s::timestamptz, %s::timestamptz FROM a
)
SELECT count(*) FROM c
"""


_POSTGRESQL = {copies: _postgresql_statement(copies) for copies in range(1, 5)}


def _write_postgresql(connection: Connection, draft: Draft) -> bool:
    values = [draft.action[name] for name in _ACTION]
    for copy in draft.copies:
        values += _copy_values(copy, draft.now)
    values += [draft.transient[name] for name in _TRANSIENT]
    written = connection.exec_driver_sql(_POSTGRESQL[len(draft.copies)], tuple(values)).scalar_one()
    return int(written) == len(draft.copies)
