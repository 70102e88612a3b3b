"""Who was seen when: signs of life of processes, and when a rare job last ran."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.models import Heartbeat
from proca_web.services import driver

_RECOUNTED = "recount"
_BEAT = driver.insert(
    Heartbeat,
    lambda new: new.on_conflict_do_update(index_elements=["name"], set_={"seen_at": new.excluded.seen_at}),
)


def beat(session: Session, name: str, now: datetime) -> None:
    """A sign of life."""
    session.execute(_BEAT.of(session), {"name": name, "seen_at": now})


def last_beat(session: Session, name: str) -> datetime | None:
    """When that kind of process was last seen."""
    return session.scalar(select(Heartbeat.seen_at).where(Heartbeat.name == name))


def is_recount_due(session: Session, now: datetime) -> bool:
    """Whether the nightly recount was more than a day ago; marks it as done now."""
    last = last_beat(session, _RECOUNTED)
    if last is not None and timedelta(0) <= now - last < timedelta(hours=24):
        return False
    beat(session, _RECOUNTED, now)
    return last is not None
