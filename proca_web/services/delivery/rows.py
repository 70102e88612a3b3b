"""Released copies of one org in `seq` order, in blocks with flat memory. Nothing is opened here.

Each block is a short read of its own, finished before a row of it is handed on: whoever reads slowly holds no lock, no
transaction and no snapshot. A copy released again meanwhile moves behind the end and comes with the next export.
One of the rooms that speak to the driver: an export has millions of rows, and is converted column by column.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.domain.rows.export_columns import ENCRYPTED, ERASED, ExportRow
from proca_web.domain.rows.formula import escape_separators
from proca_web.services import driver
from proca_web.services.delivery.filters import Filters

Reading = Callable[[], AbstractContextManager[Session]]

BLOCK = 1000  # numbers, not rows: a read is short whatever the filters leave
CHUNK = 100  # as much as stays in a processor's cache while its columns are converted; 500 cost a fifth

_TEXT = None
_YES_NO = {True: "true", False: "false", None: ""}.__getitem__


def _encoded(value: bytes | None) -> str:
    return "" if value is None else encode(value)


def _time(value: datetime | str | None) -> str:
    """RFC 3339 with Z; SQLite's driver gives text, PostgreSQL's an aware time."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else value.astimezone(UTC).isoformat()
    return f"{text[:10]}T{text[11:19]}Z"


class _Key(NamedTuple):
    """What an export says of a public key."""

    public: str
    certificate: str
    not_before: str
    not_after: str


# Where each column of the export comes from (c: copy, a: action), and how it becomes text; keys are named by id.
_COLUMNS: dict[str, tuple[str, Callable[[Any], str] | None]] = {
    "seq": ("c.seq", str),
    "action_id": ("a.id", str),
    "action_ref": ("a.ref", encode),
    "action_type": (f"CASE WHEN c.erased THEN '{ERASED}' ELSE a.action_type END", _TEXT),
    "created_at": ("a.created_at", _time),
    "campaign": ("g.name", _TEXT),
    "action_page": ("p.name", _TEXT),
    "testing": ("a.testing", _YES_NO),
    "repeat": ("a.repeat", _YES_NO),
    "contact_ref": ("c.contact_ref", encode),
    "opt_in": ("c.opt_in", _YES_NO),
    "given_at": ("c.given_at", _time),
    "email_status": ("a.email_status", _TEXT),
    "consent": ("a.consent", _TEXT),
    "payload": ("c.payload", _encoded),
    "nonce": ("c.crypto_nonce", _encoded),
    "public_key": ("c.public_key_id", attrgetter("public")),
    "sign_key": ("c.sign_key_id", attrgetter("public")),
    "sign_key_cert": ("c.sign_key_id", attrgetter("certificate")),
    "sign_key_not_before": ("c.sign_key_id", attrgetter("not_before")),
    "sign_key_not_after": ("c.sign_key_id", attrgetter("not_after")),
    "sealed_by": ("c.sealed_by", _TEXT),
    "area": ("a.area", _TEXT),
    "utm_source": ("a.utm_source", _TEXT),
    "utm_medium": ("a.utm_medium", _TEXT),
    "utm_campaign": ("a.utm_campaign", _TEXT),
    "utm_content": ("a.utm_content", _TEXT),
    "custom_fields": ("a.custom_fields", escape_separators),
    "receipt": ("''", _TEXT),
}
_SOURCES, _FORMS = zip(*[_COLUMNS[name] for name in ENCRYPTED], strict=True)
_RELEASED = f"""
SELECT {", ".join(_SOURCES)}
  FROM contacts c JOIN actions a ON a.id = c.action_id JOIN action_pages p ON p.id = a.action_page_id
  JOIN campaigns g ON g.id = p.campaign_id
 WHERE {{conditions}}
 ORDER BY c.seq LIMIT ?
"""
_KEY = "SELECT public, certificate, not_before, not_after FROM public_keys WHERE id = ?"
_BY_ID = ("c.public_key_id", "c.sign_key_id")
_KEYS_KEPT = 1024
_LAST = "SELECT max(seq) FROM contacts WHERE org_id = ? AND role = ? AND seq IS NOT NULL"
_OF_PAGES = "SELECT p.id FROM action_pages p JOIN campaigns g ON g.id = p.campaign_id WHERE {conditions}"
_SIGNED = "SELECT 1 FROM actions WHERE action_page_id = ? LIMIT 1"
# SQLite joins in the order that CROSS JOIN says: else it walks an org's numbers from the first one.
_FIRST_SINCE = """
SELECT min(c.seq) FROM actions a CROSS JOIN contacts c
 WHERE c.action_id = a.id AND a.created_at >= ? AND c.org_id = ? AND c.role = ? AND c.seq IS NOT NULL
"""
_NO_LIMIT = 2**62


def released(reading: Reading, org_id: int, filters: Filters) -> Iterator[list[ExportRow]]:
    """The rows that pass the filters, in pieces; that of a contact that was erased holds no payload and no key."""
    with reading() as session:
        above, last = _bounds(session, org_id, filters)
    left = _NO_LIMIT if filters.limit is None else filters.limit
    while above < last and left:
        upto = min(above + BLOCK, last)
        with reading() as session:
            block = [*_block(session, org_id, filters, (above, upto, left))]
        above, left = upto, left - sum(map(len, block))
        yield from block


def _bounds(session: Session, org_id: int, filters: Filters) -> tuple[int, int]:
    """Between which numbers there can be rows, found by index: asked for little, little is read."""
    (last,) = driver.execute(session, _LAST, [org_id, filters.role]).fetchone()
    if last is None or not _has_signatures(session, filters):
        return 0, 0
    if filters.after is None:
        return filters.since, last
    values = [driver.time(session, filters.after), org_id, filters.role]
    (first,) = driver.execute(session, _FIRST_SINCE, values).fetchone()
    return (0, 0) if first is None else (max(filters.since, first - 1), last)


def _has_signatures(session: Session, filters: Filters) -> bool:
    named = {"g.name = ?": filters.campaign, "p.name = ?": filters.page}
    given = {condition: value for condition, value in named.items() if value is not None}
    if not given:
        return True
    pages = driver.execute(session, _OF_PAGES.format(conditions=" AND ".join(given)), [*given.values()]).fetchall()
    return any(driver.execute(session, _SIGNED, page).fetchone() for page in pages)


def _block(session: Session, org_id: int, filters: Filters, bounds: tuple[int, int, int]) -> Iterator[list[ExportRow]]:
    above, upto, limit = bounds
    conditions, values = _conditions(session, org_id, filters)
    sql = _RELEASED.format(conditions=" AND ".join(["c.seq > ?", "c.seq <= ?", *conditions]))
    key = lru_cache(_KEYS_KEPT)(partial(_find_key, session))
    for piece in driver.stream(session, sql, [above, upto, *values, limit], CHUNK):
        columns = (
            map(key, column) if source in _BY_ID else column
            for source, column in zip(_SOURCES, zip(*piece, strict=True), strict=True)
        )
        texts = (column if form is None else map(form, column) for form, column in zip(_FORMS, columns, strict=True))
        yield [*map(ExportRow._make, zip(*texts, strict=True))]


def _find_key(session: Session, key_id: int | None) -> _Key:
    if key_id is None:
        return _Key("", "", "", "")
    public, certificate, not_before, not_after = driver.execute(session, _KEY, [key_id]).fetchone()
    return _Key(encode(public), _encoded(certificate), _time(not_before), _time(not_after))


def _conditions(session: Session, org_id: int, filters: Filters) -> tuple[list[str], list[Any]]:
    """What must hold of a row, and the values for it. An erasure reaches whoever may have got the contact."""
    wanted = {
        "c.org_id = ?": org_id,
        "c.role = ?": filters.role,
        "g.name = ?": filters.campaign,
        "p.name = ?": filters.page,
        "a.created_at >= ?": None if filters.after is None else driver.time(session, filters.after),
    }
    switches = {
        "(c.opt_in OR c.erased)": filters.only_opt_in,
        "(a.email_status = 'double_opt_in' OR c.erased)": filters.only_double_opt_in,
        "NOT a.testing": not filters.include_testing,
    }
    given = {condition: value for condition, value in wanted.items() if value is not None}
    return [*given, *(condition for condition, is_on in switches.items() if is_on)], [*given.values()]
