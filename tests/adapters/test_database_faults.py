"""What people meet when the database is restarted, read-only, silent, locked or full: 503 and their form, no 500."""

import logging
import re
import sqlite3

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url

from proca_web.adapters.database import truncate_wal, writing
from proca_web.adapters.engines import pace, postgresql
from proca_web.config import Settings
from proca_web.domain.errors import Unavailable
from proca_web.extensions import db
from proca_web.jobs import shift
from proca_web.services import heartbeats
from proca_web.services.instance import health
from proca_web.web import page_cache
from proca_web.web.ratelimit import Limit
from tests import factories, worker
from tests.adapters.full_disk import full_disk
from tests.cli.running import wait_for
from tests.databases import ON_SQLITE
from tests.factories import World
from tests.proxy import Proxy

TYPED = {"first_name": "Zdzisława", "last_name": "Brzęczyszczykiewicz", "email": "zdzislawa@example.org"}


@pytest.fixture(autouse=True)
def no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One network signs as often as it likes."""
    monkeypatch.setattr(Limit, "check", lambda _limit, _request: None)


def end_all_sessions(app: Flask) -> None:
    """As a restart of the server does, for our own database alone."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    plain = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s AND datname = %s",
            ("proca_faults", url.database),
        )


def test_after_a_restart_of_the_database_nobody_meets_an_error(behind: World) -> None:
    client = behind.app.test_client()
    for number in range(40):
        if number % 4 == 0:
            end_all_sessions(behind.app)
        assert behind.sign(client, email=f"person{number}@example.org").status_code == 303
    ((taken,),) = behind.query("SELECT count(*) FROM actions")
    assert taken == 40


def test_after_a_restart_of_the_database_a_workers_threads_go_on(
    behind: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "AFTER_FAULT_SECONDS", 0.05)
    worker.has_key(behind.app)
    behind.execute("UPDATE action_pages SET double_opt_in = false")
    threads = shift.shift_of(behind.app)
    threads.start()
    try:
        for number in range(3):
            assert behind.sign(worker.alone(behind.app), email=f"person{number}@example.org").status_code == 303
            wait_for(lambda: behind.query("SELECT count(*) FROM actions WHERE counted") == [(number + 1,)])  # noqa: B023 -- waited for in this turn
            end_all_sessions(behind.app)
    finally:
        threads.stop(10)


def test_a_database_that_is_away_is_503_with_what_was_typed(
    behind: World, postgres_proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    client = behind.app.test_client()
    client.get("/p/trees")
    postgres_proxy.refuses = True
    postgres_proxy.cut()
    answer = behind.sign(client, **TYPED)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert all(f'value="{value}"' in answer.text for value in TYPED.values())
    assert "Nothing was stored" in answer.text
    fragment = behind.sign(client, headers={"HX-Request": "true"}, **TYPED)
    assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (503, "#notice")
    script = behind.sign(client, headers={"Accept": "application/json"}, **TYPED)
    assert script.status_code == 503
    assert script.json["error"]
    assert client.get("/health").status_code == 503
    assert client.get("/p/trees/count.json").status_code == 503
    assert client.get("/p/trees").status_code == 200
    assert "Traceback" not in caplog.text
    assert not re.search("Zdzis|zdzislawa", caplog.text)
    postgres_proxy.refuses = False
    assert behind.sign(client, **TYPED).status_code == 303


def test_a_process_that_never_showed_the_page_keeps_what_was_typed_too(behind: World, postgres_proxy: Proxy) -> None:
    postgres_proxy.refuses = True
    answer = behind.sign(behind.app.test_client(), **TYPED)
    assert answer.status_code == 503
    assert all(f'value="{value}"' in answer.text for value in TYPED.values())


def test_a_database_that_is_silent_is_given_up_soon_and_pages_stay(
    behind: World, postgres_proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.has_key(behind.app)
    client = worker.alone(behind.app)
    shown = client.get("/p/trees").text
    monkeypatch.setattr(page_cache, "SECONDS", 0.0)
    monkeypatch.setattr(pace, "REQUEST_SECONDS", 0.2)
    monkeypatch.setattr(postgresql, "PAUSE_SECONDS", 60.0)
    monkeypatch.setitem(behind.app.extensions, "proca_page_cache", _aged(behind.app))
    postgres_proxy.stalls = True
    assert behind.sign(client).status_code == 503
    answer = client.get("/p/trees")
    assert (answer.status_code, answer.text) == (200, shown)
    assert client.get("/health").status_code == 503


def _aged(app: Flask) -> page_cache.Memory:
    memory: page_cache.Memory = app.extensions["proca_page_cache"]
    return {key: (0.0, made, kept) for key, (_, made, kept) in memory.items()}


def test_a_read_only_database_is_503_and_the_health_says_so(behind: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = behind.app.test_client()
    with behind.app.app_context(), writing() as session:
        heartbeats.beat(session, health.WORKER, factories.FakeClock()())
    assert client.get("/health").status_code == 200
    name = make_url(behind.app.config["SQLALCHEMY_DATABASE_URI"]).database
    behind.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    end_all_sessions(behind.app)
    assert behind.sign(client).status_code == 503
    assert client.get("/health").status_code == 503
    with behind.app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        connection.commit()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        connection.commit()
    end_all_sessions(behind.app)
    monkeypatch.setattr("proca_web.blueprints.public.health.TRY_AGAIN_SECONDS", 0)
    assert client.get("/health").status_code == 200
    assert behind.sign(client).status_code == 303


@ON_SQLITE
def test_a_full_disk_stores_nothing_says_so_at_once_and_passes(world: World, client: FlaskClient) -> None:
    world.run("sweep")
    client.get("/p/trees")
    assert client.get("/health").status_code == 200
    with world.app.app_context():
        db.engine.dispose()
    full = full_disk(world.app)
    answers = [world.sign(client, **TYPED) for _ in range(30)]
    taken = [answer for answer in answers if answer.status_code == 303]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(taken) + len(refused) == len(answers)
    assert refused
    assert all(f'value="{value}"' in answer.text for value in TYPED.values() for answer in refused)
    assert world.query("SELECT count(*) FROM transients") == [(len(taken),)]
    assert client.get("/health").status_code == 503
    full.clear()
    assert world.sign(client, **TYPED).status_code == 303
    assert client.get("/health").status_code == 200


@ON_SQLITE
def test_a_writer_that_never_ends_is_waited_for_seconds_only(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.has_key(world.app)
    client = worker.alone(world.app)
    monkeypatch.setattr(pace, "REQUEST_SECONDS", 0.1)
    with sqlite3.connect(settings.data_dir / "proca.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert world.sign(client).status_code == 503
        other.execute("ROLLBACK")
    assert world.sign(client).status_code == 303


@ON_SQLITE
def test_emptying_the_log_holds_up_no_writer_while_somebody_reads(
    world: World, client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proca_web.adapters.database._TRUNCATE_PAUSE", 0.0)
    monkeypatch.setattr(pace, "WORKER_SECONDS", 0.5)
    monkeypatch.setattr(pace, "REQUEST_SECONDS", 0.1)
    log = settings.data_dir / "proca.db-wal"
    assert world.sign(client).status_code == 303
    with sqlite3.connect(settings.data_dir / "proca.db", isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM actions").fetchone()
        with world.app.app_context():
            assert not truncate_wal()
        assert world.sign(client, email="second@example.org").status_code == 303
        assert log.stat().st_size > 0
        reader.execute("COMMIT")
    with world.app.app_context():
        assert truncate_wal()
    assert log.stat().st_size == 0


def test_a_keyring_that_is_gone_is_503_and_an_alarm_that_names_the_folder(
    world: World, client: FlaskClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    assert world.sign(client).status_code == 303
    world.run("mail")
    link = world.link()
    settings.keyring_dir.rename(settings.keyring_dir.with_name("moved"))
    answer = world.sign(client, **TYPED)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert worker.alone(world.app).post(link).status_code == 303  # the web needs no key for it
    world.run("sweep")
    critical = [line.getMessage() for line in caplog.records if line.levelno == logging.CRITICAL]
    assert any(f"sweep: worker key failed: the keyring {settings.keyring_dir}" in line for line in critical)
    assert "keyring" in client.get("/health").json["alarms"]
    ((sentence,),) = world.query("SELECT sentence FROM alarms WHERE kind = 'keyring'")
    assert str(settings.keyring_dir) in sentence
    assert world.query("SELECT state FROM transients") == [("to_accept",)]
    settings.keyring_dir.with_name("moved").rename(settings.keyring_dir)
    world.run("sweep")
    assert world.query("SELECT status FROM actions") == [("accepted",)]


def test_damage_is_no_passing_fault(world: World) -> None:
    with world.app.app_context(), pytest.raises(Exception, match="no_such_table") as error, writing() as session:
        session.connection().exec_driver_sql("SELECT * FROM no_such_table")
    assert not isinstance(error.value, Unavailable)
