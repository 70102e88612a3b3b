"""News of a page as an Atom feed: the same for everybody, with addresses that work anywhere. Sets no cookie."""

from flask import Blueprint, Response, render_template

from proca_web.blueprints.public.beside import view_now
from proca_web.web import page_cache
from proca_web.web.access import public

bp = Blueprint("feed", __name__, url_prefix="/p")

SECONDS = 300


@bp.get("/<page>/feed.xml")
@public
def show(page: str) -> Response:
    """The newest news of a page."""
    mimetype = "application/atom+xml"
    return page_cache.serve(f"{page}/feed.xml", lambda: _render(page), max_age=SECONDS, mimetype=mimetype)


def _render(page: str) -> str:
    view = view_now(page)
    news = view.story.all_news
    since = max((each.changed_at for each in news), default=view.story.made_at)
    return render_template("public/feed.xml", view=view, news=news, since=since)
