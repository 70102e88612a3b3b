"""A campaign in numbers, from what was counted. On both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.domain.errors import PageNotFound
from proca_web.domain.words import DayEvent
from proca_web.extensions import db
from proca_web.models import ActionPage, Campaign, Org
from proca_web.services.petitions import counting
from proca_web.services.petitions.numbers import as_rows, statistics
from proca_web.services.petitions.numbers.statistics import Line, Statistics
from tests.databases import ON_BOTH
from tests.factories import World

NOW = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = ON_BOTH


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.app.app_context(), writing() as session:
        yield session


def page_of(session: Session, name: str = "trees") -> ActionPage:
    return session.scalars(select(ActionPage).where(ActionPage.name == name)).one()


def signed(session: Session, number: int, now: datetime = NOW, source: str = "", area: str = "", **more: str) -> None:
    """So many sent, mailed and confirmed at once."""
    page = page_of(session, more.get("page", "trees")).id
    each = [SimpleNamespace(action_page_id=page, utm_source=source, area=area)] * number
    for what in (DayEvent.SUBMITTED, DayEvent.CONFIRMED):
        counting.add_signed(session, each, what, now)
    counting.add_each(session, [page] * number, DayEvent.MAILED, now)


def numbers(session: Session, org: str = "org-one", page: str = "", days: int = 30, zone: str = "UTC") -> Statistics:
    campaign = session.scalars(select(Campaign)).one()
    pages = statistics.pages_of(session, campaign, session.scalars(select(Org).where(Org.name == org)).one())
    return statistics.of(session, campaign, statistics.chosen(pages, page), days, NOW, zone=zone)


def test_today_stands_beside_yesterday_by_now(session: Session) -> None:
    for number, before in ((3, 0 * HOUR), (2, 5 * HOUR), (8, DAY), (5, DAY + HOUR), (7, DAY - 5 * HOUR), (9, 6 * DAY)):
        signed(session, number, NOW - before)
    found = numbers(session)
    assert (found.today, found.yesterday, found.week) == (5, 4 + 5, 34)
    assert [bar.number for bar in found.days[-2:]] == [20, 5]
    assert (len(found.days), found.days[-1].is_open, found.days[-2].is_open) == (30, True, False)
    assert (len(found.hours), found.hours[-1].number, found.hours[-1].is_open) == (48, 3, True)


def test_a_day_begins_where_the_org_is(session: Session) -> None:
    signed(session, 4, NOW.replace(hour=0) - HOUR)
    assert (numbers(session).today, numbers(session, zone="Europe/Berlin").today) == (0, 4)


def test_what_became_of_the_forms_adds_up_to_those_that_were_sent(session: Session) -> None:
    page = page_of(session).id
    counting.add(session, page, DayEvent.CONFIRMED, NOW - 20 * DAY, 1_000)  # before forms were counted
    signed(session, 60)
    signed(session, 10, source="share")
    counting.add(session, page, DayEvent.SUBMITTED, NOW, 30)
    for what in DayEvent.REPEATED, DayEvent.EXPIRED, DayEvent.REFUSED, DayEvent.BOUNCED, DayEvent.WITHDRAWN:
        counting.add(session, page, what, NOW, 2)
    sent = numbers(session).sent
    assert (sent.submitted, sent.mailed, sent.confirmed, sent.shared) == (100, 70, 70, 10)
    assert (sent.people, sent.waiting, sent.ends["refused"]) == (68, 22, 4)
    assert sent.people + sent.waiting + sum(sent.ends.values()) == sent.submitted


def test_a_country_has_its_own_line_from_ten_people_on(session: Session) -> None:
    for number, area in ((12, "DE"), (10, "AT"), (9, "CH"), (1, "FR"), (3, "")):
        signed(session, number, area=area)
    areas = numbers(session).areas
    assert areas.lines == [Line("DE", 12), Line("AT", 10), Line("", 3)]
    assert (areas.rest, areas.total) == (10, 35)
    assert "CH" not in str([*as_rows.of(numbers(session))])


def test_sources_are_of_the_days_asked_for(session: Session) -> None:
    signed(session, 5, NOW - 10 * DAY, "newsletter")
    signed(session, 2, NOW, "share")
    assert numbers(session, days=7).sources.lines == [Line("share", 2)]
    assert numbers(session, days=0).sources.lines == [Line("newsletter", 5), Line("share", 2)]


def test_a_lead_sees_all_pages_and_a_partner_its_own(session: Session) -> None:
    signed(session, 5)
    signed(session, 3, page="trees-partner")
    assert [(page.name, page.people, page.today) for page in numbers(session).pages] == [
        ("trees", 5, 5),
        ("trees-partner", 3, 3),
    ]
    partner = numbers(session, "org-two")
    assert ([page.name for page in partner.pages], partner.here, partner.sent.submitted) == (["trees-partner"], 3, 3)
    assert numbers(session, page="trees-partner").here == 3
    with pytest.raises(PageNotFound):
        numbers(session, "org-two", page="trees")


def test_no_signature_is_asked(session: Session) -> None:
    asked: list[str] = []
    bind = db.engine
    event.listen(bind, "before_cursor_execute", lambda _c, _k, sql, *_: asked.append(sql))
    numbers(session)
    assert 0 < len(asked) < 20
    assert not [sql for sql in asked if "FROM actions" in sql or "JOIN actions" in sql]


def test_a_partner_without_a_page_has_no_numbers(session: Session) -> None:
    signed(session, 5)
    found = statistics.of(session, session.scalars(select(Campaign)).one(), [], 30, NOW)
    assert (found.here, found.today, found.sent.submitted, found.sources.lines, found.pages) == (0, 0, 0, [], [])
