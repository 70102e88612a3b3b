"""The front page: the campaigns of this instance that can be signed now, and what became of others."""

from flask import Blueprint, Response, current_app, g, render_template, request

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import reading
from proca_web.extensions import encryption
from proca_web.services.petitions.showing import front
from proca_web.web import page_cache
from proca_web.web.access import public

bp = Blueprint("front", __name__)


@bp.get("/")
@public
def index() -> Response:
    """The list of campaigns; with `q` those that say so, which are kept nowhere."""
    query = request.args.get("q", "").strip()[: front.LONGEST_QUERY]
    g.locale = current_app.extensions["proca_settings"].site.language  # as what is kept for everybody
    if query:
        return Response(_render(query))
    return page_cache.serve("front", _render, max_age=10)


def _render(query: str = "") -> str:
    late = late_mail.now(current_app)
    with reading() as session:
        shown = front.read(
            session, encryption.vouching, clock.now(), query, language=g.locale, mail_is_stalled=late.is_stalled
        )
    return render_template("public/front/index.html", front=shown, query=query)
