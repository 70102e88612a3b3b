"""The front page: the petitions of this instance that can be signed now."""

from flask import Blueprint, Response, current_app, render_template

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import reading
from proca_web.extensions import encryption
from proca_web.services.petitions import views
from proca_web.web import page_cache
from proca_web.web.access import public

bp = Blueprint("front", __name__)


@bp.get("/")
@public
def index() -> Response:
    """The list of live petitions."""
    return page_cache.serve("front", _render, max_age=10)


def _render() -> str:
    late = late_mail.now(current_app)
    with reading() as session:
        petitions = views.live(session, encryption.vouching, clock.now(), mail_is_stalled=late.is_stalled)
    return render_template("public/front/index.html", petitions=petitions)
