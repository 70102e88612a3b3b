"""Counters: the public one of a campaign, and events a day. Never a COUNT over signatures on a page view."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from proca_web.models.base import statement

_ADD_TO_DAY = statement("""
INSERT INTO day_counts (action_page_id, day, event, number) VALUES (:page, :day, :event, :number)
ON CONFLICT (action_page_id, day, event) DO UPDATE SET number = day_counts.number + excluded.number
""")
_ADD = statement(
    "UPDATE campaigns SET supporter_count = supporter_count + :number, counted_at = :now WHERE id = :id", times=("now",)
)
_RECOUNT = statement(
    """
UPDATE campaigns SET counted_at = :now, supporter_count = (
  SELECT count(*) FROM actions a JOIN action_pages p ON p.id = a.action_page_id
   WHERE p.campaign_id = campaigns.id AND a.counted)
""",
    times=("now",),
)
_PER_DAY = statement("""
SELECT d.day, d.event, sum(d.number) AS number
  FROM day_counts d JOIN action_pages p ON p.id = d.action_page_id
 WHERE p.campaign_id = :campaign AND d.day >= :since
 GROUP BY d.day, d.event
""")


@dataclass(frozen=True, slots=True)
class Day:
    """What happened on one day (UTC) in one campaign."""

    day: date
    confirmed: int


def add_to_day(session: Session, page_id: int, event: str, now: datetime, number: int = 1) -> None:
    """So many more of `event` on that page and day."""
    bound = {"page": page_id, "day": now.date().isoformat(), "event": event, "number": number}
    session.execute(_ADD_TO_DAY, bound)


def count(session: Session, campaign_id: int, number: int, now: datetime) -> None:
    """So many more distinct, accepted, non-testing supporters of the campaign."""
    session.execute(_ADD, {"id": campaign_id, "number": number, "now": now})


def uncount(session: Session, campaign_id: int, now: datetime) -> None:
    """One supporter fewer, after a withdrawal."""
    count(session, campaign_id, -1, now)


def recount(session: Session, now: datetime) -> None:
    """Set every campaign's counter to what its signatures say; the nightly correction."""
    session.execute(_RECOUNT, {"now": now})


def per_day(session: Session, campaign_id: int, today: date, days: int) -> list[Day]:
    """Confirmed supporters of each of the last `days` days, oldest first, days without any included."""
    since = today - timedelta(days=days - 1)
    rows = session.execute(_PER_DAY, {"campaign": campaign_id, "since": since.isoformat()}).all()
    confirmed = {_as_date(row.day): row.number for row in rows if row.event == "confirmed"}
    return [Day(day, int(confirmed.get(day, 0))) for day in (since + timedelta(days=n) for n in range(days))]


def _as_date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
