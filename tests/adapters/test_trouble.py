"""What fails so that no alarm can be written is kept, and told to the operator as soon as one can be."""

import errno
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters.alive import trouble
from proca_web.app import create_app
from proca_web.extensions import db, queue
from proca_web.jobs import sweep
from tests import factories, ports
from tests.adapters.full_disk import full_disk
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World
from tests.proxy import Proxy


def alarms(client: FlaskClient) -> list[str]:
    found: list[str] = client.get("/health").json["alarms"]
    return found


def told(world: World) -> list[dict[str, str]]:
    """The alarms that were mailed to the operator, or will be."""
    return [json.loads(text) for (text,) in world.query("SELECT detail FROM outbox WHERE kind = 'alarm' ORDER BY id")]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries to tell."""
    monkeypatch.setattr(trouble, "TELL_EVERY_SECONDS", 0.0)


@ON_SQLITE
def test_a_full_disk_is_told_once_there_is_room_and_once_a_day(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    world.run("sweep")
    for day in (1, 2):
        for _ in range(2):
            with world.app.app_context():
                db.engine.dispose()
            full = full_disk(world.app)
            while world.sign(client).status_code != 503:
                pass
            assert client.get("/").status_code == 200
            full.clear()
            clock.forward(minutes=3)
            assert client.get("/").status_code == 200
            assert "disk" in alarms(client)
        assert [mail["kind"] for mail in told(world)].count("disk") == day
        clock.forward(days=1)
        world.run("sweep")
    mailed = told(world)[0]
    assert mailed["kind"] == "disk"
    assert "SQLite SQLITE_FULL" in mailed["sentence"]
    world.run("mail")
    (mail, *_) = [mail for mail in world.mails() if "Alarm" in mail["subject"]]
    assert (mail["to"], "a disk is full" in mail["text"]) == ("operator@example.org", True)


def test_a_database_that_was_away_is_told_when_it_is_back(
    behind: World, postgres_proxy: Proxy, clock: FakeClock
) -> None:
    client = behind.app.test_client()
    behind.run("sweep")
    postgres_proxy.refuses = True
    postgres_proxy.cut()
    began = clock()
    assert behind.sign(client).status_code == 503
    clock.forward(minutes=7)
    assert client.get("/health").status_code == 503
    postgres_proxy.refuses = False
    client.get("/p/trees")
    assert alarms(client) == ["database"]
    (mailed,) = told(behind)
    assert f"{began:%Y-%m-%d %H:%M} to {clock():%H:%M} UTC" in mailed["sentence"]


def test_a_worker_tells_what_it_met_while_the_database_was_away(behind: World, postgres_proxy: Proxy) -> None:
    behind.run("sweep")
    postgres_proxy.refuses = True
    postgres_proxy.cut()
    assert not trouble.survived(behind.app, "sweep", lambda: sweep.housekeeping(behind.app))
    postgres_proxy.refuses = False
    assert trouble.survived(behind.app, "sweep", lambda: sweep.housekeeping(behind.app))
    assert [mailed["kind"] for mailed in told(behind)] == ["database"]


@pytest.fixture
def queueless(world: World, tmp_path: Path) -> Iterator[World]:
    """The same world, with a queue nobody answers at."""
    settings = world.app.extensions["proca_settings"]
    dead = f"redis://127.0.0.1:{ports.free_port()}/0"
    app: Flask = create_app(factories.settings(tmp_path, settings.database_url, PROCA_QUEUE_URL=dead), check=False)
    yield World(app, world.secrets)
    with app.app_context():
        app.extensions["proca_encryption"].end()
        db.engine.dispose()


@pytest.mark.parametrize("by", ["who signs", "the worker"])
def test_a_queue_that_does_not_answer_is_told_by_whoever_notices(queueless: World, by: str) -> None:
    client = queueless.app.test_client()
    if by == "the worker":
        queueless.run("sweep")
    else:
        assert queueless.sign(client).status_code == 303
    assert alarms(client) == ["queue"]
    assert "the queue cannot be reached: ConnectionError" in told(queueless)[0]["sentence"]


def test_a_full_disk_under_the_queue_loses_no_signature_and_is_told(world: World, client: FlaskClient) -> None:
    with world.app.app_context():
        queue.wake("mail")
    storage = world.app.extensions["proca_queue"].opened().storage
    storage.conn.execute("PRAGMA max_page_count=1")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        storage.enqueue(b"x" * 100_000)
    world.app.extensions["proca_queue"].wakes["mail"] = lambda: storage.enqueue(b"x" * 100_000)
    assert world.sign(client).status_code == 303
    assert alarms(client) == ["queue"]
    world.run("mail")
    assert {sent["to"] for sent in world.mails()} == {"zofia@example.org", "operator@example.org"}


def test_a_full_disk_under_the_demos_mailbox_keeps_the_mail_and_leaves_no_half_of_one(
    world: World, client: FlaskClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(draft: Path, *_: object) -> None:
        draft.write_bytes(b'{"to": "zof')
        raise OSError(errno.ENOSPC, "No space left on device")

    assert world.sign(client).status_code == 303
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        world.run("mail")
    assert world.query("SELECT state, attempts, unsure FROM transients") == [("to_send", 0, 0)]
    assert list(world.app.config["MAILBOX_DIR"].iterdir()) == []
    monkeypatch.setattr("proca_web.adapters.clock.monotonic", lambda: 1e9)  # the pause is over
    clock.forward(minutes=11)
    world.run("mail")
    assert [sent["to"] for sent in world.mails()] == ["zofia@example.org"]


def test_a_disk_that_is_nearly_full_is_told_before_it_is_full(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run("sweep")
    assert alarms(client) == []
    monkeypatch.setattr(trouble, "LEAST_FREE_BYTES", 1 << 62)
    world.run("sweep")
    assert alarms(client) == ["disk"]
    assert "MiB left" in told(world)[0]["sentence"]
