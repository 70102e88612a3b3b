"""When something fails under a job: what is bad is set aside or waits, the rest is done, and no line says for whom."""

from datetime import datetime
from typing import Any, NoReturn

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from proca_web.domain.errors import Unavailable
from proca_web.jobs import sweep
from proca_web.services.signatures import accepting, releasing
from tests import worker
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World
from tests.jobs.failing import failing

pytestmark = ON_SQLITE  # what fails here is put there by the test, whatever the database
ADDRESS = "zofia@example.org"


def critical(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines that wake an operator."""
    return [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]


# Releasing


def test_one_signature_that_cannot_be_released_is_set_aside_and_the_others_get_their_numbers(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false")
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    ((bad,), *_), real = world.query("SELECT id FROM actions ORDER BY id"), releasing.release_these

    def release(session: Session, actions: list[int], now: datetime) -> Any:
        if bad in actions:
            raise ValueError(ADDRESS)
        return real(session, actions, now)

    monkeypatch.setattr(releasing, "release_these", release)
    world.run("release")
    assert world.query("SELECT action_id = :bad FROM contacts WHERE seq IS NULL", bad=bad) == [(True,)]
    assert critical(caplog) == ["release: 1 signatures cannot be released and are set aside"]
    assert ADDRESS not in caplog.text
    monkeypatch.setattr(releasing, "release_these", real)
    world.run("release")
    assert world.query("SELECT count(*) FROM contacts WHERE seq IS NULL") == [(0,)]


@pytest.mark.parametrize(("job", "act"), [("release", (releasing, "release_these")), ("accept", (accepting, "accept"))])
def test_a_job_ends_at_once_where_the_database_is_away(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, job: str, act: tuple[Any, str]
) -> None:
    worker.has_key(world.app)
    world.execute("UPDATE action_pages SET double_opt_in = false")
    for number in range(2):
        world.sign(client if job == "release" else worker.alone(world.app), email=f"person{number}@example.org")
    tried: list[int] = []

    def away(*_: Any) -> NoReturn:
        tried.append(1)
        raise Unavailable("away")

    monkeypatch.setattr(*act, away)
    with pytest.raises(Unavailable):
        world.run(job)
    assert len(tried) == 1


def test_an_acceptance_that_fails_keeps_its_signature_waiting_and_the_others_are_accepted(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    worker.has_key(world.app)
    world.execute("UPDATE action_pages SET double_opt_in = false")
    for number in range(2):
        world.sign(worker.alone(world.app), email=f"person{number}@example.org")
    ((bad,), _) = world.query("SELECT id FROM actions ORDER BY id")
    real = accepting.accept

    def accept(session: Session, keyring: Any, opened: Any, now: datetime) -> int:
        if bad in [each.row.action_id for each in opened]:
            raise ValueError(ADDRESS)
        return real(session, keyring, opened, now)

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "accept", accept)
        world.run("accept")
    assert world.query("SELECT state FROM transients ORDER BY action_id") == [("to_accept",), ("thanks_to_send",)]
    assert "unexpected ValueError" in caplog.text
    assert ADDRESS not in caplog.text
    clock.forward(minutes=11)
    world.run("accept")
    assert world.query("SELECT DISTINCT state FROM transients") == [("thanks_to_send",)]


class KilledError(BaseException):
    """A worker is gone from one moment to the next."""


def test_a_worker_killed_in_the_middle_of_an_acceptance_has_counted_nobody_and_the_next_one_counts_once(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign(client)
    world.run("mail")
    worker.alone(world.app).post(world.link())
    real = accepting.accept

    def die(*given: Any) -> NoReturn:
        real(*given)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "accept", die)
        with pytest.raises(KilledError):
            world.run("accept")
    assert world.query("SELECT state FROM transients") == [("to_accept",)]
    assert world.query("SELECT count(*) FROM supporters") == [(0,)]
    world.run("accept", "release", "mail")
    world.run("accept", "release", "mail")
    assert world.query("SELECT supporter_count FROM campaigns") == [(1,)]
    assert [sent["to"] for sent in world.mails()] == [ADDRESS, ADDRESS]


def test_without_its_campaigns_key_nothing_is_accepted_and_an_operator_reads_which_one_is_missing(
    world: World, client: FlaskClient, caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    world.sign(client)
    world.run("mail")
    client.post(world.link())
    world.run("release", "mail")
    world.sign(client, email="another@example.org")
    world.run("mail")
    key = world.app.extensions["proca_keyring"].directory / "campaigns" / "1"
    key.rename(key.with_name("away"))
    client.post(world.link())
    assert world.query("SELECT state FROM transients") == [("to_accept",)]
    assert critical(caplog)[0] == "accept: the keyring has no key for campaign 1, or another one"
    key.with_name("away").rename(key)
    clock.forward(minutes=11)
    world.run("accept")
    assert world.query("SELECT state FROM transients") == [("thanks_to_send",)]


# The sweep


@pytest.mark.parametrize(
    ("error", "line", "raised"),
    [
        (LookupError(ADDRESS), "sweep: wordings failed (LookupError)", []),
        (Unavailable("SQLite SQLITE_BUSY"), "sweep: wordings failed: SQLite SQLITE_BUSY", [("database",)]),
    ],
)
def test_a_step_of_the_sweep_that_fails_keeps_no_other_from_running(
    world: World,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    line: str,
    raised: list[tuple[str]],
) -> None:
    emptied: list[bool] = []
    monkeypatch.setattr(sweep, "refresh_wordings", failing(error, 1, lambda: None))
    monkeypatch.setattr(sweep, "truncate_wal", lambda: emptied.append(True))
    world.sign(client)
    world.run("sweep")
    assert critical(caplog) == [line]
    assert emptied == [True]
    assert [sent["to"] for sent in world.mails()].count(ADDRESS) == 1
    assert world.query("SELECT kind FROM alarms") == raised


def test_while_the_guard_cannot_be_read_nobody_is_told_that_a_key_is_not_endorsed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.run("sweep")
    guard = world.app.extensions["proca_keyring"].directory / "guard" / "key-log"
    guard.write_bytes(b"damaged\n")
    world.run("sweep")
    sentence = "line 1 of the guard's key-log is damaged; restore the keyring"
    kept = "wordings: the guard cannot be read; they stay as they are"
    assert critical(caplog) == [f"keys: {sentence}", f"key log: {sentence}", kept]
    assert [sent["subject"] for sent in world.mails()] == ["The key log was changed"]
