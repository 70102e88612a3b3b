"""The org's console: where its campaigns stand."""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from proca_web.extensions import db
from proca_web.services import key_views, overview
from proca_web.web.access import org_member, staff

bp = Blueprint("console", __name__, url_prefix="/console")


@bp.get("/")
@staff
def start() -> ResponseReturnValue:
    """To the org of whoever is signed in; to a choice where there are several."""
    places = current_user.memberships
    if not places:
        abort(404)
    return redirect(url_for("console.show", org=places[0].org.name), code=303)


@bp.get("/<org>/")
@org_member
def show(org: str) -> Response:
    """An org's campaigns with counts and a chart; for the Home Org, how the instance is doing."""
    now = datetime.now(UTC)
    if g.org.is_home:
        return _private(
            "console/instance.html",
            health=overview.instance(db.session(), now),
            changes=key_views.changes(db.session(), current_user.user.id),
            now=now,
        )
    return _private(
        "console/show.html",
        campaigns=overview.campaigns_of(db.session(), g.org.id, now.date()),
        key=key_views.active(db.session(), g.org, "recipient", now),
        rows=key_views.rows_of(db.session(), g.org),
        now=now,
    )


@bp.get("/<org>/campaigns")
@org_member
def campaigns(org: str) -> Response:
    """The campaigns alone."""
    return _private(
        "console/campaigns.html",
        campaigns=overview.campaigns_of(db.session(), g.org.id, datetime.now(UTC).date()),
    )


def _private(template: str, **values: object) -> Response:
    response = make_response(render_template(template, org=g.org, places=current_user.memberships, **values))
    response.headers["Cache-Control"] = "no-store"
    return response
