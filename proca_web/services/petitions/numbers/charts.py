"""Days and hours in a row, empty ones included, by an org's own clock. The last of them is not over."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DAYS = 30
HOURS = 48
_HOUR = timedelta(hours=1)
Counted = Iterable[tuple[datetime, bool, int]]


@dataclass(frozen=True, slots=True)
class Bar:
    """So many people in the time that begins then, in local time."""

    at: datetime
    number: int
    is_open: bool


def begin(local: datetime) -> datetime:
    """From when on hours are needed; a whole day that was counted elsewhere begins at midnight UTC."""
    first = local.date() - timedelta(days=DAYS - 1)
    return min(datetime.combine(first, time(), zone).astimezone(UTC) for zone in (local.tzinfo, UTC))


def by_day(counted: Counted, local: datetime) -> list[Bar]:
    """The last thirty days, today at the end."""
    numbers: Counter[date] = Counter()
    for hour, is_day, number in counted:
        numbers[hour.date() if is_day else hour.astimezone(local.tzinfo).date()] += number
    today = local.date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [Bar(datetime.combine(day, time(), local.tzinfo), numbers[day], day == today) for day in days]


def by_hour(counted: Counted, local: datetime) -> list[Bar]:
    """The last forty-eight hours, this one at the end."""
    numbers = {hour: number for hour, is_day, number in counted if not is_day}
    this = _hour_of(local)
    hours = [this - back * _HOUR for back in reversed(range(HOURS))]
    return [Bar(hour.astimezone(local.tzinfo), numbers.get(hour, 0), hour == this) for hour in hours]


def by_now(counted: Counted, local: datetime) -> int:
    """People of that moment's day until then; of its hour the part that was over."""
    this, total = _hour_of(local), 0.0
    for hour, is_day, number in counted:
        if not is_day and hour <= this and hour.astimezone(local.tzinfo).date() == local.date():
            total += number * (local.astimezone(UTC) - hour) / _HOUR if hour == this else number
    return round(total)


def _hour_of(local: datetime) -> datetime:
    return local.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
