"""What belongs to a petition beside its page: comments, the feed of its news, the sheet to print. Nothing is signed."""

from flask import g

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.extensions import encryption
from proca_web.services.petitions import views
from proca_web.services.petitions.views import PageView


def view_now(page: str) -> PageView:
    """What the page shows now, answered in its language. Raises PageNotFound."""
    with reading() as session:
        view = views.read(session, page, encryption.vouching, clock.now())
    g.locale = view.facts.locale
    return view
