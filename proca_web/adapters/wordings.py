"""Wordings renewed when their orgs, keys or policy have changed, each in its page's language."""

from flask_babel import force_locale, gettext
from sqlalchemy import select

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.models import ActionPage
from proca_web.services.petitions import wordings


def refresh_wordings() -> None:
    """Bring the wording of every live page up to date with its orgs, keys and language."""
    with reading() as session:
        ids = session.scalars(select(ActionPage.id).where(ActionPage.status == "live")).all()
    for page_id in ids:
        with writing() as session:
            page = session.get_one(ActionPage, page_id)
            with force_locale(page.locale):
                wordings.refresh(session, page, gettext, clock.now())
