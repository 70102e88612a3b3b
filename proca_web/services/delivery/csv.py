"""The encrypted export as CSV (RFC 4180): ciphertext and metadata, streamed."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.domain.rows.export_columns import ENCRYPTED, ERASED
from proca_web.services.delivery import rows
from proca_web.services.delivery.filters import Filters

_QUOTE_IF = frozenset(',"\n\r')


def csv_lines(session: Session, org_id: int, filters: Filters) -> Iterator[str]:
    """The CSV with its header, some hundred rows a piece (RFC 4180, CRLF)."""
    yield ",".join(ENCRYPTED) + "\r\n"
    keys: dict[int, tuple[str, str, str, str]] = {}
    found = rows.released(session, org_id, filters)
    while chunk := found.fetchmany(rows.CHUNK):
        yield "".join([_line(session, row, keys) for row in chunk])


def _line(session: Session, row: Any, keys: dict[int, tuple[str, str, str, str]]) -> str:
    (seq, action_id, ref, action_type, created_at, campaign, page, testing, repeat, contact_ref, *rest) = row
    (opt_in, given_at, email_status, consent, payload, nonce, public_key, sign_key, sealed_by, area, *rest) = rest
    (source, medium, utm_campaign, content, custom_fields, erased) = rest
    head = (
        f"{seq},{action_id},{encode(ref)},{ERASED if erased else action_type},{rows.time(created_at)},{campaign},"
        f"{page},"
        f"{_bool(testing)},{_bool(repeat)},{encode(contact_ref)},{_bool(opt_in)},{rows.time(given_at)},{email_status},{consent},"
    )
    tail = ",".join([_cell(text) for text in (source, medium, utm_campaign, content, custom_fields)])
    if erased:
        return f"{head},,,,,,,{sealed_by},{area},{tail},\r\n"
    if sign_key not in keys:
        keys[sign_key] = rows.key_of(session, sign_key)
    if public_key not in keys:
        keys[public_key] = rows.key_of(session, public_key)
    sender, certificate, not_before, not_after = keys[sign_key]
    return (
        f"{head}{encode(payload)},{encode(nonce)},{keys[public_key][0]},{sender},{certificate},{not_before},{not_after},"
        f"{sealed_by},{area},{tail},\r\n"
    )


def _bool(value: bool | int | None) -> str:
    return "" if value is None else "true" if value else "false"


def _cell(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _QUOTE_IF & set(text) else text
