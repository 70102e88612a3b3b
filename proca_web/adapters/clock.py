"""The one clock of the server: whoever needs the present asks here, so that a test can move it in one place.

All hosts share the database's clock. Where a host's own is not that, nothing is sealed, sent or swept (protocol 7).
"""

import socket
import time
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading, writing
from proca_web.domain.words import Alarm
from proca_web.services import driver
from proca_web.services.instance import alarms

MOST_OFF = timedelta(minutes=5)


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)


def of_database(session: Session) -> datetime:
    """The moment by the database's clock; with SQLite the host's clock is the database's."""
    if driver.dialect_of(session).name == "sqlite":
        return now()
    return driver.read_time(session.scalar(select(func.clock_timestamp())))


def is_right(app: Flask) -> bool:
    """Whether this host is less than five minutes off, in either direction; else an alarm, by the database's clock."""
    with reading() as session:
        theirs = of_database(session)
    off = now() - theirs
    if abs(off) <= MOST_OFF:
        return True
    seconds = round(off.total_seconds())
    app.logger.critical("clock: this host is %d seconds off the database; no signature is taken, no mail sent", seconds)
    with writing() as session:
        alarms.raise_(session, Alarm.CLOCK, theirs, host=socket.gethostname(), seconds=seconds)
    return False


def monotonic() -> float:
    """Seconds that only go forward, for the distance between two moments of this process."""
    return time.monotonic()
