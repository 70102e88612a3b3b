"""All comments of a page that everybody may read, some at a time. Sets no cookie."""

from flask import Blueprint, Response, render_template, request

from proca_web.adapters.database import reading
from proca_web.blueprints.public.beside import view_now
from proca_web.domain.words import CommentPolicy
from proca_web.services.petitions.showing import comments
from proca_web.services.petitions.showing.comments import MOST_SCREENS, ON_A_SCREEN
from proca_web.web import page_cache
from proca_web.web.access import public

bp = Blueprint("page_comments", __name__, url_prefix="/p")

SECONDS = 10


@bp.get("/<page>/comments")
@public
def show(page: str) -> Response:
    """One screen of them, the newest first."""
    number = min(max(request.args.get("number", 1, type=int), 1), MOST_SCREENS)
    return page_cache.serve(f"{page}/comments/{number}", lambda: _render(page, number), max_age=SECONDS)


def _render(page: str, number: int) -> str:
    view = view_now(page)
    with reading() as session:
        is_public = view.facts.policy.comment == CommentPolicy.PUBLIC
        skip = (number - 1) * ON_A_SCREEN
        said = comments.shown(session, view.facts.id, ON_A_SCREEN + 1, skip) if is_public else []
    has_more = len(said) > ON_A_SCREEN and number < MOST_SCREENS
    values = {"said": said[:ON_A_SCREEN], "number": number, "has_more": has_more}
    return render_template("public/action_page/comments.html", view=view, faults={}, **values)
