"""Downloads of an org's encrypted rows: streamed, and each written down in the org's record first."""

import json
from collections.abc import Iterator

from flask import Blueprint, Response, abort, g, request, stream_with_context
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.rights import Right
from proca_web.services.delivery.csv import encrypted_csv
from proca_web.services.delivery.filters import Filters, check_names, read_filters
from proca_web.services.keys import holdings
from proca_web.services.petitions import overview
from proca_web.services.staff import audit
from proca_web.web import console, errors
from proca_web.web.access import needs, recently_proven

bp = Blueprint("exports", __name__, url_prefix="/console")


@bp.get("/<org>/exports")
@needs(Right.EXPORTS)
def index(org: str) -> Response:
    """What can be downloaded, and how to open it."""
    if g.org.is_home:
        abort(404)
    with reading() as session:
        found = {
            "held": holdings.of(session, g.org.id),
            "campaigns": overview.campaign_names_of(session, g.org.id),
            "entries": audit.recent_entries(session, g.org.id, "export"),
        }
    return console.page("console/exports/index.html", found)


@bp.get("/<org>/exports/contacts.csv")
@needs(Right.EXPORTS)
@recently_proven
def contacts_csv(org: str) -> Response:
    """The encrypted export as CSV. HEAD asks for nothing and leaves no line in the record."""
    try:
        chosen = _filters()
    except ValueError as error:
        return errors.answer(422, advice=str(error))
    if request.method == "HEAD":
        lines: Iterator[str] = iter(())
    else:
        _write_down(chosen)
        lines = stream_with_context(encrypted_csv(reading, g.org.id, chosen))
    response = Response(lines, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{g.org.name}-contacts.csv"'
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _filters() -> Filters:
    for name, values in request.args.lists():
        if len(values) > 1:
            raise ValueError(f"{name[:40]}: stands twice")
    chosen = read_filters(request.args.to_dict())
    with reading() as session:
        check_names(session, chosen)
    return chosen


def _write_down(chosen: Filters) -> None:
    used = {name: value for name, value in request.args.items() if hasattr(chosen, name)}
    detail = json.dumps({"filters": used}, ensure_ascii=False)[:1000]
    with writing() as session:
        audit.record(session, g.org.id, current_user.user.id, "export", detail, clock.now())
