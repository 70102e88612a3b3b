"""A worker's threads: each looks for itself, none waits for another, and all go on after a fault."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from proca_web.config import Settings
from proca_web.domain.errors import Unavailable
from proca_web.jobs import beat, shift, sweep
from proca_web.jobs.mail.room import room_of
from proca_web.jobs.shift import Shift, shift_of
from proca_web.services.signatures import accepting
from proca_web.services.signatures.accepting import Confirmed
from tests import worker
from tests.cli.running import wait_for
from tests.databases import ON_BOTH, ON_SQLITE
from tests.factories import FakeClock, World
from tests.jobs.failing import failing
from tests.jobs.mail.conftest import another

COUNTED = "SELECT count(*) FROM actions WHERE counted"


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for the next look, but the housekeeping: it has run once, and comes again in a minute."""
    monkeypatch.setattr(shift, "ACCEPT_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(shift, "AFTER_FAULT_SECONDS", 0.01)


@pytest.fixture
def confirmed(world: World) -> Callable[[int], None]:
    """So many people sign a page that sends no link: they wait to be counted."""
    worker.has_key(world.app)
    world.execute("UPDATE action_pages SET double_opt_in = false")

    def sign(number: int) -> None:
        for each in range(number):
            assert world.sign(worker.alone(world.app), email=f"person{each}@example.org").status_code == 303

    return sign


@pytest.fixture
def threads(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shift]:
    """The app's threads; mail has none, so that what is woken there is only noted."""
    monkeypatch.setattr(shift, "send_mail", lambda _app: None)
    made = shift_of(world.app)
    yield made
    made.stop(10)


def counted(world: World, number: int) -> bool:
    """Whether so many are counted."""
    return world.query(COUNTED) == [(number,)]


@ON_SQLITE
@pytest.mark.parametrize("busy", ["sweep.housekeeping", "jobs of the queue", "mail"])
def test_what_is_confirmed_is_counted_at_once_whatever_else_the_worker_is_at(
    world: World, confirmed: Callable[[int], None], threads: Shift, monkeypatch: pytest.MonkeyPatch, busy: str
) -> None:
    over = threading.Event()

    def for_ever(*_: Any) -> None:
        over.wait()

    if busy == "sweep.housekeeping":
        monkeypatch.setattr(sweep, "housekeeping", for_ever)
    elif busy == "mail":
        monkeypatch.setattr(room_of(world.app), "_claim", for_ever)
        room_of(world.app).start()
    threads.start()
    try:
        confirmed(3)  # and no job of the queue is ever run here
        wait_for(lambda: counted(world, 3))
    finally:
        over.set()
        room_of(world.app).stop(0)


@ON_SQLITE
def test_who_is_accepted_is_released_and_thanked_without_another_look(
    world: World, confirmed: Callable[[int], None], threads: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()
    monkeypatch.setattr(shift, "RELEASE_EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(shift, "send_mail", lambda _app: told.set())
    threads.start()
    confirmed(1)
    wait_for(lambda: counted(world, 1))
    assert told.wait(10)


@ON_SQLITE
def test_who_is_accepted_is_counted_while_others_still_wait_for_it(
    world: World, confirmed: Callable[[int], None], threads: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "RELEASE_EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(accepting, "BATCH", 1)
    real, batches = accepting.due, count()

    def one(session: Session, now: datetime) -> list[Confirmed]:
        before = min(next(batches), 3)
        wait_for(lambda: counted(world, before))  # the next is accepted only once all before are counted
        return real(session, now, 1)

    confirmed(3)
    monkeypatch.setattr(accepting, "due", one)
    threads.start()
    wait_for(lambda: counted(world, 3))


@ON_SQLITE
def test_a_withdrawal_that_a_message_tells_of_is_released_by_the_thread(
    world: World, threads: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    both = threading.Event()

    def release(_app: Any) -> None:
        ran.append(threading.current_thread().name)
        if len(ran) == 2:
            both.set()

    monkeypatch.setattr(shift.release, "release", release)
    monkeypatch.setattr(shift, "RELEASE_EVERY_SECONDS", 3600.0)
    threads.start()
    wait_for(lambda: ran)
    shift.release_soon(world.app)
    assert both.wait(10)
    assert ran == ["release", "release"]
    threads.stop(10)
    shift.release_soon(world.app)
    assert ran[2:] == [threading.current_thread().name]


@ON_BOTH
def test_two_worker_processes_share_the_acceptance_and_count_nobody_twice(
    world: World, settings: Settings, confirmed: Callable[[int], None], threads: Shift
) -> None:
    with another(settings) as other:
        shift_of(other).start()
        threads.start()
        try:
            confirmed(30)
            wait_for(lambda: counted(world, 30))
        finally:
            shift_of(other).stop(10)
    assert world.query("SELECT supporter_count, unconfirmed_count FROM campaigns") == [(30, 30)]
    assert world.query("SELECT state, count(*) FROM transients GROUP BY state") == [("thanks_to_send", 30)]


@ON_SQLITE
@pytest.mark.parametrize("error", [Unavailable("the database restarts"), ValueError("zofia@example.org")])
def test_after_a_fault_each_goes_on(
    world: World,
    confirmed: Callable[[int], None],
    threads: Shift,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    monkeypatch.setattr(accepting, "due", failing(error, 5, accepting.due))
    threads.start()
    confirmed(1)
    wait_for(lambda: counted(world, 1))
    assert "accept" in caplog.text
    assert "zofia" not in caplog.text


@ON_SQLITE
def test_acceptance_that_stands_still_is_an_alarm_though_the_housekeeping_does_too(
    world: World, confirmed: Callable[[int], None], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(2)
    for minutes, kinds in ((4, []), (2, [("acceptance",)])):
        clock.forward(minutes=minutes)
        beat.beat(world.app)
        assert world.query("SELECT kind FROM alarms") == kinds
    assert world.query("SELECT seen_at FROM heartbeats WHERE name = 'worker'")


@ON_SQLITE
def test_while_the_clock_of_this_host_is_wrong_nobody_is_accepted_and_it_is_told_once_in_ten_seconds(
    world: World,
    confirmed: Callable[[int], None],
    threads: Shift,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    confirmed(1)
    monkeypatch.setattr(beat, "beat", lambda _app: None)
    monkeypatch.setattr(sweep, "housekeeping", lambda _app: None)
    theirs, looked = clock() - timedelta(hours=1), list[int]()
    monkeypatch.setattr("proca_web.adapters.clock.of_database", lambda _: theirs)
    may_accept = threads._may_accept
    monkeypatch.setattr(threads, "_may_accept", lambda: looked.append(1) or may_accept())
    threads.start()
    wait_for(lambda: len(looked) > 5)
    threads.stop(10)
    assert world.query("SELECT state FROM transients") == [("to_accept",)]
    assert caplog.text.count("clock: this host is") == 1
    assert world.query("SELECT kind FROM alarms") == [("clock",)]


@ON_SQLITE
def test_the_threads_end_when_they_are_told_to(world: World, threads: Shift) -> None:
    threads.start()
    names = {"beat", "accept", "release", "sweep"}
    assert names <= {thread.name for thread in threading.enumerate()}
    threads.stop(10)
    assert not names & {thread.name for thread in threading.enumerate()}
