"""What each driver's faults mean, and how a connection that was lost is noticed: asked of the drivers themselves."""

import fcntl
import select
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from proca_web.adapters.database import direct_read
from proca_web.adapters.engines import faults, pace, postgresql, sqlite
from proca_web.adapters.engines.sqlite import LockingConnection
from proca_web.domain.errors import Unavailable
from proca_web.services import driver
from tests.databases import POSTGRES


def a_writer(path: Path) -> LockingConnection:
    """A connection as the engine makes it."""
    made = sqlite3.connect(path, factory=LockingConnection, isolation_level=None)
    sqlite.opened(made, f"{path}.lock")
    return made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for somebody else's lock."""
    monkeypatch.setattr(pace, "WORKER_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
def test_a_thread_that_writes_and_never_ends_keeps_another_waiting_for_its_time_only(tmp_path: Path) -> None:
    first, second = a_writer(tmp_path / "x.db"), a_writer(tmp_path / "x.db")
    first.begin_write()
    with pytest.raises(sqlite3.OperationalError, match="locked") as error:
        second.begin_write()
    assert faults.passing(error.value) == "SQLite SQLITE_BUSY"
    first.rollback()
    second.begin_write()
    second.commit()
    first.close()
    second.close()


@pytest.mark.usefixtures("impatient")
def test_another_process_that_holds_the_file_lock_is_waited_for_and_no_turn_is_lost(tmp_path: Path) -> None:
    writer = a_writer(tmp_path / "x.db")
    with (tmp_path / "x.db.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        for _ in range(2):  # the second time finds the turn given back
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                writer.begin_write()
    writer.begin_write()
    writer.close()


@pytest.mark.usefixtures("impatient")
def test_a_lock_that_cannot_be_made_leaves_the_turn_to_others(tmp_path: Path) -> None:
    lost, good = a_writer(tmp_path / "x.db"), a_writer(tmp_path / "x.db")
    lost.lock_path = str(tmp_path / "nowhere" / "x.lock")
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            lost.begin_write()
    good.begin_write()
    good.close()
    lost.close()


def test_a_database_in_memory_has_no_lock_to_wait_for() -> None:
    alone = sqlite3.connect(":memory:", factory=LockingConnection, isolation_level=None)
    sqlite.opened(alone, None)
    alone.begin_write()
    assert alone.in_transaction
    alone.commit()
    alone.close()


def test_a_program_outside_that_writes_leaves_the_log_to_the_next_minute(tmp_path: Path) -> None:
    ours = a_writer(tmp_path / "x.db")
    ours.execute("CREATE TABLE t (x)")
    outside = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    outside.execute("BEGIN IMMEDIATE")
    outside.execute("INSERT INTO t VALUES (1)")
    assert not sqlite.truncated(ours)
    outside.execute("COMMIT")
    assert sqlite.truncated(ours)
    outside.close()
    ours.close()


def test_what_was_deleted_is_overwritten_in_the_file_of_sqlite(tmp_path: Path) -> None:
    ours, sealed = a_writer(tmp_path / "x.db"), b"sealed" * 200
    ours.execute("CREATE TABLE t (x)")
    ours.execute("INSERT INTO t VALUES (?)", (sealed,))
    assert sqlite.truncated(ours)
    assert sealed in (tmp_path / "x.db").read_bytes()
    ours.execute("DELETE FROM t")
    assert sqlite.truncated(ours)
    assert b"sealedsealed" not in (tmp_path / "x.db").read_bytes()
    ours.close()


def test_a_pool_without_a_free_connection_is_a_passing_fault() -> None:
    with pytest.raises(Unavailable, match="connections are all in use"), faults.told_apart():
        raise PoolTimeout


def test_a_process_without_postgresqls_driver_knows_its_own_faults_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "psycopg")
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
    assert faults.passing(locked) == "SQLite SQLITE_BUSY"
    assert faults.passing(OSError("another")) is None
    assert not faults.is_refused(OperationalError("", {}, locked))
    with pytest.raises(OSError, match="another"), faults.told_apart():
        raise OSError("another")


def test_sqlite_never_refuses_a_user() -> None:
    assert not faults.is_refused(OperationalError("", {}, sqlite3.OperationalError("FATAL")))


def test_a_connection_that_died_in_the_pool_is_replaced_before_its_use(postgres_url: str) -> None:
    dead = psycopg.connect(POSTGRES)
    dead.close()
    with pytest.raises(DisconnectionError):
        postgresql.checked_out(dead, SimpleNamespace(info={}), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_requests_own_connection_is_replaced_when_the_server_ended_it(app: Flask) -> None:
    with app.app_context():
        with direct_read() as first:
            (pid,) = driver.execute(first, "SELECT pg_backend_pid()", ()).fetchone()
        with psycopg.connect(POSTGRES, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", (pid,))
        assert select.select([first.raw.pgconn.socket], [], [], 10)[0]
        with direct_read() as second:
            assert driver.execute(second, "SELECT pg_backend_pid()", ()).fetchone() != (pid,)
