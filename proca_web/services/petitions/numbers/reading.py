"""What was counted on some pages, summed by the database. Reads `counts` and nothing else: a million signatures cost
no more than a hundred."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import Dimension, Span
from proca_web.domain.words import DayEvent
from proca_web.models import Count
from proca_web.services.petitions import counting

MOST = 300  # values of a dimension that are looked at, the largest first
_SUM = func.sum(Count.number)
_PAGES = Count.action_page_id.in_(bindparam("pages", expanding=True))
_SINCE = Count.hour >= bindparam("since")
_ALL = (_PAGES, Count.dimension == Dimension.ALL)
_CONFIRMED = Count.event == DayEvent.CONFIRMED
_HOURS = select(Count.hour, Count.span, _SUM).where(*_ALL, _SINCE, _CONFIRMED).group_by(Count.hour, Count.span)
_BY_PAGE = select(Count.action_page_id, Count.event, _SUM).where(*_ALL).group_by(Count.action_page_id, Count.event)
_PAGES_SINCE = _BY_PAGE.where(_SINCE, _CONFIRMED)
_EVENTS = select(Count.event, _SUM).where(*_ALL, _SINCE).group_by(Count.event)
_BEGIN = select(func.min(Count.hour)).where(*_ALL, Count.event == DayEvent.SUBMITTED)
_DIMENSION = (_PAGES, _SINCE, _CONFIRMED, Count.dimension == bindparam("dimension"))
_VALUES = select(Count.value, _SUM).where(*_DIMENSION).group_by(Count.value).order_by(_SUM.desc(), Count.value)
_VALUES = _VALUES.limit(MOST)
_TOTAL = select(_SUM).where(*_DIMENSION)
_OF_SHARE = _TOTAL.where(Count.value == counting.SHARED)


def confirmed(session: Session, pages: Sequence[int], since: datetime) -> list[tuple[datetime, bool, int]]:
    """People who came, by beginning of hour, or (True) of day."""
    rows = session.execute(_HOURS, {"pages": pages, "since": since})
    return [(hour, span == Span.DAY, int(number)) for hour, span, number in rows]


def by_page(session: Session, pages: Sequence[int]) -> dict[tuple[int, str], int]:
    """How often what happened on each page, since it is there."""
    return {(page, event): int(number) for page, event, number in session.execute(_BY_PAGE, {"pages": pages})}


def came(session: Session, pages: Sequence[int], since: datetime) -> dict[int, int]:
    """People who came on each page since then."""
    rows = session.execute(_PAGES_SINCE, {"pages": pages, "since": since})
    return {page: int(number) for page, _, number in rows}


def begin(session: Session, pages: Sequence[int]) -> datetime | None:
    """Since when it is counted that a form was sent."""
    found: datetime | None = session.scalar(_BEGIN, {"pages": pages})
    return found


def events(session: Session, pages: Sequence[int], since: datetime) -> dict[str, int]:
    """How often what happened on these pages together since then."""
    return {event: int(number) for event, number in session.execute(_EVENTS, {"pages": pages, "since": since})}


def shared(session: Session, pages: Sequence[int], since: datetime) -> int:
    """People who came by a link that somebody shared."""
    return int(session.scalar(_OF_SHARE, _asked(pages, since, Dimension.SOURCE)) or 0)


def values(
    session: Session, pages: Sequence[int], since: datetime, dimension: Dimension
) -> tuple[list[tuple[str, int]], int]:
    """People who came by source or country, the most first; and how many these are of all values together."""
    asked = _asked(pages, since, dimension)
    found = [(value, int(number)) for value, number in session.execute(_VALUES, asked)]
    return found, int(session.scalar(_TOTAL, asked) or 0)


def _asked(pages: Sequence[int], since: datetime, dimension: Dimension) -> dict[str, Any]:
    return {"pages": pages, "since": since, "dimension": dimension}
