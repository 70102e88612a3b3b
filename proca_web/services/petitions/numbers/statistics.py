"""A campaign in numbers, for those who run it: its lead sees all pages, a partner its own.

Made of sums that say nothing of a person; a country stands by itself from ten people on. Asks no signature.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from proca_web.domain.campaign_words import Dimension
from proca_web.domain.errors import PageNotFound
from proca_web.domain.words import DayEvent
from proca_web.models import ActionPage, Campaign, Org
from proca_web.services.petitions import counting
from proca_web.services.petitions.numbers import charts, fates, reading
from proca_web.services.petitions.numbers.charts import Bar
from proca_web.services.petitions.numbers.fates import Sent

MOST_PAGES = 200
LISTED = 20
NAMED_FROM = 10  # a country with fewer people has no line of its own
DAYS = (30, 7, 0)  # 0: since the start
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """So many people of a source or country."""

    value: str
    number: int


@dataclass(frozen=True, slots=True)
class Lines:
    """The largest of a dimension; `rest` are the others together, `total` is all."""

    lines: list[Line]
    rest: int
    total: int


@dataclass(frozen=True, slots=True)
class PageNumbers:
    """A page: people it brought, and today."""

    name: str
    title: str
    org: str
    locale: str
    people: int
    today: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """All that the screen shows. `people` is the campaign's count, all its pages together; `here` of those asked."""

    people: int
    goal: int
    here: int
    today: int
    yesterday: int
    week: int
    days: list[Bar]
    hours: list[Bar]
    sent: Sent
    sources: Lines
    areas: Lines
    pages: list[PageNumbers]
    delay: timedelta = field(default=timedelta(0))


def pages_of(session: Session, campaign: Campaign, org: Org) -> list[ActionPage]:
    """The pages whose numbers an org sees: all of a campaign that it leads, of others its own."""
    query = select(ActionPage).where(ActionPage.campaign_id == campaign.id).options(joinedload(ActionPage.org))
    if campaign.org_id != org.id:
        query = query.where(ActionPage.org_id == org.id)
    return list(session.scalars(query.order_by(ActionPage.position, ActionPage.id).limit(MOST_PAGES)))


def chosen(pages: Sequence[ActionPage], name: str) -> list[ActionPage]:
    """The one of that name; without a name, all of them. Raises PageNotFound."""
    found = [page for page in pages if page.name == name] if name else [*pages]
    if name and not found:
        raise PageNotFound(name)
    return found


def of(
    session: Session,
    campaign: Campaign,
    pages: Sequence[ActionPage],
    days: int,
    now: datetime,
    *,
    zone: str = "UTC",
    delay_of: Callable[[str], timedelta] = lambda org: timedelta(0),
) -> Statistics:
    """The numbers of these pages; `days` back for sources and countries, 0 for all time. Days are those of `zone`."""
    local, ids = now.astimezone(ZoneInfo(zone)), [page.id for page in pages]
    hours = reading.confirmed(session, ids, charts.begin(local))
    by_day = charts.by_day(hours, local)
    since = _midnight(local, local.date() - timedelta(days=days - 1)) if days else _START
    totals, today = reading.by_page(session, ids), reading.came(session, ids, _midnight(local, local.date()))
    each = [_page(page, totals, today) for page in pages]
    return Statistics(
        people=campaign.supporter_count,
        goal=campaign.goal,
        here=sum(page.people for page in each),
        today=by_day[-1].number,
        yesterday=charts.by_now(hours, local - timedelta(days=1)),
        week=sum(bar.number for bar in by_day[-7:]),
        days=by_day,
        hours=charts.by_hour(hours, local),
        sent=fates.of(session, ids),
        sources=_sources(*reading.values(session, ids, since, Dimension.SOURCE)),
        areas=_areas(*reading.values(session, ids, since, Dimension.AREA)),
        pages=sorted(each, key=lambda page: -page.people),
        delay=max((delay_of(page.org.name) for page in pages), default=timedelta(0)),
    )


def _page(page: ActionPage, totals: dict[tuple[int, str], int], today: dict[int, int]) -> PageNumbers:
    people = totals.get((page.id, DayEvent.CONFIRMED), 0) - totals.get((page.id, DayEvent.WITHDRAWN), 0)
    return PageNumbers(page.name, page.title, page.org.title, page.locale, max(people, 0), today.get(page.id, 0))


def _sources(found: Sequence[tuple[str, int]], total: int) -> Lines:
    lines = [Line(*each) for each in found if each[0] != counting.OTHER][:LISTED]
    return Lines(lines, total - sum(line.number for line in lines), total)


def _areas(found: Sequence[tuple[str, int]], total: int) -> Lines:
    """Those who named no country have a line however few they are: it says nothing of anybody."""
    named = [Line(*each) for each in found if each[0] and each[0] != counting.OTHER and each[1] >= NAMED_FROM]
    lines = named + [Line(*each) for each in found if not each[0]]
    return Lines(lines, total - sum(line.number for line in lines), total)


def _midnight(local: datetime, day: date) -> datetime:
    return datetime.combine(day, time(), local.tzinfo).astimezone(UTC)
