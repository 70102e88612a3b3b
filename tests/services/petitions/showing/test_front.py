"""The home page: one card a campaign, the soonest deadline first, what became of others, and what a search finds."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import NewsKind
from proca_web.domain.words import Publication
from proca_web.extensions import db, encryption
from proca_web.models import ActionPage, Campaign, News, Org
from proca_web.services.petitions import campaigns, pages
from proca_web.services.petitions.showing import front
from proca_web.services.petitions.showing.front import Front
from tests.factories import page_settings

NOW = datetime.now(UTC)


def shown(session: Session, query: str = "") -> Front:
    session.flush()
    return front.read(session, encryption.vouching, NOW, query, mail_is_stalled=lambda _: False)


def another(session: Session, name: str, days: int = 0, **settings: str) -> Campaign:
    """One more campaign of Org One, live, with a page and perhaps a last day."""
    org = session.scalars(select(Org).where(Org.name == "org-one")).one()
    campaign = campaigns.add_campaign(session, name, name, org, NOW)
    campaign.closes_at = NOW + timedelta(days=days) if days else None
    page = pages.add_page(session, name, campaign, org, page_settings(title=name, **settings), NOW)
    page.status = Publication.LIVE
    return campaign


def test_a_campaign_is_one_card_with_all_its_orgs(session: Session) -> None:
    (card,) = shown(session).open
    assert (card.slug, [mark.name for mark in card.marks]) == ("trees", ["Org One", "Org Two"])


def test_the_soonest_deadline_comes_first_and_those_without_one_last(session: Session) -> None:
    another(session, "late", 30)
    another(session, "soon", 3)
    assert [card.slug for card in shown(session).open] == ["soon", "late", "trees"]


def test_a_campaign_before_its_day_is_on_no_list_and_one_after_it_among_the_others(session: Session) -> None:
    another(session, "early").opens_at = NOW + timedelta(days=1)
    another(session, "over").closes_at = NOW - timedelta(days=1)
    found = shown(session)
    assert [card.slug for card in found.open] == ["trees"]
    assert [card.slug for card in found.ended] == ["over"]


def test_a_closed_campaign_tells_its_last_outcome(session: Session) -> None:
    campaigns.close_campaign(another(session, "bridge"), NOW)
    page = session.scalars(select(ActionPage).where(ActionPage.name == "bridge")).one()
    for title, ago in (("The council said yes", 1), ("Handed over", 9)):
        when = NOW - timedelta(days=ago)
        session.add(News(page_id=page.id, kind=NewsKind.OUTCOME, title=title, published_at=when))
    (card,) = shown(session).ended
    assert (card.slug, card.outcome) == ("bridge", "The council said yes")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("STREET", ["trees"]),
        ("neighbours", ["trees"]),
        ("org two", ["trees"]),
        ("%", []),
        ("_", []),
        ("nothing of the kind", []),
    ],
)
def test_a_search_finds_what_a_page_or_an_org_says(session: Session, query: str, found: list[str]) -> None:
    another(session, "bridge", demand="Mend it.")
    assert [card.slug for card in shown(session, query).open] == found


def test_a_search_is_offered_from_ten_campaigns_on(session: Session) -> None:
    for number in range(8):
        another(session, f"more-{number}")
    assert not shown(session).is_searched
    another(session, "the-tenth")
    assert shown(session).is_searched


def test_it_asks_the_database_as_often_for_many_campaigns_as_for_few(session: Session) -> None:
    another(session, "one")
    campaigns.close_campaign(another(session, "closed"), NOW)
    few = statements(session)
    for number in range(12):
        another(session, f"more-{number}", number + 1)
        campaigns.close_campaign(another(session, f"closed-{number}"), NOW)
    assert statements(session) == few


def statements(session: Session) -> int:
    """How many it takes."""
    session.flush()
    session.expire_all()
    said: list[str] = []

    def note(*given: object) -> None:
        said.append(str(given[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        shown(session)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(said)
