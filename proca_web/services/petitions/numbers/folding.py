"""Hours become days: what was counted by the hour more than thirty days ago is kept by the day only.

A portion is one transaction: its hours go where their days come, so that no crash counts anything twice.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import Span
from proca_web.models import Count
from proca_web.services import driver
from proca_web.services.petitions import counting

KEPT = timedelta(days=30)
PORTION = 2_000
_LOCK = 0x666F6C64
_COUNTS = driver.table(Count)
_OLD = (
    select(Count.id, Count.action_page_id, Count.hour, Count.event, Count.dimension, Count.value, Count.number)
    .where(Count.span == Span.HOUR, Count.hour < bindparam("before"))
    .order_by(Count.hour)
    .limit(bindparam("most"))
)
_DROP: Any = delete(_COUNTS).where(_COUNTS.c.id.in_(bindparam("ids", expanding=True)))


def fold(session: Session, now: datetime, most: int = PORTION) -> int:
    """Fold a portion of the hours that are old enough, the oldest first; how many. Less than a portion: all are."""
    driver.lock(session, _LOCK)
    before = _midnight(now) - KEPT
    hours = session.execute(_OLD, {"before": before, "most": most}).all()
    days: Counter[tuple[Any, ...]] = Counter()
    for row in hours:
        days[row.action_page_id, _midnight(row.hour), row.event, row.dimension, row.value] += row.number
    if hours:
        names = ("action_page_id", "hour", "event", "dimension", "value")
        rows = [dict(zip(names, day, strict=True), span=Span.DAY, number=number) for day, number in days.items()]
        session.execute(counting.ADD.of(session), rows)
        session.execute(_DROP, {"ids": [row.id for row in hours]})
    return len(hours)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
