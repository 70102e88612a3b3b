"""Released copies of one org in `seq` order, read in one stream with flat memory. Nothing is opened here."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.models.base import statement
from proca_web.services.delivery.filters import Filters

CHUNK = 1000
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


def time(value: datetime | str | None) -> str:
    """RFC 3339 with Z; SQLite's driver gives text, PostgreSQL's an aware time."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"{value[:10]}T{value[11:19]}Z"
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def released(session: Session, org_id: int, filters: Filters) -> Any:
    sql, bound = _query(org_id, filters)
    options = {"stream_results": True, "max_row_buffer": CHUNK}
    result = session.connection().execute(
        statement(sql, times=("after",) if filters.after else ()), bound, execution_options=options
    )
    assert result.cursor is not None
    return result.cursor if session.get_bind().dialect.name == "sqlite" else result


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


def key_of(session: Session, key_id: int) -> tuple[str, str, str, str]:
    row = session.execute(_KEYS, {"id": key_id}).one()
    return (
        encode(bytes(row.public)),
        encode(bytes(row.certificate)) if row.certificate else "",
        time(row.not_before),
        time(row.not_after),
    )
