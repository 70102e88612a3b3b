"""A sheet to print and hang up: one page with a QR code and the wording; nobody signs on it. Sets no cookie."""

from flask import Blueprint, Response, render_template

from proca_web.blueprints.public.beside import view_now
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
    view = view_now(page)
    return render_template("public/sheet.html", view=view, faults={})
