"""A page's address: made of its title, changed at will, and never lost."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting, NameTaken
from proca_web.models import ActionPage, AuditEntry, PageSlug
from proca_web.services.petitions import pages
from proca_web.services.petitions.making import slugs
from tests.factories import page_settings

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def page(session: Session) -> ActionPage:
    return session.scalars(select(ActionPage).where(ActionPage.name == "trees")).one()


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Keep our street trees", "keep-our-street-trees"),
        ("  100 % Ökostrom für Köln – jetzt!  ", "100-oekostrom-fuer-koeln-jetzt"),
        ("Ratujmy Żółte Łąki", "ratujmy-zolte-laki"),
        ("L’été à l'école", "lete-a-lecole"),
        ("Збережімо дерева", "zberezhimo-dereva"),
        ("Σώστε τα δέντρα", "soste-ta-dentra"),
        ("樹", "petition"),
        ("…", "petition"),
        ("a" * 80, "a" * 64),
        ("tree " * 20, "-".join(["tree"] * 12) + "-tree"),
        ("\u202eevil\u202c title", "evil-title"),
    ],
)
def test_an_address_spells_the_title_in_small_latin_letters(title: str, slug: str) -> None:
    assert slugs.spelled(title) == slug


def test_a_suggestion_is_free(session: Session) -> None:
    assert slugs.suggest(session, "Rivers") == "rivers"
    assert slugs.suggest(session, "Trees") == "trees-2"


def test_a_changed_address_leaves_the_name_and_stands_in_the_record(session: Session, page: ActionPage) -> None:
    slugs.change(session, page, "street-trees", None, NOW)
    assert (page.name, page.slug, slugs.now_at(session, "trees")) == ("trees", "street-trees", "street-trees")
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.event, entry.detail) == (
        "page-address",
        '{"page": "trees", "changes": {"slug": ["trees", "street-trees"]}}',
    )


def test_every_earlier_address_leads_to_the_present_one_and_may_be_taken_back(
    session: Session, page: ActionPage
) -> None:
    for slug in ("two", "three", "trees"):
        slugs.change(session, page, slug, None, NOW)
    assert [slugs.now_at(session, slug) for slug in ("trees", "two", "three")] == [None, "trees", "trees"]
    slugs.change(session, page, "trees", None, NOW)
    assert session.scalars(select(PageSlug.slug).order_by(PageSlug.slug)).all() == ["three", "two"]


@pytest.mark.parametrize("slug", ["trees-partner", "old-partner", "partner-now"])
def test_what_another_page_is_named_has_or_had_is_taken(session: Session, page: ActionPage, slug: str) -> None:
    other = session.scalars(select(ActionPage).where(ActionPage.name == "trees-partner")).one()
    for address in ("old-partner", "partner-now"):
        slugs.change(session, other, address, None, NOW)
    with pytest.raises(NameTaken):
        slugs.change(session, page, slug, None, NOW)
    with pytest.raises(NameTaken):
        pages.add_page(session, slug, page.campaign, page.org, page_settings(), NOW)


@pytest.mark.parametrize("slug", ["", "Ä", "a b", "../x", "a" * 65])
def test_what_is_no_name_is_no_address(session: Session, page: ActionPage, slug: str) -> None:
    with pytest.raises(BadSetting):
        slugs.change(session, page, slug, None, NOW)
