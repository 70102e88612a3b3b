"""The encrypted export of one org: released copies in `seq` order, streamed row by row with flat memory.

Columns and filters are the contract's. Everything here is ciphertext and metadata; nothing is opened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from proca_web.crypto.encoding import encode
from proca_web.domain.export_columns import ENCRYPTED, ERASED
from proca_web.models.base import statement

_CHUNK = 1000
_QUOTE_IF = frozenset(',"\n\r')

_ROWS = """
SELECT c.seq, a.id, a.ref, a.action_type, a.created_at, g.name AS campaign, p.name AS page, a.testing, a.repeat,
       c.contact_ref, c.opt_in, c.given_at, a.email_status, a.consent, c.payload, c.crypto_nonce, c.public_key_id,
       c.sign_key_id, c.sealed_by, a.area, a.utm_source, a.utm_medium, a.utm_campaign, a.utm_content,
       a.custom_fields, c.erased
  FROM contacts c JOIN actions a ON a.id = c.action_id JOIN action_pages p ON p.id = a.action_page_id
  JOIN campaigns g ON g.id = p.campaign_id
 WHERE c.org_id = :org AND c.role = :role AND c.seq > :since {filters}
 ORDER BY c.seq LIMIT :limit
"""
_KEYS = statement("""
SELECT id, public, certificate, not_before, not_after FROM public_keys WHERE id = :id
""")


@dataclass(frozen=True, slots=True)
class Filters:
    """What an export holds: the contract's query filters, with its defaults."""

    campaign: str | None = None
    page: str | None = None
    since: int = 0
    after: datetime | None = None
    limit: int | None = None
    only_opt_in: bool = False
    only_double_opt_in: bool = False
    include_testing: bool = False
    role: str = "recipient"


def csv_lines(connection: Connection, org_id: int, filters: Filters) -> Iterator[str]:
    """The CSV with its header, some hundred rows a piece (RFC 4180, CRLF)."""
    yield ",".join(ENCRYPTED) + "\r\n"
    keys: dict[int, tuple[str, str, str, str]] = {}
    rows = _rows(connection, org_id, filters)
    while chunk := rows.fetchmany(_CHUNK):
        yield "".join([_line(connection, row, keys) for row in chunk])


def _rows(connection: Connection, org_id: int, filters: Filters) -> Any:
    sql, bound = _query(org_id, filters)
    streamed = connection.execution_options(stream_results=True, max_row_buffer=_CHUNK)
    result = streamed.execute(statement(sql, times=("after",) if filters.after else ()), bound)
    assert result.cursor is not None
    return result.cursor if connection.dialect.name == "sqlite" else result


def _query(org_id: int, filters: Filters) -> tuple[str, dict[str, Any]]:
    conditions, bound = [], {"org": org_id, "role": filters.role, "since": filters.since}
    bound["limit"] = filters.limit if filters.limit is not None else 2**62
    if filters.campaign is not None:
        conditions.append("g.name = :campaign")
        bound["campaign"] = filters.campaign
    if filters.page is not None:
        conditions.append("p.name = :page")
        bound["page"] = filters.page
    if filters.after is not None:
        conditions.append("a.created_at >= :after")
        bound["after"] = filters.after
    if filters.only_opt_in:
        conditions.append("(c.opt_in OR c.erased)")
    if filters.only_double_opt_in:
        conditions.append("(a.email_status = 'double_opt_in' OR c.erased)")
    if not filters.include_testing:
        conditions.append("NOT a.testing")
    return _ROWS.format(filters="".join(f" AND {condition}" for condition in conditions)), bound


def _line(connection: Connection, row: Any, keys: dict[int, tuple[str, str, str, str]]) -> str:
    (seq, action_id, ref, action_type, created_at, campaign, page, testing, repeat, contact_ref, *rest) = row
    (opt_in, given_at, email_status, consent, payload, nonce, public_key, sign_key, sealed_by, area, *rest) = rest
    (source, medium, utm_campaign, content, custom_fields, erased) = rest
    head = (
        f"{seq},{action_id},{encode(ref)},{ERASED if erased else action_type},{_time(created_at)},{campaign},{page},"
        f"{_bool(testing)},{_bool(repeat)},{encode(contact_ref)},{_bool(opt_in)},{_time(given_at)},{email_status},{consent},"
    )
    tail = ",".join([_cell(text) for text in (source, medium, utm_campaign, content, custom_fields)])
    if erased:
        return f"{head},,,,,,,{sealed_by},{area},{tail},\r\n"
    if sign_key not in keys:
        keys[sign_key] = _key(connection, sign_key)
    if public_key not in keys:
        keys[public_key] = _key(connection, public_key)
    sender, certificate, not_before, not_after = keys[sign_key]
    return (
        f"{head}{encode(payload)},{encode(nonce)},{keys[public_key][0]},{sender},{certificate},{not_before},{not_after},"
        f"{sealed_by},{area},{tail},\r\n"
    )


def _key(connection: Connection, key_id: int) -> tuple[str, str, str, str]:
    row = connection.execute(_KEYS, {"id": key_id}).one()
    return (
        encode(bytes(row.public)),
        encode(bytes(row.certificate)) if row.certificate else "",
        _time(row.not_before),
        _time(row.not_after),
    )


def _time(value: datetime | str | None) -> str:
    """RFC 3339 with Z; SQLite's driver gives text, PostgreSQL's an aware time."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"{value[:10]}T{value[11:19]}Z"
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bool(value: bool | int | None) -> str:
    return "" if value is None else "true" if value else "false"


def _cell(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _QUOTE_IF & set(text) else text


def read_bool(text: str) -> bool:
    """A filter's `true` or `false`. Raises ValueError."""
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def read_filters(query: dict[str, str]) -> Filters:
    """Filters from a query string. Raises ValueError that names the field and the cure."""
    known: dict[str, Any] = {}
    for name, read in _READERS.items():
        typed = query.get(name)
        if typed:
            try:
                known[name] = read(typed)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
    return Filters(**known)


def _read_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError("must be a whole number")
    return int(text)


def _read_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("must be a time like 2026-01-31T12:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_role(text: str) -> str:
    if text not in ("recipient", "recovery"):
        raise ValueError("must be recipient or recovery")
    return text


_READERS: dict[str, Any] = {
    "campaign": str,
    "page": str,
    "since": _read_count,
    "after": _read_time,
    "limit": _read_count,
    "only_opt_in": read_bool,
    "only_double_opt_in": read_bool,
    "include_testing": read_bool,
    "role": _read_role,
}
