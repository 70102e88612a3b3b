"""The one room that writes a signature: fixed statements through the session's connection, one transaction.

PostgreSQL takes everything as one statement that needs no BEGIN and COMMIT around it; SQLite, whose calls are cheap,
as several. Both refuse a key that was retired or revoked since it was read: then nothing is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from proca_web.crypto.boxes.sealing import Sealed
from proca_web.services import driver
from proca_web.services.driver import AnyConnection

_ACTION = (
    *("ref", "action_page_id", "testing", "created_at", "confirm_id", "consent", "area"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "custom_fields"),
)
_CONTACT = (
    *("org_id", "role", "contact_ref", "payload", "crypto_nonce", "public_key_id", "sign_key_id"),
    *("opt_in", "deliver", "given_at"),
)
_ACTION_TYPES = ("bytea", "integer", "boolean", "timestamptz", "bytea", *["text"] * 7)
_TRANSIENT = ("state", "wait_key", "wait_seal", "link_seal", "sealed_at", "next_try", "created_at")
_PUBLIC_KEY = _CONTACT.index("public_key_id")
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


def write(connection: AnyConnection, draft: Draft) -> bool:
    """Write one signature whole or not at all. False: a key is not active any more.

    Raises RowRefused when a nonce was used before or the sender's row is gone.
    """
    now = driver.time(connection, draft.now)
    moments = {name: now for name in ("created_at", "sealed_at", "next_try")}
    action, transient = draft.action | {"created_at": now}, draft.transient | moments
    copies = [_copy_values(copy, now) for copy in draft.copies]
    if driver.dialect_of(connection).name == "postgresql":
        return _write_at_once(connection, action, copies, transient)
    return _write_in_steps(connection, action, copies, transient)


def _copy_values(copy: Copy, now: Any) -> tuple[Any, ...]:
    sealed = copy.sealed
    keys = (sealed.payload, sealed.nonce, sealed.public_key_id, sealed.sign_key_id)
    return (copy.org_id, copy.role, copy.contact_ref, *keys, copy.opt_in, copy.deliver, now)


_INSERT_ACTION = f"INSERT INTO actions ({', '.join(_ACTION)}) VALUES ({', '.join('?' * len(_ACTION))})"
_INSERT_CONTACT = (
    f"INSERT INTO contacts (action_id, {', '.join(_CONTACT)}) SELECT {', '.join('?' * (len(_CONTACT) + 1))} "
    f"WHERE {_KEY_IS_ACTIVE.format(key='?')}"
)
_INSERT_TRANSIENT = (
    f"INSERT INTO transients (action_id, {', '.join(_TRANSIENT)}) VALUES ({', '.join('?' * (len(_TRANSIENT) + 1))})"
)


def _write_in_steps(
    connection: AnyConnection, action: dict[str, Any], copies: list[tuple[Any, ...]], transient: dict[str, Any]
) -> bool:
    action_id = driver.execute(connection, _INSERT_ACTION, [action[name] for name in _ACTION]).lastrowid
    for copy in copies:
        if driver.execute(connection, _INSERT_CONTACT, (action_id, *copy, copy[_PUBLIC_KEY])).rowcount != 1:
            return False
    driver.execute(connection, _INSERT_TRANSIENT, (action_id, *(transient[name] for name in _TRANSIENT)))
    return True


def _statement_at_once(copies: int) -> str:
    types = ("integer", "text", "bytea", "bytea", "bytea", "integer", "integer", "boolean", "boolean", "timestamptz")
    row = "(" + ", ".join(f"?::{kind}" for kind in types) + ")"
    columns = ", ".join(f"v.{name}" for name in _CONTACT)
    return f"""
WITH v AS (
  SELECT * FROM (VALUES {", ".join([row] * copies)}) AS v ({", ".join(_CONTACT)})
), a AS (
  INSERT INTO actions ({", ".join(_ACTION)}) SELECT {", ".join(f"?::{kind}" for kind in _ACTION_TYPES)}
  WHERE NOT EXISTS (SELECT 1 FROM v WHERE NOT {_KEY_IS_ACTIVE.format(key="v.public_key_id")}) RETURNING id
), c AS (
  INSERT INTO contacts (action_id, {", ".join(_CONTACT)}) SELECT a.id, {columns} FROM a, v
), t AS (
  INSERT INTO transients (action_id, {", ".join(_TRANSIENT)})
  SELECT a.id, ?, ?, ?::bytea, ?::bytea, ?::timestamptz, ?::timestamptz, ?::timestamptz FROM a
)
SELECT count(*) FROM a
"""


_AT_ONCE = {copies: _statement_at_once(copies) for copies in range(1, 5)}


def _write_at_once(
    connection: AnyConnection, action: dict[str, Any], copies: list[tuple[Any, ...]], transient: dict[str, Any]
) -> bool:
    values = [value for copy in copies for value in copy]
    values += [action[name] for name in _ACTION]
    values += [transient[name] for name in _TRANSIENT]
    (written,) = driver.execute(connection, _AT_ONCE[len(copies)], values).fetchone()
    return bool(written)
