"""An org's record: who did what, whether the chain holds, and the same as a file. Changes nothing."""

import csv
import io
from collections.abc import Iterator
from datetime import date

from flask import Blueprint, Response, g, request, stream_with_context
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters.database import reading
from proca_web.crypto.encoding import encode
from proca_web.domain.record import Subject
from proca_web.domain.rights import Right
from proca_web.domain.rows import formula
from proca_web.services.staff import audit, record_reading
from proca_web.services.staff.record_reading import Asked
from proca_web.web import console, errors
from proca_web.web.access import needs
from proca_web.web.htmx import wants_fragment

bp = Blueprint("record", __name__, url_prefix="/console")

_LONGEST = 100
_COLUMNS = ("number", "at", "who", "event", "detail", "hash")


@bp.get("/<org>/audit")
@needs(Right.OWN_ACTS)
def index(org: str) -> Response:
    """The newest entries of what is asked for; owners see everybody's, others their own acts."""
    try:
        asked = _asked()
    except ValueError:
        return errors.answer(422, advice=gettext("A day is written like 2026-11-30. Please choose it again."))
    with reading() as session:
        entries, more = record_reading.page(session, g.org.id, asked)
        found = {
            "entries": entries,
            "more": more,
            "number": record_reading.number(session, g.org.id, asked),
            "people": record_reading.people(session, g.org.id) if _sees_all() else (),
            "chain": audit.chain_of(session, g.org) if _sees_all() else None,
        }
    shown = {"asked": asked, "sees_all": _sees_all(), "subjects": Subject, **found}
    template = "console/record/_entries.html" if wants_fragment() else "console/record/index.html"
    response = console.page(template, shown)
    response.vary.add("HX-Request")
    return response


@bp.get("/<org>/audit.csv")
@needs(Right.OWN_ACTS)
def as_csv(org: str) -> Response:
    """The same as a file, all of it."""
    try:
        asked = _asked()
    except ValueError:
        return errors.answer(422, advice=gettext("A day is written like 2026-11-30. Please choose it again."))
    response = Response(stream_with_context(_lines(g.org.id, asked)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{g.org.name}-record.csv"'
    return response


def _lines(org_id: int, asked: Asked) -> Iterator[str]:
    yield _line(_COLUMNS)
    with reading() as session:
        for entry in record_reading.all_of(session, org_id, asked):
            at = entry.at.strftime("%Y-%m-%dT%H:%M:%SZ")
            yield _line((str(entry.number), at, entry.actor, entry.event, entry.detail, encode(bytes(entry.hash))))


def _line(cells: tuple[str, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(formula.guard_sealed(cells))
    return written.getvalue()


def _sees_all() -> bool:
    return Right.AUDIT in g.rights


def _asked() -> Asked:
    """What the query asks for. Raises ValueError for a day that is none."""
    words = {name: request.args.get(name, "").replace("\0", "").strip()[:_LONGEST] for name in ("who", "what", "q")}
    before = request.args.get("before", "")
    return Asked(
        who=words["who"],
        what=next((subject for subject in Subject if subject == words["what"]), None),
        words=words["q"],
        since=_day("from"),
        until=_day("to"),
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        only_by=None if _sees_all() else current_user.user.id,
    )


def _day(name: str) -> date | None:
    typed = request.args.get(name, "").strip()
    return date.fromisoformat(typed) if typed else None
