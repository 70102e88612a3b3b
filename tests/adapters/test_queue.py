"""The queue wakes workers on all three storages, carries nothing, and never runs what it did not write itself."""

import json
import pickle
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from redis import Redis

from proca_web.adapters import huey_storage
from proca_web.adapters.huey_storage import JsonSerializer
from proca_web.adapters.queue import Queue
from tests import proxy
from tests.databases import POSTGRES, RUN, WORKER
from tests.required import required


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def queue_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty queue of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'queue.db'}"
    elif request.param == "postgresql":
        try:
            with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as admin:
                name = f"proca_queue_{RUN}_{WORKER}"
                admin.execute(f'CREATE DATABASE "{name}"')
                yield POSTGRES.rpartition("/")[0] + f"/{name}"
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        except psycopg.OperationalError:
            required("postgres", "no PostgreSQL (PROCA_TEST_POSTGRES)")
    else:
        yield request.getfixturevalue("redis_url")


def app_with(url: str, jobs: dict[str, Callable[[Flask], None]]) -> tuple[Flask, Queue]:
    app, queue = Flask("queued"), Queue()
    queue.init_app(app, url, jobs)
    return app, queue


@contextmanager
def consuming(app: Flask, queue: Queue) -> Iterator[None]:
    consumer = queue.consumer(app, workers=1)
    consumer.start()
    try:
        yield
    finally:
        consumer.stop(graceful=True)
        queue.close(app)


def test_a_wake_up_runs_the_job_within_a_second_or_two(queue_url: str) -> None:
    ran = threading.Event()
    app, queue = app_with(queue_url, {"mail": lambda _app: ran.set()})
    with consuming(app, queue), app.app_context():
        queue.wake("mail")
        assert ran.wait(3)


def test_many_wake_ups_are_one_job_now_and_one_at_the_end_of_the_second(
    queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, runs = 1000.0, 0

    def mail(_app: Flask) -> None:
        nonlocal runs
        runs += 1

    monkeypatch.setattr("proca_web.adapters.clock.monotonic", lambda: moment)
    app, queue = app_with(queue_url, {"mail": mail})
    huey = app.extensions["proca_queue"].opened()
    with app.app_context():
        for _ in range(50):
            queue.wake("mail")
        now, later = huey.pending()
        wait = later.eta - datetime.now(UTC).replace(tzinfo=None)  # huey's times are UTC without saying so
        assert (now.eta, wait > timedelta(seconds=0.5), wait <= timedelta(seconds=1)) == (None, True, True)
        assert not huey.ready_to_run(later, later.eta - timedelta(seconds=0.1))
        assert huey.ready_to_run(later, later.eta)
        for task in (now, later):
            huey.execute(task, later.eta)
        assert runs == 2
        moment += 2.5  # the next second has begun
        queue.wake("mail")
        assert [task.eta for task in huey.pending()] == [None, later.eta, None]
    queue.close(app)


def test_a_job_that_breaks_is_logged_without_its_words_and_the_next_one_runs(
    queue_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    ran = threading.Event()

    def breaks(_app: Flask) -> None:
        raise ValueError("zofia@example.org")

    app, queue = app_with(queue_url, {"mail": breaks, "release": lambda _app: ran.set()})
    with consuming(app, queue), app.app_context():
        queue.wake("mail")
        queue.wake("release")
        assert ran.wait(3)
    assert "unexpected ValueError" in caplog.text
    assert "zofia" not in caplog.text


def test_a_message_holds_a_name_and_no_data(tmp_path: Path) -> None:
    app, queue = app_with(f"sqlite:///{tmp_path / 'queue.db'}", {"mail": lambda _app: None})
    with app.app_context():
        queue.wake("mail")
    with sqlite3.connect(tmp_path / "queue.db") as connection:
        ((data,),) = connection.execute("SELECT data FROM task").fetchall()
    message = json.loads(data)
    assert message["name"].endswith("mail")
    assert message["args"] == []
    assert message["kwargs"] == {}


def test_a_pickle_in_the_queue_runs_nothing() -> None:
    class Evil:
        def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
            return (pytest.fail, ("ran",))

    with pytest.raises(ValueError, match=r".*"):
        JsonSerializer().deserialize(pickle.dumps(Evil()))


def test_an_unreachable_queue_loses_no_signature(caplog: pytest.LogCaptureFixture) -> None:
    app, queue = app_with("redis://127.0.0.1:1/0", {"mail": lambda _app: None})
    with app.app_context():
        queue.wake("mail")
    assert "queue: not reachable" in caplog.text


def test_a_queue_that_hangs_is_felt_once_and_told_once(
    own_redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(huey_storage, "REDIS_SECONDS", 0.1)
    where = own_redis.connection_pool.connection_kwargs
    with proxy.between(where.get("host", "127.0.0.1"), where.get("port", 6379)) as between:
        between.stalls = True
        app, queue = app_with(f"redis://127.0.0.1:{between.port}/0", {"mail": lambda _app: None})
        began = time.monotonic()
        with app.app_context():
            for _ in range(50):
                queue.wake("mail")
        assert time.monotonic() - began < 2
    assert caplog.text.count("queue: not reachable") == 1


def test_the_queues_file_is_its_owners_alone(tmp_path: Path) -> None:
    app, queue = app_with(f"sqlite:///{tmp_path / 'queue.db'}", {"mail": lambda _app: None})
    with app.app_context():
        queue.wake("mail")
    assert (tmp_path / "queue.db").stat().st_mode & 0o077 == 0


def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    app_with(f"sqlite:///{tmp_path / 'queue.db'}", {"mail": lambda _app: None})
    assert list(tmp_path.iterdir()) == []
