"""Who was seen when: signs of life of processes, and when a rare job last ran."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from proca_web.models.base import statement

_RECOUNTED = "recount"
_BEAT = statement(
    """
INSERT INTO heartbeats (name, seen_at) VALUES (:name, :now)
ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at
""",
    times=("now",),
)
_LAST_BEAT = statement("SELECT seen_at FROM heartbeats WHERE name = :name", returns=("seen_at",))


def beat(session: Session, name: str, now: datetime) -> None:
    """A sign of life."""
    session.execute(_BEAT, {"name": name, "now": now})


def last_beat(session: Session, name: str) -> datetime | None:
    """When that kind of process was last seen."""
    row = session.execute(_LAST_BEAT, {"name": name}).first()
    return row.seen_at if row else None


def is_recount_due(session: Session, now: datetime) -> bool:
    """Whether the nightly recount was more than a day ago; marks it as done now."""
    last = last_beat(session, _RECOUNTED)
    if last is not None and now - last < timedelta(hours=24):
        return False
    beat(session, _RECOUNTED, now)
    return last is not None
