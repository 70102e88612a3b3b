"""When something fails under a job: what is bad is set aside or waits, the rest is done, and no line says for whom."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.domain.errors import Unavailable
from proca_web.domain.transient import LEASE_AT_MOST, State
from proca_web.jobs import hand, mail, staff_mail, sweep
from proca_web.jobs.hand import Hand
from proca_web.jobs.mail import Mailroom
from proca_web.services.signatures import accepting, mailing, releasing
from proca_web.services.signatures.mailing import DueMail
from proca_web.services.staff import outbox
from tests import worker
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World

pytestmark = ON_SQLITE  # what fails here is put there by the test, whatever the database
ADDRESS = "zofia@example.org"


def failing(error: Exception, times: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """Fails so many times, then does what it should."""
    left = [error] * times

    def act(*given: Any, **named: Any) -> Any:
        if left:
            raise left.pop()
        return real(*given, **named)

    return act


def critical(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines that wake an operator."""
    return [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]


# Mails in hand


@pytest.fixture
def claimed(world: World, client: FlaskClient, clock: FakeClock) -> list[DueMail]:
    """Two mails that a worker has claimed."""
    for number in range(2):
        assert world.sign(client, email=f"person{number}@example.org").status_code == 303
    with world.app.app_context(), writing() as session:
        mails, _ = mailing.claim(session, world.app.extensions["proca_keyring"], State.TO_SEND, clock())
    return mails


def test_a_mail_that_takes_longer_than_an_hour_is_cut(
    world: World, claimed: list[DueMail], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand, "RENEW_EVERY", timedelta(milliseconds=10))
    cut = threading.Event()
    with world.app.app_context(), Hand(world.app, claimed, cut.set) as held:
        assert held.begin(claimed[0])
        assert not cut.is_set()
        clock.forward(seconds=LEASE_AT_MOST.total_seconds() + 1)
        assert cut.wait(10)
    assert world.query("SELECT state FROM transients ORDER BY action_id") == [("sending",), ("to_send",)]


def test_leases_are_renewed_again_after_the_database_was_away(
    world: World, claimed: list[DueMail], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hand, "RENEW_EVERY", timedelta(milliseconds=10))
    renewed, real = threading.Event(), Hand.renew

    def renew(held: Hand) -> None:
        real(held)
        renewed.set()

    monkeypatch.setattr(Hand, "renew", failing(ValueError(ADDRESS), 1, renew))
    with world.app.app_context(), Hand(world.app, claimed, lambda: None):
        assert renewed.wait(10)
    assert "unexpected ValueError" in caplog.text
    assert ADDRESS not in caplog.text


def test_a_mail_that_somebody_has_decided_about_meanwhile_is_not_begun(
    world: World, claimed: list[DueMail], clock: FakeClock
) -> None:
    gone, still = claimed
    world.execute("DELETE FROM transients WHERE action_id = :id", id=gone.action_id)
    with world.app.app_context(), Hand(world.app, claimed, lambda: None) as held:
        clock.forward(minutes=3)  # the leases are renewed before the next mail
        assert not held.begin(gone)
        assert held.begin(still)
        held.finish(still)


# Sending


@pytest.fixture
def room(world: World, monkeypatch: pytest.MonkeyPatch) -> Mailroom:
    """The app's mail room, which waits for nothing."""
    made = mail.room_of(world.app)
    monkeypatch.setattr(made._stopping, "wait", lambda _: None)
    return made


def test_an_outcome_is_written_down_once_the_database_is_back(
    world: World, client: FlaskClient, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign(client)
    monkeypatch.setattr(room, "_settle", failing(Unavailable("away"), 4, room._settle))
    world.run("mail")
    assert world.query("SELECT state, attempts FROM transients") == [("waiting", 0)]
    assert len(world.mails()) == 1


def test_an_outcome_that_cannot_be_written_down_leaves_its_mail_claimed_and_hands_back_the_others(
    world: World, client: FlaskClient, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    monkeypatch.setattr(room, "_settle", failing(Unavailable("away"), 5, room._settle))
    with pytest.raises(Unavailable):
        world.run("mail")
    assert world.query("SELECT state FROM transients ORDER BY action_id") == [("sending",), ("to_send",), ("to_send",)]
    world.run("mail")
    assert len(world.mails()) == 3
    assert len({sent["to"] for sent in world.mails()}) == 3


def test_who_is_told_to_end_in_the_middle_finishes_the_mail_at_hand_and_gives_back_the_rest(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = mail.room_of(world.app)
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    hand_over = room.transport.hand_over

    def last(letter: Any) -> Any:
        room.stop(0)
        return hand_over(letter)

    monkeypatch.setattr(room.transport, "hand_over", last)
    world.run("mail")
    assert world.query("SELECT state FROM transients ORDER BY action_id") == [("waiting",), ("to_send",), ("to_send",)]
    assert len(world.mails()) == 1


def test_a_mail_that_we_cannot_write_is_an_alarm_without_a_word_of_the_fault(
    world: World, client: FlaskClient, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign(client)
    monkeypatch.setattr(mail.mailer, "write", failing(ValueError(ADDRESS), 1, mail.mailer.write))
    world.run("mail")
    ((kind, sentence),) = world.query("SELECT kind, sentence FROM alarms")
    assert (kind, sentence) == ("mail", "mail does not leave: mail of the page trees was set aside (ValueError)")
    assert world.query("SELECT state, attempts FROM transients") == [("to_send", 0)]


def test_a_mail_server_that_is_away_is_an_alarm_only_once_it_took_nothing_for_five_minutes(
    world: World, client: FlaskClient, room: Mailroom, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign(client)
    world.run("mail")
    monkeypatch.setattr(room.transport, "take_fault", lambda: "ConnectionRefusedError")
    clock.forward(minutes=4)
    world.run("mail")
    assert world.query("SELECT kind FROM alarms") == []
    clock.forward(minutes=2)
    world.run("mail")
    ((sentence,),) = world.query("SELECT sentence FROM alarms WHERE kind = 'mail'")
    assert sentence.startswith("mail does not leave: ")
    assert "ConnectionRefusedError" in sentence


def test_mails_whose_end_nobody_knows_are_an_alarm_with_their_number(
    world: World, claimed: list[DueMail], clock: FakeClock
) -> None:
    clock.forward(seconds=LEASE_AT_MOST.total_seconds() + 60)
    world.run("sweep")
    ((sentence,),) = world.query("SELECT sentence FROM alarms WHERE kind = 'unsure-mail'")
    assert f"the end of {len(claimed)} mails is unknown" in sentence


def test_on_a_host_with_a_wrong_clock_no_connection_is_even_opened(
    world: World, client: FlaskClient, room: Mailroom, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign(client)
    opened: list[bool] = []
    monkeypatch.setattr(room.transport, "is_ready", lambda: opened.append(True))
    theirs = clock() - timedelta(minutes=6)
    monkeypatch.setattr("proca_web.adapters.clock.of_database", lambda _: theirs)
    world.run("mail")
    assert opened == []
    assert world.query("SELECT state FROM transients") == [("to_send",)]
    assert world.query("SELECT kind FROM alarms") == [("clock",)]


def test_without_a_connection_no_mail_to_staff_is_claimed(
    world: World, clock: FakeClock, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.app.app_context(), writing() as session:
        home = outbox.home_id(session)
        assert home is not None
        about = {"kind": "disk", "sentence": "the disk is full"}
        outbox.tell(session, sweep.Alarm.DISK, home, outbox.operators(session), "a", clock(), **about)
    monkeypatch.setattr(room.transport, "is_ready", lambda: False)
    world.run("mail")
    assert world.query("SELECT state, attempts FROM outbox") == [("to_send", 0)]


def test_a_fault_in_the_thread_of_mail_is_logged_without_its_words_and_the_next_look_sends(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mail, "LOOK_EVERY_SECONDS", 0.01)
    room, sent = mail.room_of(world.app), threading.Event()
    real = room._run

    def run() -> None:
        real()
        if world.mails():
            sent.set()

    monkeypatch.setattr(room, "_run", failing(ValueError(ADDRESS), 1, run))
    world.sign(client)
    room.start()
    try:
        assert sent.wait(10)
    finally:
        room.stop(10)
    assert "unexpected ValueError" in caplog.text
    assert ADDRESS not in caplog.text


def test_a_notice_that_cannot_be_written_is_set_aside_and_the_others_leave(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with world.app.app_context(), writing() as session:
        home = outbox.home_id(session)
        assert home is not None
        for once in "ab":
            about = {"kind": "disk", "sentence": f"the disk is full {once}"}
            outbox.tell(session, sweep.Alarm.DISK, home, outbox.operators(session), once, clock(), **about)
    monkeypatch.setattr(staff_mail, "write", failing(LookupError(ADDRESS), 1, staff_mail.write))
    world.run("mail")
    ((name, reason),) = world.query("SELECT name, reason FROM faults")
    assert (name.startswith("mail to staff, "), reason) == (True, "LookupError")
    assert len(world.mails()) == 1
    assert ADDRESS not in caplog.text


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


def test_without_its_campaigns_key_nothing_is_accepted_and_an_operator_reads_which_one_is_missing(
    world: World, client: FlaskClient, caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    world.sign(client)
    world.run("mail")
    client.post(world.link())
    world.run("release", "mail")
    key = world.app.extensions["proca_keyring"].directory / "campaigns" / "1"
    key.rename(key.with_name("away"))
    world.sign(client, email="another@example.org")
    world.run("mail")
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
