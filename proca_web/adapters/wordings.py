"""Wordings renewed when their orgs, keys or policy have changed, each in its page's language."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import current_app
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.encryption import vouching_if_known, vouching_of
from proca_web.domain.pages.wording import Translate
from proca_web.domain.words import Publication
from proca_web.models import ActionPage
from proca_web.services.petitions import wordings


def refresh_wordings() -> None:
    """Bring the wording of every live page up to date with its orgs, keys and language.

    Not while the guard cannot be read: pages are refused meanwhile, and their words wait.
    """
    vouching = vouching_if_known(current_app)
    if vouching is None:
        current_app.logger.critical("wordings: the guard cannot be read; they stay as they are")
        return
    with reading() as session:
        ids = session.scalars(select(ActionPage.id).where(ActionPage.status == Publication.LIVE)).all()
    for page_id in ids:
        with writing() as session:
            page = session.get_one(ActionPage, page_id)
            with force_locale(page.locale):
                wordings.refresh(session, page, gettext, vouching, clock.now())


def renew_wordings(session: Session, of_org: int | None = None) -> list[ActionPage]:
    """The same within a change that is just made, of all or one org; the live pages that got a new wording."""
    return wordings.renew(session, spoken, vouching_of(current_app), clock.now(), of_org)


@contextmanager
def spoken(locale: str) -> Iterator[Translate]:
    """Translates into that language, inside the app's context."""
    with force_locale(locale):
        yield gettext


def renewing(session: Session) -> Callable[[ActionPage], bool]:
    """How one page's wording is brought up to date inside a transaction, in the page's language."""
    vouching = vouching_of(current_app)

    def renew(page: ActionPage) -> bool:
        with force_locale(page.locale):
            return wordings.refresh(session, page, gettext, vouching, clock.now())

    return renew
