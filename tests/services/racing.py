"""Two acts at the same rows, statement by statement, on PostgreSQL: two connections, and no clocks.

The first act runs up to one of its statements and stops there; the second one is begun; the first goes on as soon as
the second has ended, or waits for a lock of the first.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.domain.errors import UnknownToken
from tests.factories import World

Act = Callable[[Session], object]


@dataclass
class Stepping:
    """One act in a thread and a session of its own, which stops before one of its statements."""

    app: Flask
    act: Act
    stop_before: int = -1
    stopped: threading.Event = field(default_factory=threading.Event)
    may_go_on: threading.Event = field(default_factory=threading.Event)
    pid: int = 0
    fault: BaseException | None = None

    def __post_init__(self) -> None:
        self.began = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        steps = count()

        def before() -> None:
            if next(steps) == self.stop_before:
                self.stopped.set()
                assert self.may_go_on.wait(20)

        try:
            with self.app.app_context(), writing() as session:
                raw: Any = session.connection().connection.driver_connection
                self.pid = raw.info.backend_pid
                self.began.set()
                with stepping(raw, before):
                    self.act(session)
        except BaseException as error:
            self.fault = error
        finally:
            self.began.set()
            self.stopped.set()


class stepping:
    """Calls `before` ahead of each statement of this driver connection, whoever sends it."""

    def __init__(self, raw: psycopg.Connection[Any], before: Callable[[], None]) -> None:
        self.raw, self.before, self.own = raw, before, raw.cursor_factory

    def __enter__(self) -> None:
        before, own = self.before, self.own

        class Cursor(own):  # type: ignore[misc, valid-type]
            def execute(self, *args: Any, **named: Any) -> Any:
                before()
                return super().execute(*args, **named)

            def executemany(self, *args: Any, **named: Any) -> Any:
                before()
                return super().executemany(*args, **named)

        self.raw.cursor_factory = Cursor

    def __exit__(self, *_: object) -> None:
        self.raw.cursor_factory = self.own


def waits_for_a_lock(admin: psycopg.Connection[Any], pid: int) -> bool:
    """Whether that session of the database waits for another one's lock."""
    found = admin.execute("SELECT cardinality(pg_blocking_pids(%s))", (pid,)).fetchone()
    return bool(found and found[0])


def run_against(
    world: World,
    admin: psycopg.Connection[Any],
    first: Act,
    second: Act,
    stop_before: int,
    may_raise: type[Exception] = UnknownToken,
) -> bool:
    """`first` up to its statement `stop_before`, `second` as far as it comes, then both to their end.

    False: `first` has fewer statements; it ran before `second`.
    """
    one = Stepping(world.app, first, stop_before)
    assert one.stopped.wait(20)
    is_stopped = one.thread.is_alive()
    two = Stepping(world.app, second)
    assert two.began.wait(20)
    while two.thread.is_alive() and not waits_for_a_lock(admin, two.pid):
        two.thread.join(0.005)
    one.may_go_on.set()
    for each in (one, two):
        each.thread.join(20)
        assert not each.thread.is_alive()
        assert each.fault is None or isinstance(each.fault, may_raise), repr(each.fault)
    return is_stopped
