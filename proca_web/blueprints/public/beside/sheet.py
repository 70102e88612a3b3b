"""A sheet to print and hang up: one page with a QR code and the wording; nobody signs on it. Sets no cookie."""

from flask import Blueprint, Response, g, render_template

from proca_web.blueprints.public import signing_form
from proca_web.web import page_cache
from proca_web.web.access import public

bp = Blueprint("sheet", __name__, url_prefix="/p")

SECONDS = 300


@bp.get("/<page>/sheet")
@public
def show(page: str) -> Response:
    """The sheet of a page."""
    return page_cache.serve(f"{page}/sheet", lambda: _render(page), max_age=SECONDS)


def _render(page: str) -> str:
    view = signing_form.view_now(page)
    g.locale = view.facts.locale
    return render_template("public/sheet.html", **signing_form.values_of(view))
