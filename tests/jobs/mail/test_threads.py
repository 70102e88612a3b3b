"""Mail in threads of its own: many connections at once, servers that hang, the end, a killed worker, two workers."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from bench.relay import Answer, Gate, Relay, Talk
from proca_web.adapters.database import writing
from proca_web.config import MailSettings, Settings
from proca_web.domain.words import Alarm
from proca_web.jobs import endings
from proca_web.jobs.mail import crew, gauge
from proca_web.jobs.mail import room as rooms
from proca_web.jobs.mail.room import Mailroom, room_of
from proca_web.jobs.mail.settler import Settler
from proca_web.services.signatures import settling
from proca_web.services.staff import outbox
from tests import factories
from tests.cli.running import wait_for
from tests.factories import FakeClock, World
from tests.jobs.mail.conftest import States, another
from tests.relay import CUT, at, each, messages, mute, recipients

Sign = Callable[..., None]


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next look; ends are ends."""
    monkeypatch.setattr(rooms, "LOOK_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(rooms, "GROUP_SECONDS", 0.005)


def test_mails_leave_side_by_side_and_more_connections_come_as_mails_are_taken(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom
) -> None:
    gate = Gate()
    post.script = at("dot", Answer("250 ok", gate=gate))
    sign(40)
    wait_for(lambda: len(post.talks) == 8)
    gate.open()
    wait_for(lambda: states() == {"waiting": 40})
    assert len(set(recipients(post))) == len(post.taken) == 40


def test_while_few_mails_wait_few_connections_are_opened(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom
) -> None:
    sign(1)
    wait_for(lambda: states() == {"waiting": 1})
    assert post.opened == 1


def test_a_relay_that_allows_few_connections_gets_few_and_no_mail_is_counted(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom
) -> None:
    gate = Gate()

    def three(talk: Talk, step: str, _argument: str) -> Answer | None:
        if step == "greeting" and len(talk.relay.talks) > 3:
            return Answer("421 4.7.0 too many connections", cut=True)
        return Answer("250 ok", gate=gate) if step == "dot" else None

    post.script = three
    sign(30)
    wait_for(gate.reached.is_set)
    gate.open()
    wait_for(lambda: states() == {"waiting": 30})
    assert world.query("SELECT DISTINCT attempts, unsure FROM transients") == [(0, 0)]
    assert post.opened <= 3 + 8
    assert room.post.governor.closed_for(0.0) == 0


def test_connections_that_hang_hold_up_nobody_else(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom
) -> None:
    post.script = at("dot", mute(), only="@mute.example")
    sign(2, "mute.example", "other")
    wait_for(lambda: states().get("sending") == 2)
    sign(20)
    wait_for(lambda: states() == {"waiting": 20, "sending": 2})


def test_a_connection_that_hangs_is_replaced_and_its_mail_keeps_its_own_end(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "STUCK_SECONDS", 0.05)
    room.post.governor._limit = 2
    hung, held = Gate(), Gate()
    ends = ((Answer("250 ok", gate=hung), "@mute.example"), (Answer("250 ok", gate=held), "many"))
    post.script = each(*(at("dot", answer, only=whom) for answer, whom in ends))
    sign(1, "mute.example", "other")
    wait_for(lambda: states().get("sending") == 1)
    sign(1)
    wait_for(lambda: states() == {"waiting": 1, "sending": 1})
    monkeypatch.setattr(room.post.governor, "delivered", lambda *_, **__: None)  # grows no more
    sign(6, name="many")
    wait_for(lambda: len(post.talks) == 3)
    held.open()
    wait_for(lambda: states() == {"waiting": 7, "sending": 1})
    hung.open()
    wait_for(lambda: states() == {"waiting": 8})
    assert len(set(recipients(post))) == len(post.taken) == 8


@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "rcpt", "data", "dot"])
def test_the_end_comes_soon_with_a_server_that_hangs_and_leaves_nothing_claimed(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom, step: str
) -> None:
    hung = mute()
    assert hung.gate is not None
    post.script = at(step, hung)
    sign(12)
    assert hung.gate.reached.wait(10)
    room.stop(0.1)
    assert states() == {"to_send": 12}
    ((attempts, unsure),) = world.query("SELECT max(attempts), max(unsure) FROM transients")
    assert (attempts, unsure) == (0, 1 if step == "dot" else 0)


def test_what_is_at_hand_is_finished_before_the_end(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom
) -> None:
    gate = Gate()
    post.script = at("dot", Answer("250 ok", gate=gate))
    sign(30)
    assert gate.reached.wait(10)
    threading.Timer(0.2, gate.open).start()
    room.stop(10)
    left = states()
    assert left["waiting"] == len(post.taken) > 0
    assert set(left) <= {"waiting", "to_send"}
    assert world.query("SELECT DISTINCT attempts, unsure FROM transients") == [(0, 0)]


def test_a_server_that_goes_away_in_the_middle_leaves_every_mail_to_be_sent(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom
) -> None:
    post.script = each(at("greeting", CUT), at("mail", CUT))
    sign(20)
    wait_for(lambda: world.query("SELECT count(*) FROM faults") == [(1,)])
    wait_for(lambda: states() == {"to_send": 20})
    assert world.query("SELECT DISTINCT attempts, unsure FROM transients") == [(0, 0)]


def test_thank_yous_take_their_turn_beside_confirmations(world: World, post: Relay, sign: Sign) -> None:
    sign(6, name="thanked")
    world.run("mail")
    for message in messages(post):
        text = message.get_body(("plain",))
        assert text is not None
        (path,) = {word.removeprefix("http://localhost") for word in text.get_content().split() if "/confirm/" in word}
        world.app.test_client().post(path)
    world.run("release")
    sign(40)
    post.taken.clear()
    world.run("mail")
    assert {f"thanked{number}@example.org" for number in range(6)} <= set(recipients(post)[:20])
    assert recipients(post)[0].startswith("person")


def test_a_mail_to_staff_stands_at_the_head_of_the_line(
    world: World, post: Relay, sign: Sign, clock: FakeClock
) -> None:
    sign(20)
    with world.app.app_context(), writing() as session:
        home = outbox.home_id(session)
        assert home is not None
        about = {"kind": "disk", "sentence": "the disk is full"}
        outbox.tell(session, Alarm.DISK, home, outbox.operators(session), "a", clock(), **about)
    world.run("mail")
    assert recipients(post)[0] == "operator@example.org"
    assert len(post.taken) == 21
    assert world.query("SELECT state FROM outbox") == [("sent",)]


def test_a_worker_killed_between_the_last_answer_and_the_commit_sends_the_same_mail_again(
    world: World, post: Relay, sign: Sign, states: States, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(5)
    killed = room_of(world.app)
    killed._run = None  # type: ignore[assignment, method-assign]  # it only dies
    with monkeypatch.context() as patch:
        patch.setattr(Settler, "settle", lambda _: None)
        killed.start()
        wait_for(lambda: len(post.taken) == 5)
        killed.stop(0)
    assert states() == {"sending": 5}
    del world.app.extensions["proca_mail"]
    clock.forward(minutes=11)
    with world.app.app_context():
        endings.end_leases(world.app, clock())
    clock.forward(minutes=11)
    world.run("mail")
    assert states() == {"waiting": 5}
    sent = Counter((to, message["Message-ID"]) for to, message in zip(recipients(post), messages(post), strict=True))
    assert sorted(number for (to, _), number in sent.items() if to.startswith("person")) == [2] * 5
    assert world.query("SELECT DISTINCT unsure FROM transients") == [(1,)]


def test_who_has_decided_while_the_mail_was_under_way_is_left_alone_and_the_others_wait(
    world: World, post: Relay, sign: Sign, room: Mailroom
) -> None:
    gate = Gate()
    post.script = at("dot", Answer("250 ok", gate=gate))
    sign(3)
    wait_for(lambda: world.query("SELECT count(*) FROM transients WHERE state = 'sending'") == [(3,)])
    world.execute("DELETE FROM transients WHERE action_id = 1")
    gate.open()
    wait_for(lambda: world.query("SELECT DISTINCT state FROM transients") == [("waiting",)])


def test_no_thread_is_named_for_a_person_and_none_is_left(
    world: World, post: Relay, sign: Sign, states: States, room: Mailroom
) -> None:
    gate = Gate()
    post.script = at("dot", Answer("250 ok", gate=gate))
    sign(10)
    assert gate.reached.wait(10)
    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("mail-")]
    assert len(names) >= 3
    assert not any("@" in name or "person" in name for name in names)
    gate.open()
    wait_for(lambda: states() == {"waiting": 10})
    room.stop(5)
    wait_for(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("mail-")])


class TestTwoWorkers:
    """Two worker processes' rooms on one database, on both kinds."""

    @pytest.fixture
    def settings(self, tmp_path: Path, database_url: str, post: Relay) -> Settings:
        mail = MailSettings("127.0.0.1", post.port, "none", "", "", "petitions@host.example.org")
        return replace(factories.settings(tmp_path, database_url), mail=mail, mailbox_dir=None)

    def test_they_share_the_work_and_nobody_gets_two(
        self, world: World, post: Relay, sign: Sign, states: States, settings: Settings
    ) -> None:
        sign(60)
        with working(world.app), another(settings) as other, working(other):
            wait_for(lambda: states() == {"waiting": 60})
        assert len(set(recipients(post))) == len(post.taken) == 60

    def test_what_one_gives_up_the_other_sends(
        self, world: World, post: Relay, sign: Sign, states: States, settings: Settings
    ) -> None:
        gate = Gate()
        post.script = at("mail", Answer("250 ok", gate=gate))
        sign(20)
        with working(world.app):
            assert gate.reached.wait(10)
        assert states() == {"to_send": 20}
        post.script = None
        with another(settings) as other, working(other):
            wait_for(lambda: states() == {"waiting": 20})
        assert len(set(recipients(post))) == len(post.taken) == 20


@contextmanager
def working(app: Flask) -> Iterator[Mailroom]:
    room = room_of(app)
    room.start()
    try:
        yield room
    finally:
        room.stop(0.1)


def test_outcomes_are_written_in_groups(
    world: World, post: Relay, sign: Sign, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    real = settling.settle_sent

    def settle(session: object, mails: list[object], now: object) -> None:
        groups.append(len(mails))
        real(session, mails, now)  # type: ignore[arg-type]  # only counted here

    monkeypatch.setattr(settling, "settle_sent", settle)
    monkeypatch.setattr(rooms, "GROUP_SECONDS", 0.3)
    sign(30)
    with working(world.app):
        wait_for(lambda: states() == {"waiting": 30})
    assert sum(groups) == 30
    assert max(groups) >= 10


def test_how_mails_ended_is_counted_once_each_and_connections_are_told_while_open(
    world: World, post: Relay, sign: Sign, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauge, "CHANGES_EVERY_SECONDS", 0.0)
    post.script = each(at("rcpt", "550 5.1.1 unknown", only="@gmx.de"), at("rcpt", "451 later", only="@web.de"))
    sign(8)
    sign(3, "gmx.de", "gone")
    sign(2, "web.de", "later")
    connections = "SELECT number FROM mail_connections"
    with working(world.app):
        wait_for(lambda: states() == {"waiting": 8, "to_send": 2})
        wait_for(lambda: world.query(connections) > [(0,)])
    assert world.query(connections) == [(0,)]
    sends = "SELECT provider, result, mails FROM sends ORDER BY provider, result"
    assert world.query(sends) == [("gmx", "no_such_recipient", 3), ("other", "sent", 8), ("web.de", "not_taken", 2)]
