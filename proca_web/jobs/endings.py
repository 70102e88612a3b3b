"""What ends by time alone, row by row: each its own transaction, and one that raises never stops the others."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from flask import Flask
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.transient import Event, State
from proca_web.domain.words import Alarm
from proca_web.services import heartbeats
from proca_web.services.instance import alarms
from proca_web.services.signatures import expiring, settling

T = TypeVar("T")
MOST_ROUNDS = 10_000


def end_leases(app: Flask, aged: datetime) -> None:
    """Take back what a worker claimed and never settled."""

    def end(session: Session, row: tuple[int, State]) -> None:
        settling.end_lease(session, *row, clock.now())

    number = _each(app, "a lease", lambda session: settling.lease_over(session, clock.now(), aged), end)
    if number:
        with writing() as session:
            alarms.raise_(session, Alarm.UNSURE_MAIL, clock.now(), number=number)


def expire(app: Flask, aged: datetime) -> None:
    """End what is over age, counted against the moment that no leap of the clock moves."""
    _each(app, "an expiry", lambda session: expiring.over_age(session, aged), _end)


def end_keyless(app: Flask) -> None:
    """End what nobody can open any more."""
    _each(app, "a lost key", expiring.keyless, _end)


def _end(session: Session, over: expiring.Over) -> None:
    expiring.end(session, over, clock.now())
    if over.event is Event.REOPEN:
        alarms.raise_(session, Alarm.REOPENED, clock.now(), number=1)


def _each(app: Flask, what: str, find: Callable[[Session], Iterable[T]], act: Callable[[Session, T], object]) -> int:
    """Find some, end each; until a round finds nothing new. How many were ended."""
    tried: set[T] = set()
    ended = 0
    for _ in range(MOST_ROUNDS):
        with reading() as session:
            fresh = [row for row in find(session) if row not in tried]
        if not fresh:
            break
        for row in fresh:
            tried.add(row)
            try:
                with writing() as session:
                    act(session, row)
                ended += 1
            except Exception as error:
                _set_aside(app, what, error)
    return ended


def _set_aside(app: Flask, what: str, error: Exception) -> None:
    app.logger.critical("sweep: %s was set aside (%s)", what, type(error).__name__)
    with writing() as session:
        heartbeats.set_aside(session, what, type(error).__name__, clock.now())
