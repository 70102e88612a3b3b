"""The one clock of the server: whoever needs the present asks here, so that a test can move it in one place."""

import time
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from proca_web.services import driver


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)


def of_database(session: Session) -> datetime:
    """The moment by the database's clock, which all hosts share; with SQLite the host's clock is the database's."""
    if driver.dialect_of(session).name == "sqlite":
        return now()
    return driver.read_time(session.scalar(select(func.clock_timestamp())))


def monotonic() -> float:
    """Seconds that only go forward, for the distance between two moments of this process."""
    return time.monotonic()
