"""How far housekeeping by age has come: it follows a clock that leaps slowly, so that one bad minute ends nothing.

What is irreversible (purging, expiry in the public log, destroying keys) counts against this moment (protocol 7).
"""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from proca_web.models import Instance
from proca_web.services import driver

STEP = timedelta(minutes=10)
BEHIND = timedelta(hours=1)
_INSTANCE = driver.table(Instance)
_AGED = select(Instance.aged_at)
_MOVE = update(_INSTANCE).values(aged_at=bindparam("moment"))
_MOVE_FROM = _MOVE.where(_INSTANCE.c.aged_at == bindparam("before"))


def moment(session: Session) -> datetime:
    """The moment that ages are counted against."""
    return session.scalars(_AGED).one()


def advance(session: Session, now: datetime) -> datetime:
    """Move that moment towards now, by ten minutes at most; two sweeps side by side move it once. Returns it."""
    before = moment(session)
    after = min(max(now, before - STEP), before + STEP)
    driver.changed(session, _MOVE_FROM, {"moment": after, "before": before})
    return moment(session)


def trust(session: Session, now: datetime) -> None:
    """The operator says that the clock is right: what is over age by it goes with the next sweep."""
    session.execute(_MOVE, {"moment": now})


def is_behind(aged: datetime, now: datetime) -> bool:
    """Whether the clock leapt, or nothing swept for hours: worth an alarm until it is made up."""
    return abs(now - aged) > BEHIND
