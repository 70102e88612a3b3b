"""What a page tells beside its form: what there is none of is left out, and numbers are told where they help."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.words import DayEvent
from proca_web.models import ActionPage
from proca_web.services.petitions import counting
from proca_web.services.petitions.showing import story
from proca_web.services.petitions.showing.story import Story

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def page_of(session: Session) -> ActionPage:
    return session.scalars(select(ActionPage).where(ActionPage.name == "trees")).one()


def told(session: Session) -> Story:
    session.flush()
    return story.read(session, page_of(session), NOW)


def test_a_page_that_says_nothing_more_shows_nothing_more(session: Session) -> None:
    shown = told(session)
    assert (shown.shot, shown.addressee, shown.closes_on, shown.days_left, shown.closed_on) == (
        None,
        "",
        None,
        None,
        None,
    )
    assert (shown.today, shown.milestones, shown.next, shown.elsewhere, shown.outcome) == (0, [], None, [], None)


def test_all_who_have_a_page_of_the_campaign_ask_together(session: Session) -> None:
    assert [(each.mark.name, each.page) for each in told(session).askers] == [
        ("Org One", ""),
        ("Org Two", "trees-partner"),
    ]


@pytest.mark.parametrize(("number", "shown"), [(0, 0), (2, 0), (3, 3), (12, 12)])
def test_today_is_told_from_three_on(session: Session, number: int, shown: int) -> None:
    if number:
        counting.add(session, page_of(session).id, DayEvent.CONFIRMED, NOW, number)
    assert told(session).today == shown


@pytest.mark.parametrize(
    ("closes", "last", "left"),
    [
        (datetime(2026, 7, 1, tzinfo=UTC), date(2026, 6, 30), 41),
        (datetime(2026, 5, 21, tzinfo=UTC), date(2026, 5, 20), 0),
        (datetime(2026, 8, 1, tzinfo=UTC), date(2026, 7, 31), None),
    ],
)
def test_days_left_are_told_below_sixty(session: Session, closes: datetime, last: date, left: int | None) -> None:
    page_of(session).campaign.closes_at = closes
    assert (told(session).closes_on, told(session).days_left) == (last, left)


def test_the_last_day_is_that_of_the_org(session: Session) -> None:
    page_of(session).campaign.closes_at = datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert told(session).closes_on == date(2026, 6, 30)
    page_of(session).org.time_zone = "Asia/Tokyo"
    assert told(session).closes_on == date(2026, 7, 1)


def test_milestones_stand_by_number_then_by_day_and_the_next_one_says_how_many_are_lacking(session: Session) -> None:
    page = page_of(session)
    page.campaign.supporter_count = 412
    page.milestones = [
        {"day": "2026-07-07", "text": "we hand it over"},
        {"number": 500, "text": "we ask for a hearing"},
        {"number": 250, "text": "we meet the office"},
        {"day": "2026-05-01", "text": "we begin"},
    ]
    shown = told(session)
    assert [(each.number, each.day, each.is_reached) for each in shown.milestones] == [
        (250, None, True),
        (500, None, False),
        (None, date(2026, 5, 1), True),
        (None, date(2026, 7, 7), False),
    ]
    assert shown.next is not None
    assert (shown.next.number, shown.next.to_go) == (500, 88)


def test_a_page_that_is_over_says_since_when(session: Session) -> None:
    page_of(session).campaign.closes_at = NOW - timedelta(hours=13)
    shown = told(session)
    assert (shown.closed_on, shown.days_left) == (date(2026, 5, 19), None)
