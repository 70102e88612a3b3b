"""Counters: the public one of a campaign, and events by the hour. Never a COUNT over signatures on a page view."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import Dimension, Span
from proca_web.domain.words import DayEvent
from proca_web.models import Action, ActionPage, Campaign, Count
from proca_web.services import driver

_CAMPAIGNS = driver.table(Campaign)
_ONE_NUMBER = ["action_page_id", "hour", "span", "event", "dimension", "value"]
_ADD_TO_HOUR = driver.insert(
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


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day (UTC) in one campaign."""

    day: date
    confirmed: int
    withdrawn: int


def add(session: Session, page_id: int, event: DayEvent, now: datetime, number: int = 1) -> None:
    """So many more of `event` on that page in this hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    bound = {"action_page_id": page_id, "hour": hour, "span": Span.HOUR, "event": event, "number": number}
    session.execute(_ADD_TO_HOUR.of(session), bound | {"dimension": Dimension.ALL, "value": ""})


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


def _on_days(session: Session, campaigns: Sequence[int], since: date, event: DayEvent) -> dict[tuple[int, date], int]:
    midnight = datetime.combine(since, time(), UTC)
    found: Counter[tuple[int, date]] = Counter()
    for campaign, hour, number in session.execute(
        _PER_HOUR, {"campaigns": campaigns, "since": midnight, "event": event}
    ):
        found[campaign, hour.date()] += int(number)
    return found
