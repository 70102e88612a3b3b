"""Whether the instance is alive: asked by `/health`, by `check`, and shown to the operator. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from proca_web.services import heartbeats

WORKER = "worker"
WORKER_SEEN_WITHIN = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Worker:
    """When a worker was last seen, and whether that is recent enough to believe that one runs."""

    seen_at: datetime | None
    is_alive: bool


def worker(session: Session, now: datetime) -> Worker:
    """The newest sign of life of any worker."""
    seen = heartbeats.last_beat(session, WORKER)
    return Worker(seen, seen is not None and abs(now - seen) < WORKER_SEEN_WITHIN)
