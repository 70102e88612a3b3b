"""How many signed an org's petitions today and lately: from counters by the hour, whatever the number of signatures."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import Dimension
from proca_web.domain.transient import State
from proca_web.domain.words import DayEvent
from proca_web.models import Action, ActionPage, Campaign, Count, Org, Transient
from proca_web.services.petitions.counting import Day

CHART_DAYS, WEEK = 30, 7
MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class Figures:
    """An org in numbers; days are those of its time zone. `waiting_more`: there are more than were looked at."""

    today: int
    yesterday_by_now: int
    by: datetime
    week: int
    days: list[Day]
    waiting: int
    waiting_more: bool


def pages_of(org_id: int) -> Select[int]:
    """Statement: the pages that count for an org: its own, and all of the campaigns it leads."""
    query = select(ActionPage.id).join(Campaign, Campaign.id == ActionPage.campaign_id)
    return query.where(or_(ActionPage.org_id == org_id, Campaign.org_id == org_id))


def of(session: Session, org: Org, now: datetime) -> Figures:
    """What they are now. Yesterday is counted up to the end of the hour that it is now."""
    zone = ZoneInfo(org.time_zone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone)
    since = (midnight - timedelta(days=CHART_DAYS - 1)).astimezone(UTC)
    came = _by_hour(session, org.id, since, DayEvent.CONFIRMED)
    went = _by_hour(session, org.id, since, DayEvent.WITHDRAWN)
    by = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    days = _days(midnight, came, went, zone)
    yesterday = (midnight - timedelta(days=1)).astimezone(UTC)
    until = by - timedelta(days=1)
    waiting, more = _waiting(session, org.id)
    return Figures(
        today=days[-1].confirmed,
        yesterday_by_now=sum(number for hour, number in came.items() if yesterday <= hour < until),
        by=by.astimezone(zone),
        week=sum(day.confirmed for day in days[-WEEK:]),
        days=days,
        waiting=waiting,
        waiting_more=more,
    )


def today_of(session: Session, page_ids: Collection[int], org: Org, now: datetime) -> Mapping[int, int]:
    """How many confirmed on each of these pages since midnight of the org."""
    zone = ZoneInfo(org.time_zone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)
    of_pages = _counted(DayEvent.CONFIRMED, midnight).where(Count.action_page_id.in_(page_ids))
    grouped = of_pages.add_columns(Count.action_page_id).group_by(Count.action_page_id)
    return {page: int(number) for number, page in session.execute(grouped)}


def _counted(event: DayEvent, since: datetime) -> Select[int]:
    what = (Count.event == event, Count.dimension == Dimension.ALL, Count.hour >= since)
    return select(func.sum(Count.number)).where(*what)


def _by_hour(session: Session, org_id: int, since: datetime, event: DayEvent) -> dict[datetime, int]:
    of_org = _counted(event, since).where(Count.action_page_id.in_(pages_of(org_id)))
    grouped = of_org.add_columns(Count.hour).group_by(Count.hour)
    return {hour: int(number) for number, hour in session.execute(grouped)}


def _days(midnight: datetime, came: Mapping[datetime, int], went: Mapping[datetime, int], zone: ZoneInfo) -> list[Day]:
    arrived, left = (_on_days(hours, zone) for hours in (came, went))
    each = [midnight.date() - timedelta(days=ago) for ago in reversed(range(CHART_DAYS))]
    return [Day(day, arrived[day.isoformat()], left[day.isoformat()]) for day in each]


def _on_days(hours: Mapping[datetime, int], zone: ZoneInfo) -> Counter[str]:
    found: Counter[str] = Counter()
    for hour, number in hours.items():
        found[hour.astimezone(zone).date().isoformat()] += number
    return found


def _waiting(session: Session, org_id: int) -> tuple[int, bool]:
    """How many have a link in their mailbox; of the whole site no more are looked at than a page view may."""
    some = select(Transient.action_id).where(Transient.state == State.WAITING).limit(MOST_WAITING + 1).subquery()
    own = (Action.action_page_id.in_(pages_of(org_id)), ~Action.testing)
    all_, number = session.execute(
        select(func.count(), func.count(Action.id))
        .select_from(some)
        .outerjoin(Action, (Action.id == some.c.action_id) & own[0] & own[1])
    ).one()
    return number, all_ > MOST_WAITING
