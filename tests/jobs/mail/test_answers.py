"""What servers say at each step, with PIPELINING and without: who gets a mail, who never does, and what is counted."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.relay import Answer, Relay, Talk
from proca_web.adapters import clock as clock_of_the_house
from proca_web.config import Settings
from proca_web.jobs.mail.room import room_of
from tests.factories import FakeClock, World
from tests.jobs.mail.conftest import Moment, States, another
from tests.relay import CUT, at, each, messages, recipients

Sign = Callable[..., None]
STEPS = ["mail", "rcpt", "data", "dot"]
COUNTED = "SELECT DISTINCT attempts, unsure FROM transients"


def test_everybody_gets_one_mail_over_one_connection(world: World, post: Relay, sign: Sign, states: States) -> None:
    sign(12)
    world.run("mail")
    assert sorted(recipients(post)) == sorted(f"person{number}@example.org" for number in range(12))
    assert (post.opened, states()) == (1, {"waiting": 12})


def test_an_envelope_is_one_packet_where_the_server_takes_it(world: World, post: Relay, sign: Sign) -> None:
    reads: list[int] = []
    received = Talk.data_received

    def count(talk: Talk, data: bytes) -> None:
        reads.append(data.count(b"\r\n") if not talk._in_text else 0)
        received(talk, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Talk, "data_received", count)
        sign(1)
        world.run("mail")
    assert (3 in reads) is post.is_pipelining
    assert len(post.taken) == 1


@pytest.mark.parametrize("step", ["rcpt", "dot"])
def test_who_is_refused_for_good_is_purged_and_the_next_one_gets_a_whole_mail(
    world: World, post: Relay, sign: Sign, step: str
) -> None:
    post.script = at(step, "550 5.1.1 unknown", 1)
    sign(3)
    world.run("mail")
    assert len(recipients(post)) == 2
    assert world.query("SELECT state, count(*) FROM transients GROUP BY state") == [("waiting", 2)]
    assert all(message["To"] == to for message, to in zip(messages(post), recipients(post), strict=True))


def test_a_server_that_wants_a_message_although_it_refused_the_recipient_gets_an_empty_one(
    world: World, post: Relay, sign: Sign
) -> None:
    post.script = each(at("rcpt", "550 5.1.1 unknown", 1), at("data", "354 go on"))
    sign(3)
    world.run("mail")
    whole = [message for message in messages(post) if message["To"]]
    assert len(whole) == 2
    assert world.query("SELECT state, count(*) FROM transients GROUP BY state") == [("waiting", 2)]
    assert post.opened == 1


@pytest.mark.parametrize("answer", ["451 4.3.0 later", "550 5.7.1 blocked"])
@pytest.mark.parametrize("step", STEPS)
def test_any_other_answer_keeps_every_signature(
    world: World, post: Relay, sign: Sign, states: States, step: str, answer: str
) -> None:
    post.script = at(step, answer)
    sign(5)
    world.run("mail")
    assert states() == {"to_send": 5}
    assert world.query(COUNTED) == [(0, 0)]


def test_greylisting_is_one_try_and_some_minutes(
    world: World, post: Relay, sign: Sign, clock: FakeClock, moment: Moment
) -> None:
    seen: set[str] = set()

    def greylist(_talk: Talk, step: str, argument: str) -> str | None:
        if step != "rcpt" or argument in seen:
            return None
        seen.add(argument)
        return "451 4.7.1 greylisted, come back later"

    post.script = greylist
    for number in range(5):
        sign(1, f"example{number}.org")
    for minutes in (0, 2, 6):
        clock.forward(minutes=minutes)
        moment.forward(60.0 * minutes)
        world.run("mail")
    assert len(recipients(post)) == 5
    assert world.query("SELECT state, count(*) FROM transients GROUP BY state") == [("waiting", 5)]


@pytest.mark.parametrize("step", STEPS)
def test_throttling_is_waited_for_and_never_counted(
    world: World, post: Relay, sign: Sign, states: States, moment: Moment, step: str
) -> None:
    post.script = at(step, "454 Throttling failure: Maximum sending rate exceeded.", 3)
    sign(4)
    began = moment.now
    world.run("mail")
    assert states() == {"waiting": 4}
    assert world.query(COUNTED) == [(0, 0)]
    assert moment.now - began >= 2
    assert len(set(recipients(post))) == len(post.taken) == 4


@pytest.mark.parametrize("step", ["greeting", "ehlo"])
@pytest.mark.parametrize("answer", ["421 4.4.5 Too many connections from your host", "454 later", "554 go away", CUT])
def test_who_is_not_let_in_touches_no_row_and_looks_again_later(
    world: World, post: Relay, sign: Sign, states: States, moment: Moment, step: str, answer: str | Answer
) -> None:
    script = at(step, answer)
    post.script = each(script, at("helo", answer)) if step == "ehlo" else script
    sign(3)
    before = world.query("SELECT * FROM transients ORDER BY action_id")
    world.run("mail")
    world.run("mail")
    assert post.opened == 1
    assert world.query("SELECT * FROM transients ORDER BY action_id") == before
    post.script = None
    moment.forward(10)
    world.run("mail")
    assert states() == {"waiting": 3}


@pytest.mark.parametrize("answer", ["421 too many logins", "454 4.7.0 not now", "535 5.7.8 wrong password", CUT])
def test_who_may_not_log_in_touches_no_row(
    world: World, settings: Settings, post: Relay, sign: Sign, answer: str | Answer
) -> None:
    post.offers, post.script = ("AUTH PLAIN",), at("auth", answer)
    sign(3)
    before = world.query("SELECT * FROM transients ORDER BY action_id")
    with another(replace(settings, mail=replace(settings.mail, username="user", password="word"))) as app:
        room_of(app).send()
        assert room_of(app).post.governor.closed_for(clock_of_the_house.monotonic()) > 5
    assert world.query("SELECT * FROM transients ORDER BY action_id") == before
    assert world.query("SELECT count(*) FROM faults") == [(1,)]


def test_a_server_that_ends_each_connection_after_five_mails_is_left_before_it_says_so(
    world: World, post: Relay, sign: Sign, states: States
) -> None:
    said: list[int] = []

    def five(talk: Talk, step: str, _argument: str) -> Answer | None:
        if step != "mail" or talk.carried < 5:
            return None
        said.append(talk.number)
        return Answer("421 closing", cut=True)

    post.script = five
    sign(30)
    world.run("mail")
    assert states() == {"waiting": 30}
    assert len(set(recipients(post))) == len(post.taken) == 30
    assert len(said) == 2
    assert world.query(COUNTED) == [(0, 0)]


@pytest.mark.parametrize("step", STEPS)
def test_a_connection_that_is_closed_with_421_was_no_try(
    world: World, post: Relay, sign: Sign, states: States, step: str
) -> None:
    post.script = at(step, Answer("421 4.3.2 shutting down", cut=True), 1)
    sign(3)
    world.run("mail")
    assert states() == {"waiting": 3}
    assert (len(post.taken), post.opened) == (3, 2)
    assert world.query(COUNTED) == [(0, 0)]


def test_a_mail_at_which_every_connection_ends_waits_and_the_others_leave(
    world: World, post: Relay, sign: Sign, moment: Moment
) -> None:
    post.script = at("rcpt", Answer("421 closing", cut=True), only="person1@")
    sign(4)
    world.run("mail")
    assert sorted(recipients(post)) == [f"person{number}@example.org" for number in (0, 2, 3)]
    assert world.query("SELECT attempts, unsure FROM transients WHERE state = 'to_send'") == [(0, 0)]


@pytest.mark.parametrize("answer", [Answer("421 not now", cut=True), CUT])
def test_a_server_that_lets_everybody_in_and_ends_every_connection_is_asked_rarely(
    world: World, post: Relay, sign: Sign, states: States, clock: FakeClock, moment: Moment, answer: Answer
) -> None:
    post.script = at("mail", answer)
    sign(20)
    for _ in range(10):
        world.run("mail")
    assert post.opened <= 4
    for _ in range(12):
        clock.forward(minutes=5)
        moment.forward(300)
        world.run("mail")
    assert post.opened <= 4 * 13
    assert world.query(COUNTED) == [(0, 0)]
    post.script = None
    clock.forward(minutes=5)
    moment.forward(300)
    world.run("mail")
    assert states() == {"waiting": 20}


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_line_that_is_cut_before_the_message_is_no_try_and_the_mail_leaves_over_another(
    world: World, post: Relay, sign: Sign, states: States, step: str
) -> None:
    post.script = at(step, CUT, 1)
    sign(3)
    world.run("mail")
    assert (states(), len(post.taken), post.opened) == ({"waiting": 3}, 3, 2)
    assert world.query(COUNTED) == [(0, 0)]


def test_a_line_that_is_cut_after_the_message_leaves_an_end_that_nobody_knows(
    world: World, post: Relay, sign: Sign, states: States
) -> None:
    post.script = at("dot", CUT, 1)
    sign(3)
    world.run("mail")
    assert states() == {"waiting": 2, "to_send": 1}
    assert world.query("SELECT attempts, unsure FROM transients WHERE state = 'to_send'") == [(0, 1)]
    assert len(post.taken) == 3


def test_an_answer_counts_although_the_line_is_cut_right_after_it(
    world: World, post: Relay, sign: Sign, states: States
) -> None:
    post.script = each(at("dot", Answer("250 taken", cut=True), 1))
    sign(2)
    world.run("mail")
    assert (states(), len(post.taken)) == ({"waiting": 2}, 2)


def test_answers_in_single_letters_are_understood(world: World, post: Relay, sign: Sign, states: States) -> None:
    post.script = lambda talk, step, _: Answer(talk.usual(step), pieces=7)
    sign(2)
    world.run("mail")
    assert states() == {"waiting": 2}


def test_a_domain_that_defers_is_left_alone_while_the_others_leave_and_is_asked_again_with_one(
    world: World, post: Relay, sign: Sign, clock: FakeClock, moment: Moment, states: States
) -> None:
    post.script = at("rcpt", "451 4.3.0 later", only="@bad.example")
    sign(8, "bad.example")
    sign(8, "good.example", "other")
    world.run("mail")
    tried = [step for _, step in post.said].count("rcpt") - 8
    assert tried == 3
    assert states() == {"waiting": 8, "to_send": 8}
    assert world.query("SELECT count(*) FROM transients WHERE state = 'to_send' AND attempts > 0")[0][0] <= 3
    for expected in (4, 5):  # one is asked, and the hold is twice as long
        clock.forward(minutes=2)
        moment.forward(121)
        world.run("mail")
        assert [step for _, step in post.said].count("rcpt") - 8 == expected
    post.script = None
    for _ in range(12):
        clock.forward(minutes=31)
        moment.forward(1860)
        world.run("mail")
    assert states() == {"waiting": 16}
    assert len(set(recipients(post))) == len(post.taken) == 16


def test_a_long_weekend_without_a_server_loses_nothing_and_counts_nothing(
    world: World, post: Relay, sign: Sign, clock: FakeClock, moment: Moment, states: States
) -> None:
    post.script = at("greeting", CUT)
    sign(5)
    for _ in range(3 * 24):
        clock.forward(hours=1)
        moment.forward(3600)
        world.run("mail")
    assert states() == {"to_send": 5}
    assert world.query(COUNTED) == [(0, 0)]
    assert world.query("SELECT kind FROM alarms WHERE kind = 'mail'") == [("mail",)]
    post.script = None
    moment.forward(300)
    world.run("mail")
    assert states() == {"waiting": 5}


@pytest.mark.parametrize("step", STEPS)
def test_no_answer_reaches_a_log_with_the_address(
    world: World, post: Relay, sign: Sign, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    post.script = each(
        at(step, "550 no <secret.person0@example.org>", 1),
        at(step, Answer("421 secret.person0@example.org", cut=True), 1),
        at(step, CUT, 1),
        at(step, "454 secret.person0@example.org", 1),
    )
    sign(4, name="secret.person")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proca_web.domain.delivery.pace._FIRST", 1000.0)
        world.run("mail")
    said = " ".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert "the server failed us" in said
    assert "secret.person" not in said
    assert "example.org" not in said.replace("host.example.org", "")
