"""Counters: the public one of a campaign, and events by the hour. Never a COUNT over signatures on a page view.

What happens in a batch is added by one statement. Where somebody came from is a word anybody can write into an
address, so that only so many of them a day stand by themselves.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import Dimension, Span
from proca_web.domain.words import DayEvent
from proca_web.models import Action, ActionPage, Campaign, Count
from proca_web.services import driver

_Value = tuple[int, str, str]  # page, dimension, value
MOST_VALUES = 50  # a page, day and dimension
OTHER = "other"
SHARED = "share"  # the utm_source of every link that people share
# They stand by themselves however many others there are: a flood of made-up sources must not hide what is asked most.
_ALWAYS = {Dimension.ALL: {""}, Dimension.SOURCE: {"", SHARED}, Dimension.AREA: {""}}
_CAMPAIGNS = driver.table(Campaign)
_ONE_NUMBER = ["action_page_id", "hour", "span", "event", "dimension", "value"]
ADD = driver.insert(
    Count,
    lambda new: new.on_conflict_do_update(
        index_elements=_ONE_NUMBER, set_={"number": Count.number + new.excluded.number}
    ),
)
_ADD = (
    update(_CAMPAIGNS)
    .where(_CAMPAIGNS.c.id == bindparam("campaign"))
    .values(supporter_count=_CAMPAIGNS.c.supporter_count + bindparam("number"), counted_at=bindparam("now"))
    .values(unconfirmed_count=_CAMPAIGNS.c.unconfirmed_count + bindparam("unasked"))
)
_COUNTED = (
    select(func.count())
    .select_from(Action)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .where(ActionPage.campaign_id == _CAMPAIGNS.c.id, Action.counted)
)
_ALL = _COUNTED.scalar_subquery()
_UNASKED = _COUNTED.where(Action.confirm_id.is_(None)).scalar_subquery()
_RECOUNT = update(_CAMPAIGNS).values(supporter_count=_ALL, unconfirmed_count=_UNASKED, counted_at=bindparam("now"))
_MISCOUNTED = select(Campaign.name, Campaign.supporter_count, _ALL).where(
    (Campaign.supporter_count != _ALL) | (Campaign.unconfirmed_count != _UNASKED)
)
_PER_HOUR = (
    select(ActionPage.campaign_id, Count.hour, func.sum(Count.number))
    .join(ActionPage, ActionPage.id == Count.action_page_id)
    .where(ActionPage.campaign_id.in_(bindparam("campaigns", expanding=True)), Count.hour >= bindparam("since"))
    .where(Count.event == bindparam("event"), Count.dimension == Dimension.ALL)
    .group_by(ActionPage.campaign_id, Count.hour)
)
_VALUES = (
    select(Count.action_page_id, Count.dimension, Count.value)
    .where(Count.action_page_id.in_(bindparam("pages", expanding=True)), Count.hour >= bindparam("midnight"))
    .where(Count.dimension.in_((Dimension.SOURCE, Dimension.AREA)))
    .where(Count.event.in_((DayEvent.SUBMITTED, DayEvent.CONFIRMED)))
    .distinct()
)


class Signed(Protocol):
    """A signature as far as it is counted: which page, and whence."""

    @property
    def action_page_id(self) -> int: ...
    @property
    def utm_source(self) -> str: ...
    @property
    def area(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day (UTC) in one campaign."""

    day: date
    confirmed: int
    withdrawn: int


def add(session: Session, page_id: int, event: DayEvent, now: datetime, number: int = 1) -> None:
    """So many more of `event` on that page in this hour."""
    _add(session, {(page_id, Dimension.ALL, ""): number}, event, now)


def add_each(session: Session, pages: Iterable[int], event: DayEvent, now: datetime) -> None:
    """One more of `event` for each of these pages; a page may stand there often."""
    _add(session, Counter((page, Dimension.ALL, "") for page in pages), event, now)


def add_signed(session: Session, signed: Iterable[Signed], event: DayEvent, now: datetime) -> None:
    """One more of `event` for each of these signatures: by itself, by source and by country."""
    numbers: Counter[_Value] = Counter()
    for each in signed:
        page = each.action_page_id
        numbers[page, Dimension.ALL, ""] += 1
        numbers[page, Dimension.SOURCE, each.utm_source] += 1
        numbers[page, Dimension.AREA, each.area] += 1
    if numbers:
        _add(session, _few(session, numbers, now), event, now)


def count(session: Session, campaign_id: int, number: int, now: datetime, *, unasked: int = 0) -> None:
    """So many more accepted, non-testing supporters of the campaign; `unasked` of them confirmed nothing."""
    session.execute(_ADD, {"campaign": campaign_id, "number": number, "unasked": unasked, "now": now})


def uncount(session: Session, campaign_id: int, now: datetime, *, is_unasked: bool) -> None:
    """One supporter fewer, after a withdrawal."""
    count(session, campaign_id, -1, now, unasked=-int(is_unasked))


def recount(session: Session, now: datetime) -> None:
    """Set every campaign's counter to what its signatures say; the nightly correction."""
    session.execute(_RECOUNT, {"now": now})


def miscounted(session: Session) -> list[str]:
    """Campaigns whose counter is not what their signatures say, as sentences; reads all that is counted."""
    return [
        f"campaign {name} shows {shown:,} signatures, and {counted:,} are counted; a worker sets it right within a day"
        for name, shown, counted in session.execute(_MISCOUNTED.order_by(Campaign.id))
    ]


def per_day(session: Session, campaigns: Sequence[int], today: date, days: int) -> dict[int, list[Day]]:
    """People who came and went in each campaign on each of the last `days` days, oldest first, empty ones included."""
    since = today - timedelta(days=days - 1)
    each = [since + timedelta(days=number) for number in range(days)]
    came, went = (_on_days(session, campaigns, since, event) for event in (DayEvent.CONFIRMED, DayEvent.WITHDRAWN))
    return {
        campaign: [Day(day, came.get((campaign, day), 0), went.get((campaign, day), 0)) for day in each]
        for campaign in campaigns
    }


def _add(session: Session, numbers: Mapping[_Value, int], event: DayEvent, now: datetime) -> None:
    """In one order everywhere, so that nobody who adds waits for another who waits."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    to = {"hour": hour, "span": Span.HOUR, "event": event}
    rows = [
        to | {"action_page_id": page, "dimension": dimension, "value": value, "number": number}
        for (page, dimension, value), number in sorted(numbers.items())
    ]
    if rows:
        session.execute(ADD.of(session), rows)


def _few(session: Session, numbers: Counter[_Value], now: datetime) -> Counter[_Value]:
    """The same with what is too many a day under `other`; who adds at the same moment may make it a few more."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    known = {(page, dimension): set(_ALWAYS[Dimension(dimension)]) for page, dimension, _ in numbers}
    for page, dimension, value in session.execute(
        _VALUES, {"pages": sorted({page for page, _, _ in numbers}), "midnight": midnight}
    ):
        known[page, dimension].add(value)
    few: Counter[_Value] = Counter()
    for (page, dimension, value), number in numbers.most_common():
        there = known[page, dimension]
        stands = value in there or len(there) < MOST_VALUES - 1
        few[page, dimension, value if stands else OTHER] += number
        there.add(value if stands else OTHER)
    return few


def _on_days(session: Session, campaigns: Sequence[int], since: date, event: DayEvent) -> dict[tuple[int, date], int]:
    midnight = datetime.combine(since, time(), UTC)
    found: Counter[tuple[int, date]] = Counter()
    for campaign, hour, number in session.execute(
        _PER_HOUR, {"campaigns": campaigns, "since": midnight, "event": event}
    ):
        found[campaign, hour.date()] += int(number)
    return found
