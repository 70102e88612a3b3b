"""Downloads of an org's encrypted rows: streamed, and each written down in the org's record first."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, g, make_response, render_template, request, stream_with_context
from flask_login import current_user

from proca_web.extensions import db
from proca_web.services import accounts, exporting, overview
from proca_web.services.exporting import Filters
from proca_web.web import errors
from proca_web.web.access import org_member
from proca_web.web.database import writing

bp = Blueprint("console_export", __name__, url_prefix="/console")


@bp.get("/<org>/exports")
@org_member
def show(org: str) -> Response:
    """What can be downloaded, and how to open it."""
    if g.org.is_home:
        abort(404)
    page = render_template(
        "console/exports.html",
        org=g.org,
        places=current_user.memberships,
        released=overview.released(db.session(), g.org.id),
        campaigns=overview.campaign_names_of(db.session(), g.org.id),
        entries=accounts.recent_entries(db.session(), g.org.id, "export"),
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/<org>/exports/contacts.csv")
@org_member
def contacts_csv(org: str) -> Response:
    """The encrypted export as CSV."""
    try:
        filters = exporting.read_filters(request.args.to_dict())
    except ValueError as error:
        return errors.answer(422, advice=str(error))
    org_id, name = g.org.id, g.org.name
    _write_down(org_id, filters)
    response = Response(stream_with_context(_lines(org_id, filters)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-contacts.csv"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _lines(org_id: int, filters: Filters) -> Iterator[str]:
    # The session is taken here, when streaming begins: by then the view's own has ended.
    yield from exporting.csv_lines(db.session.connection(), org_id, filters)


def _write_down(org_id: int, filters: Filters) -> None:
    used = {name: value for name, value in request.args.items() if hasattr(filters, name)}
    user_id = current_user.user.id
    db.session.rollback()  # the record's own short write comes before the read begins
    with writing():
        detail = json.dumps({"filters": used}, ensure_ascii=False)[:1000]
        accounts.record(db.session(), org_id, user_id, "export", detail, datetime.now(UTC))
