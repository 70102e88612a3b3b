"""When something fails under the mail: what is bad waits, the rest is sent, and no line says for whom."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from proca_web.adapters import notices
from proca_web.adapters.database import writing
from proca_web.adapters.mail.forms import Forms
from proca_web.config import Settings
from proca_web.domain.errors import Unavailable
from proca_web.domain.transient import LEASE_AT_MOST, State
from proca_web.domain.words import Alarm
from proca_web.jobs.mail import room as rooms
from proca_web.jobs.mail.claimer import Claimer
from proca_web.jobs.mail.hand import Held
from proca_web.jobs.mail.room import Mailroom, room_of
from proca_web.jobs.mail.sender import Sender
from proca_web.jobs.mail.settler import Settler
from proca_web.services.petitions.making import mail_pages
from proca_web.services.signatures import mailing, settling
from proca_web.services.signatures.mailing import DueMail
from proca_web.services.staff import outbox
from tests import factories
from tests.factories import FakeClock, World
from tests.jobs.failing import failing

ADDRESS = "zofia@example.org"


@pytest.fixture
def settings(tmp_path: Any, sqlite_url: str) -> Settings:
    """The demo's: mail goes to a folder."""
    made = factories.settings(tmp_path, sqlite_url)
    (made.data_dir / "mailbox").mkdir(exist_ok=True)
    return made


@pytest.fixture
def room(world: World, monkeypatch: pytest.MonkeyPatch) -> Mailroom:
    """The app's mail room without threads, which waits for nothing."""
    made = room_of(world.app)
    monkeypatch.setattr(made._is_over, "wait", lambda _: None)
    return made


@pytest.fixture
def claimed(world: World, client: FlaskClient, clock: FakeClock) -> list[DueMail]:
    """Two mails that a worker has claimed."""
    for number in range(2):
        assert world.sign(client, email=f"person{number}@example.org").status_code == 303
    with world.app.app_context(), writing() as session:
        mails, _ = mailing.claim(session, world.app.extensions["proca_keyring"], State.TO_SEND, clock())
    return mails


@pytest.fixture
def held(room: Mailroom, claimed: list[DueMail], monkeypatch: pytest.MonkeyPatch) -> list[Held]:
    """The same two in the hand of this process, ready to be sent."""
    moment = [0.0]
    monkeypatch.setattr("proca_web.adapters.clock.monotonic", lambda: moment[0])
    forms = room._claimer._forms
    with room._app.app_context(), writing() as session:
        page = mail_pages.page_of(session, claimed[0].page_id)
        helds = [Held(due, forms.write(due, page, 0.0), 0.0) for due in claimed]
    room.post.add(helds)
    room._settler._renewed = 0.0
    return helds


# What is in hand


def test_a_mail_that_takes_longer_than_an_hour_is_cut(
    room: Mailroom, held: list[Held], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, _ = room.post.next(0.0)
    assert begun is not None
    cut: list[Held] = []
    with room._app.app_context():
        for seconds, expected in ((61, []), (LEASE_AT_MOST.total_seconds() + 1, [begun])):
            monkeypatch.setattr("proca_web.adapters.clock.monotonic", lambda: seconds)  # noqa: B023 -- used in this turn
            room._settler.keep(cut.append)
            assert cut == expected


def test_what_nobody_takes_up_within_a_minute_goes_back_and_what_is_begun_keeps_its_lease(
    world: World, room: Mailroom, held: list[Held], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, _ = room.post.next(0.0)
    assert begun is held[0]
    clock.forward(minutes=9)
    monkeypatch.setattr("proca_web.adapters.clock.monotonic", lambda: 61.0)
    with room._app.app_context():
        room._settler.keep(lambda _: None)
        room._settler.settle()
    assert world.query("SELECT state, attempts FROM transients ORDER BY action_id") == [("sending", 0), ("to_send", 0)]
    clock.forward(minutes=9)
    world.run("release")
    with world.app.app_context(), writing() as session:
        assert settling.lease_over(session, clock(), clock()) == []


def test_a_mail_that_somebody_has_decided_about_meanwhile_is_not_begun(
    world: World, room: Mailroom, held: list[Held], clock: FakeClock
) -> None:
    gone, still = held
    assert isinstance(gone.due, DueMail)
    world.execute("DELETE FROM transients WHERE action_id = :id", id=gone.due.action_id)
    with room._app.app_context():
        clock.forward(minutes=3)
        room._settler.keep(lambda _: None)
    assert room.post.next(0.0)[0] is still
    assert room.post.next(0.0)[0] is None


# Sending


def test_an_outcome_is_written_down_once_the_database_is_back(
    world: World, client: FlaskClient, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign(client)
    monkeypatch.setattr(settling, "settle_sent", failing(Unavailable("away"), 4, settling.settle_sent))
    world.run("mail")
    assert world.query("SELECT state, attempts FROM transients") == [("waiting", 0)]
    assert len(world.mails()) == 1


def test_an_outcome_that_cannot_be_written_down_leaves_its_mail_claimed_until_it_can(
    world: World, client: FlaskClient, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    monkeypatch.setattr(settling, "settle_sent", failing(Unavailable("away"), 10, settling.settle_sent))
    with pytest.raises(Unavailable):
        world.run("mail")
    assert world.query("SELECT state FROM transients ORDER BY action_id")[0] == ("sending",)
    world.run("mail")
    assert world.query("SELECT DISTINCT state FROM transients") == [("waiting",)]
    assert len(world.mails()) == 3
    assert len({sent["to"] for sent in world.mails()}) == 3


def test_who_is_told_to_end_in_the_middle_finishes_the_mail_at_hand_and_gives_back_the_rest(
    world: World, client: FlaskClient, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    hand_over = Sender.hand_over

    def last(sender: Sender, held: Held) -> None:
        room.stop(0)
        hand_over(sender, held)

    monkeypatch.setattr(Sender, "hand_over", last)
    world.run("mail")
    assert world.query("SELECT state FROM transients ORDER BY action_id") == [("waiting",), ("to_send",), ("to_send",)]
    assert len(world.mails()) == 1


def test_a_mail_that_we_cannot_write_is_an_alarm_without_a_word_of_the_fault(
    world: World, client: FlaskClient, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign(client)
    monkeypatch.setattr(Forms, "write", failing(ValueError(ADDRESS), 1, Forms.write))
    world.run("mail")
    ((kind, sentence),) = world.query("SELECT kind, sentence FROM alarms")
    assert (kind, sentence) == ("mail", "mail does not leave: mail of the page trees was set aside (ValueError)")
    assert world.query("SELECT state, attempts FROM transients") == [("to_send", 0)]


def test_a_mail_server_that_is_away_is_an_alarm_only_once_it_took_nothing_for_five_minutes(
    world: World, client: FlaskClient, room: Mailroom, clock: FakeClock
) -> None:
    world.sign(client)
    world.run("mail")
    for minutes, alarms in ((4, 0), (2, 1)):
        clock.forward(minutes=minutes)
        room.post.hand.fault("ConnectionRefusedError")
        with world.app.app_context():
            room._settler.settle()
        assert world.query("SELECT count(*) FROM alarms") == [(alarms,)]
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
    world: World, client: FlaskClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign(client)
    opened: list[bool] = []
    monkeypatch.setattr(Sender, "is_open", lambda _: opened.append(True))
    theirs = clock() - timedelta(minutes=6)
    monkeypatch.setattr("proca_web.adapters.clock.of_database", lambda _: theirs)
    world.run("mail")
    assert opened == []
    assert world.query("SELECT state FROM transients") == [("to_send",)]
    assert world.query("SELECT kind FROM alarms") == [("clock",)]


def tell(world: World, clock: FakeClock, *onces: str) -> None:
    """Operators are to be told something."""
    with world.app.app_context(), writing() as session:
        home = outbox.home_id(session)
        assert home is not None
        for once in onces:
            about = {"kind": "disk", "sentence": f"the disk is full {once}"}
            outbox.tell(session, Alarm.DISK, home, outbox.operators(session), once, clock(), **about)


def test_without_a_connection_no_mail_to_staff_is_claimed(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(world, clock, "a")
    monkeypatch.setattr(Sender, "is_open", lambda _: False)
    world.run("mail")
    assert world.query("SELECT state, attempts FROM outbox") == [("to_send", 0)]


def test_a_notice_that_cannot_be_written_is_set_aside_and_the_others_leave(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tell(world, clock, "a", "b")
    monkeypatch.setattr(notices, "write", failing(LookupError(ADDRESS), 1, notices.write))
    world.run("mail")
    ((name, reason),) = world.query("SELECT name, reason FROM faults")
    assert (name.startswith("mail to staff, "), reason) == (True, "LookupError")
    assert len(world.mails()) == 1
    assert ADDRESS not in caplog.text


@pytest.mark.parametrize(("where", "step"), [(Claimer, "due"), (Claimer, "claim"), (Settler, "settle")])
def test_a_fault_in_a_thread_of_mail_is_logged_without_its_words_and_the_next_look_sends(
    world: World,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: type,
    step: str,
) -> None:
    monkeypatch.setattr(rooms, "LOOK_EVERY_SECONDS", 0.01)
    world.sign(client)
    room, settled = room_of(world.app), threading.Event()
    real = Settler.settle

    def settle(settler: Settler) -> None:
        real(settler)
        if world.query("SELECT state FROM transients") == [("waiting",)]:
            settled.set()

    monkeypatch.setattr(Settler, "settle", settle)
    monkeypatch.setattr(where, step, failing(ValueError(ADDRESS), 1, getattr(where, step)))
    room.start()
    try:
        assert settled.wait(10)
    finally:
        room.stop(10)
    assert "unexpected ValueError" in caplog.text
    assert ADDRESS not in caplog.text
    assert len(world.mails()) == 1
