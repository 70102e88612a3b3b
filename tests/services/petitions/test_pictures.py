"""Pictures are kept once by their hash, shared, replaced, and forgotten when nobody shows them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from proca_web.config import Settings
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.pages.pictures import PLANS, Drawn, Use
from proca_web.models import ActionPage, Image, Org, Picture
from proca_web.services.petitions.showing import pictures
from tests import factories

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=25)
HERO, LOGO = PictureKind.HERO, PictureKind.LOGO


@pytest.fixture
def settings(tmp_path, database_url: str) -> Settings:
    """On both databases."""
    return factories.settings(tmp_path, database_url)


def drawn(kind: PictureKind, content: bytes = b"drawn") -> list[Drawn]:
    return [Drawn(plan, content + bytes([at])) for at, plan in enumerate(PLANS[kind])]


def orgs(session: Session) -> tuple[Org, Org]:
    one, two = session.scalars(select(Org).where(~Org.is_home).order_by(Org.name))
    return one, two


def images(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Image)) or 0


def test_the_same_picture_is_kept_once_whoever_brings_it(session: Session) -> None:
    one, two = orgs(session)
    first, second = (pictures.store(session, org.id, HERO, drawn(HERO), NOW) for org in (one, two))
    assert first.sizes == second.sizes
    assert images(session) == len(PLANS[HERO])
    assert pictures.of_org(session, one.id, first.id) is first
    assert pictures.of_org(session, one.id, second.id) is None, "a picture of another org does not exist"


def test_a_new_logo_takes_the_place_of_the_one_before(session: Session) -> None:
    one, two = orgs(session)
    pictures.store(session, one.id, LOGO, drawn(LOGO), NOW)
    pictures.store(session, one.id, LOGO, drawn(LOGO, b"other"), NOW)
    one.color = "#b0521c"
    marks = pictures.marks(session, [one, two])
    assert marks[one.id].logo is not None
    assert [source.width for source in marks[one.id].logo.best] == [192, 96]  # type: ignore[union-attr]
    assert marks[one.id].logo.mail.use is Use.MAIL  # type: ignore[union-attr]
    assert (marks[two.id].logo, marks[two.id].initials) == (None, "OT")
    assert pictures.remove_logo(session, one.id)
    assert not pictures.remove_logo(session, one.id)


def test_what_no_page_shows_is_forgotten_after_a_day(session: Session) -> None:
    one, _ = orgs(session)
    page = session.scalars(select(ActionPage).where(ActionPage.org_id == one.id)).one()
    shown = pictures.store(session, one.id, HERO, drawn(HERO, b"shown"), NOW)
    pictures.store(session, one.id, HERO, drawn(HERO, b"unused"), NOW)
    pictures.store(session, one.id, LOGO, drawn(LOGO), NOW)
    page.hero_id = shown.id
    session.flush()
    pictures.sweep(session, NOW)
    assert images(session) == 2 * len(PLANS[HERO]) + len(PLANS[LOGO]), "not before a day is over"
    pictures.sweep(session, LATER)
    assert set(session.scalars(select(Picture.id))) == {shown.id, shown.id + 2}
    assert images(session) == len(PLANS[HERO]) + len(PLANS[LOGO])


def test_an_image_that_comes_again_is_not_forgotten_with_the_one_before(session: Session) -> None:
    one, _ = orgs(session)
    pictures.store(session, one.id, HERO, drawn(HERO), NOW)
    again = pictures.store(session, one.id, HERO, drawn(HERO), LATER)
    pictures.sweep(session, LATER)
    assert session.scalars(select(Picture.id)).all() == [again.id]
    assert images(session) == len(PLANS[HERO])


@pytest.mark.parametrize(
    ("title", "letters"),
    [("Org One", "OO"), ("trees", "T"), ("Ärzte für Bäume", "ÄF"), ("…", "…"), ("«Wald» jetzt", "J")],
)
def test_an_org_without_a_logo_has_its_first_letters(title: str, letters: str) -> None:
    assert pictures.initials(title) == letters
