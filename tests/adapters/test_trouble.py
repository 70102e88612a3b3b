"""What fails so that no alarm can be written is kept, and told to the operator as soon as one can be."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters.alive import trouble
from proca_web.app import create_app
from proca_web.extensions import db
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


def test_a_disk_that_is_nearly_full_is_told_before_it_is_full(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run("sweep")
    assert alarms(client) == []
    monkeypatch.setattr(trouble, "LEAST_FREE_BYTES", 1 << 62)
    world.run("sweep")
    assert alarms(client) == ["disk"]
    assert "MiB left" in told(world)[0]["sentence"]
