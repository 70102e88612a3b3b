"""Whether this host's clock is the database's. Where it is not, nothing is sealed, sent or swept (protocol 7)."""

import socket
from datetime import timedelta

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.words import Alarm
from proca_web.services.instance import alarms

MOST_OFF = timedelta(minutes=5)


def is_right(app: Flask) -> bool:
    """Whether it is less than five minutes off, in either direction; else an alarm, by the database's clock."""
    with reading() as session:
        theirs = clock.of_database(session)
    off = clock.now() - theirs
    if abs(off) <= MOST_OFF:
        return True
    seconds = round(off.total_seconds())
    app.logger.critical("clock: this host is %d seconds off the database; nothing is sealed, sent or swept", seconds)
    with writing() as session:
        alarms.raise_(session, Alarm.CLOCK, theirs, host=socket.gethostname(), seconds=seconds)
    return False
