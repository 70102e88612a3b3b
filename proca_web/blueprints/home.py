"""The front page: the petitions of this instance that can be signed now."""

from flask import Blueprint, Response, current_app, render_template

from proca_web.extensions import db
from proca_web.services import page_views
from proca_web.web import page_cache
from proca_web.web.access import public

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def index() -> Response:
    """The list of live petitions."""
    return page_cache.serve(
        id(current_app.extensions),
        "/",
        lambda: render_template("home/index.html", petitions=page_views.live(db.session())),
        max_age=10,
    )
