"""The state table of protocol 6, row by row, with time moved by hand; race and crash cases included."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading, writing
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import State
from proca_web.extensions import db
from proca_web.jobs import endings
from proca_web.models import Transient
from proca_web.services import heartbeats
from proca_web.services.signatures import expiring, mailing, settling
from proca_web.services.signatures.mailing import DueMail
from tests import worker
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token

RELAY = "relay.example.org:587"


def claim(world: World, clock: FakeClock, state: State = State.TO_SEND) -> list[DueMail]:
    """What a worker does first: lease what is due, and commit."""
    with world.app.app_context(), writing() as session:
        mails, lost = mailing.claim(session, world.app.extensions["proca_keyring"], state, clock())
    assert not lost
    return mails


def settle(world: World, clock: FakeClock, mail: DueMail, outcome: Outcome) -> None:
    """What a worker does last."""
    with world.app.app_context(), writing() as session:
        settling.settle(session, mail, outcome, RELAY, clock())


def end_leases(world: World, clock: FakeClock) -> None:
    with world.app.app_context():
        endings.end_leases(world.app, clock())


def expire(world: World, clock: FakeClock) -> int:
    """End what is over age; how many rows moved."""
    moved = "SELECT count(*) FROM transients WHERE state = 'waiting'"
    before = world.query("SELECT count(*) FROM transients")[0][0], world.query(moved)[0][0]
    with world.app.app_context():
        endings.expire(world.app, clock())
    after = world.query("SELECT count(*) FROM transients")[0][0], world.query(moved)[0][0]
    return int(before[0] - after[0] + max(after[1] - before[1], 0))


def relay_takes(world: World, clock: FakeClock) -> None:
    """The relay took a mail of somebody else just now."""
    with world.app.app_context(), writing() as session:
        heartbeats.taken(session, RELAY, clock())


def counts(world: World) -> dict[str, int]:
    """How much is left of anything."""
    tables = ("actions", "contacts", "transients", "supporters")
    return {table: world.query(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def days(world: World) -> dict[str, int]:
    return world.ends()


NOTHING = {"actions": 0, "contacts": 0, "transients": 0, "supporters": 0}


def test_a_claim_leases_the_row_for_ten_minutes(signed: bytes, world: World, clock: FakeClock, state: Callable) -> None:
    (mail,) = claim(world, clock)
    assert mail.waiting.token == signed
    assert state() == "sending"
    assert claim(world, clock) == []
    clock.forward(minutes=9)
    end_leases(world, clock)
    assert state() == "sending"


def test_a_sent_mail_closes_the_address(signed: bytes, world: World, clock: FakeClock, state: Callable) -> None:
    (mail,) = claim(world, clock)
    settle(world, clock, mail, Outcome.SENT)
    assert state() == "waiting"
    assert world.query("SELECT wait_key, wait_seal, sealed_at FROM transients") == [(None, None, None)]


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 5), (3, 30), (4, 120), (5, 360), (6, 720), (7, 1440), (8, 1440)]
)
def test_a_mail_that_is_not_taken_is_tried_again_later_and_later(
    signed: bytes, world: World, clock: FakeClock, state: Callable, attempts: int, minutes: int
) -> None:
    world.execute("UPDATE transients SET attempts = :n", n=attempts - 1)
    (mail,) = claim(world, clock)
    relay_takes(world, clock)
    settle(world, clock, mail, Outcome.ANSWERED)
    assert state() == "to_send"
    clock.forward(minutes=minutes - 0.5)
    assert claim(world, clock) == []
    clock.forward(minutes=1)
    assert len(claim(world, clock)) == 1


def test_the_ninth_answer_ends_a_signature(signed: bytes, world: World, clock: FakeClock, state: Callable) -> None:
    for _ in range(8):
        (mail,) = claim(world, clock)
        relay_takes(world, clock)
        settle(world, clock, mail, Outcome.ANSWERED)
        assert expire(world, clock) == 0
        clock.forward(hours=24)
        world.execute("UPDATE transients SET created_at = :now", now=f"{clock():%Y-%m-%d %H:%M:%S.%f}")
    (mail,) = claim(world, clock)
    relay_takes(world, clock)
    settle(world, clock, mail, Outcome.ANSWERED)
    assert expire(world, clock) == 1
    assert counts(world) == NOTHING
    assert days(world) == {"refused": 1}


def test_answers_of_a_relay_that_takes_nothing_never_end_a_signature(
    signed: bytes, world: World, clock: FakeClock, state: Callable
) -> None:
    for _ in range(20):
        (mail,) = claim(world, clock)
        settle(world, clock, mail, Outcome.ANSWERED)
        clock.forward(hours=8)
        assert expire(world, clock) == 0
    assert state() == "to_send"


@pytest.mark.parametrize("outcome", [Outcome.FAULT, Outcome.CUT])
def test_our_own_faults_count_nothing(
    signed: bytes, world: World, clock: FakeClock, state: Callable, outcome: Outcome
) -> None:
    for _ in range(15):
        (mail,) = claim(world, clock)
        relay_takes(world, clock)
        settle(world, clock, mail, outcome)
        assert world.query("SELECT state, attempts, unsure FROM transients") == [("to_send", 0, 0)]
        clock.forward(minutes=11)


def test_every_retry_sends_the_same_link(signed: bytes, world: World, clock: FakeClock) -> None:
    for _ in range(3):
        (mail,) = claim(world, clock)
        assert mail.waiting.token == signed
        settle(world, clock, mail, Outcome.ANSWERED)
        clock.forward(hours=1)


def test_a_worker_that_dies_again_and_again_loses_nothing(
    signed: bytes, world: World, clock: FakeClock, state: Callable
) -> None:
    for died, pause in ((1, 10), (2, 60), (3, 1440), (4, 1440)):
        (mail,) = claim(world, clock)
        assert mail.waiting.token == signed
        clock.forward(minutes=11)
        end_leases(world, clock)
        assert world.query("SELECT state, attempts, unsure FROM transients") == [("to_send", 0, died)]
        clock.forward(minutes=pause - 1)
        assert claim(world, clock) == []
        clock.forward(minutes=2)
    assert sum(days(world).values()) >= 1


def test_a_mail_that_may_have_arrived_waits_for_its_link_when_it_is_over_age(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable
) -> None:
    (mail,) = claim(world, clock)
    settle(world, clock, mail, Outcome.UNSURE)
    clock.forward(days=7, hours=1)
    assert expire(world, clock) == 1
    assert world.query("SELECT state, wait_seal FROM transients") == [("waiting", None)]
    clock.forward(days=13)
    assert expire(world, clock) == 0
    assert client.post(confirm_path(signed)).status_code == 303


def test_a_lease_is_renewed_for_what_is_still_to_be_sent(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable
) -> None:
    (mail,) = claim(world, clock)
    for _ in range(5):
        clock.forward(minutes=9)
        with world.app.app_context(), writing() as session:
            assert mailing.renew(session, mail.state, [mail.action_id], clock()) == {mail.action_id}
        end_leases(world, clock)
        assert state() == "sending"
    client.post(confirm_path(signed))
    with world.app.app_context(), writing() as session:
        assert mailing.renew(session, mail.state, [mail.action_id], clock()) == set()


def test_what_was_claimed_and_not_begun_is_handed_back_at_once(signed: bytes, world: World, clock: FakeClock) -> None:
    (mail,) = claim(world, clock)
    with world.app.app_context(), writing() as session:
        mailing.hand_back(session, mail.state, [mail.action_id])
    (again,) = claim(world, clock)
    assert again.waiting.token == signed
    assert world.query("SELECT attempts, unsure FROM transients") == [(0, 0)]


def test_a_recipient_refused_for_good_is_purged(signed: bytes, world: World, clock: FakeClock) -> None:
    (mail,) = claim(world, clock)
    settle(world, clock, mail, Outcome.REFUSED)
    assert counts(world) == NOTHING
    assert days(world) == {"refused": 1}


def test_a_click_before_the_workers_commit_wins(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable
) -> None:
    (mail,) = claim(world, clock)
    assert client.post(confirm_path(signed)).status_code == 303
    assert state() == "thanks_to_send"
    settle(world, clock, mail, Outcome.SENT)
    assert state() == "thanks_to_send"


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.ANSWERED, Outcome.UNSURE, Outcome.CUT])
def test_no_outcome_of_a_mail_undoes_a_confirmation(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable, outcome: Outcome
) -> None:
    (mail,) = claim(world, clock)
    client.post(confirm_path(signed))
    settle(world, clock, mail, outcome)
    assert state() == "thanks_to_send"
    assert counts(world)["contacts"] == 1


@pytest.mark.parametrize("before", ["to_send", "sending", "waiting"])
def test_confirm_works_from_every_unconfirmed_state(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable, before: str
) -> None:
    if before != "to_send":
        (mail,) = claim(world, clock)
        if before == "waiting":
            settle(world, clock, mail, Outcome.SENT)
    assert state() == before
    assert client.post(confirm_path(signed)).status_code == 303
    assert state() == "thanks_to_send"
    assert world.query("SELECT link_seal FROM transients") == [(None,)]


@pytest.mark.parametrize("before", ["to_send", "sending", "waiting"])
def test_reject_purges_from_every_unconfirmed_state(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, before: str
) -> None:
    if before != "to_send":
        (mail,) = claim(world, clock)
        if before == "waiting":
            settle(world, clock, mail, Outcome.SENT)
    assert client.post(f"{confirm_path(signed)}/reject").status_code == 303
    assert counts(world) == NOTHING
    assert days(world) == {"rejected": 1}


def test_confirm_still_works_after_the_page_has_closed(
    signed: bytes, world: World, client: FlaskClient, state: Callable
) -> None:
    world.execute("UPDATE action_pages SET status = 'closed'")
    world.execute("UPDATE campaigns SET status = 'closed'")
    assert client.post(confirm_path(signed)).status_code == 303
    assert state() == "thanks_to_send"


def test_what_was_not_sent_in_seven_days_is_purged(signed: bytes, world: World, clock: FakeClock) -> None:
    clock.forward(days=6, hours=23)
    assert expire(world, clock) == 0
    clock.forward(hours=2)
    assert expire(world, clock) == 1
    assert counts(world) == NOTHING
    assert days(world) == {"expired": 1}


@pytest.mark.parametrize("confirm_days", [7, 14, 30])
def test_what_was_not_confirmed_in_the_campaigns_days_is_purged(
    signed: bytes, world: World, clock: FakeClock, confirm_days: int
) -> None:
    world.execute("UPDATE campaigns SET confirm_days = :days", days=confirm_days)
    clock.forward(days=3)  # the days begin when the mail has left
    (mail,) = claim(world, clock)
    settle(world, clock, mail, Outcome.SENT)
    clock.forward(days=confirm_days, hours=-1)
    assert expire(world, clock) == 0
    clock.forward(hours=2)
    assert expire(world, clock) == 1
    assert counts(world) == NOTHING


def test_a_purged_link_is_gone_for_confirm_and_harmless_for_reject(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock
) -> None:
    clock.forward(days=8)
    expire(world, clock)
    path = confirm_path(signed)
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410
    assert client.post(f"{path}/reject").status_code == 200


@pytest.mark.parametrize("outcome", [Outcome.SENT, Outcome.REFUSED, Outcome.UNSURE])
def test_a_thank_you_that_may_have_arrived_leaves_nothing(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable, outcome: Outcome
) -> None:
    client.post(confirm_path(signed))
    (thanks,) = claim(world, clock, State.THANKS_TO_SEND)
    assert state() == "thanks_sending"
    settle(world, clock, thanks, outcome)
    assert state() is None
    assert counts(world) == {"actions": 1, "contacts": 1, "transients": 0, "supporters": 1}


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.CUT, Outcome.FAULT])
def test_a_thank_you_that_surely_did_not_arrive_is_tried_again(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable, outcome: Outcome
) -> None:
    client.post(confirm_path(signed))
    (thanks,) = claim(world, clock, State.THANKS_TO_SEND)
    settle(world, clock, thanks, outcome)
    assert state() == "thanks_to_send"
    clock.forward(minutes=11)
    assert len(claim(world, clock, State.THANKS_TO_SEND)) == 1


def test_a_thank_you_whose_worker_died_is_dropped_not_repeated(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable
) -> None:
    client.post(confirm_path(signed))
    claim(world, clock, State.THANKS_TO_SEND)
    clock.forward(minutes=11)
    end_leases(world, clock)
    assert state() is None


def test_a_thank_you_that_never_left_is_dropped_after_seven_days(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable
) -> None:
    client.post(confirm_path(signed))
    clock.forward(days=7, hours=1)
    assert expire(world, clock) == 1
    assert state() is None
    assert counts(world)["contacts"] == 1


def test_without_double_opt_in_the_worker_accepts_right_away(world: World, state: Callable) -> None:
    worker.has_key(world.app)
    world.execute("UPDATE action_pages SET double_opt_in = false")
    answer = world.sign(worker.alone(world.app))
    assert answer.location == "/p/trees/thanks"
    assert state() == "to_accept"
    assert world.query("SELECT link_seal FROM transients") == [(None,)]
    world.run("accept", "release")
    assert state() == "thanks_to_send"
    world.run("mail")
    assert state() is None
    (row,) = world.export("org-one")
    assert row["email_status"] == "none"
    (mail,) = world.mails()
    assert "/confirm/" not in mail["text"]


def test_accepting_without_question_expires_too(world: World, clock: FakeClock) -> None:
    worker.has_key(world.app)
    world.execute("UPDATE action_pages SET double_opt_in = false")
    world.sign(worker.alone(world.app))
    clock.forward(days=7, hours=1)
    assert expire(world, clock) == 1
    assert counts(world) == NOTHING
    assert days(world) == {"lost": 1}


def test_two_workers_never_claim_the_same_row(world: World, client: FlaskClient, clock: FakeClock) -> None:
    for number in range(5):
        world.sign(client, email=f"person{number}@example.org")
    first = claim(world, clock)
    assert len(first) == 5
    assert claim(world, clock) == []


def test_old_keys_are_replaced_and_destroyed_and_the_age_of_what_is_readable_stays(
    signed: bytes, world: World, clock: FakeClock
) -> None:
    files = world.app.extensions["proca_keyring"].worker
    (old,) = files.publics()
    ((old_key, sealed_at),) = world.query("SELECT wait_key, sealed_at FROM transients")
    with world.app.app_context(), writing() as session:
        session.execute(db.update(Transient).values(next_try=clock() + timedelta(hours=20)))
    clock.forward(hours=3)
    world.run("worker key", "old keys")
    ((new_key, still),) = world.query("SELECT wait_key, sealed_at FROM transients")
    assert new_key != old_key
    assert still == sealed_at
    assert old in files.publics()  # who knew it a moment ago may still seal to it
    clock.forward(minutes=11)
    world.run("worker key", "old keys")
    assert old not in files.publics()
    assert world.query("SELECT id FROM worker_keys") == [(new_key,)]
    assert waiting_token(world) == signed


def test_a_lost_key_stops_nothing_else(signed: bytes, world: World, client: FlaskClient, clock: FakeClock) -> None:
    world.execute("UPDATE transients SET wait_key = 0, wait_seal = link_seal")
    world.sign(client, email="other@example.org")
    world.run("mail")
    assert [mail["to"] for mail in world.mails()] == ["other@example.org"]
    assert world.query("SELECT state FROM transients ORDER BY action_id") == [("to_send",), ("waiting",)]
    world.run("sweep")
    assert world.query("SELECT state FROM transients") == [("waiting",)]
    assert days(world) == {"lost": 1}


def test_a_keyring_that_is_gone_ends_nothing(signed: bytes, world: World, state: Callable) -> None:
    keyring = world.app.extensions["proca_keyring"]
    away = keyring.directory.with_name("away")
    keyring.directory.rename(away)
    with world.app.app_context():
        endings.end_keyless(world.app)
    assert state() == "to_send"
    away.rename(keyring.directory)


def test_one_row_that_cannot_be_ended_never_stops_the_others(
    world: World, client: FlaskClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    ((first,), *_) = world.query("SELECT action_id FROM transients ORDER BY action_id")
    ended = expiring.end

    def end(session: Session, over: expiring.Over, now: datetime) -> bool:
        if over.action_id == first:
            raise ValueError("person0@example.org")
        return ended(session, over, now)

    monkeypatch.setattr(expiring, "end", end)
    clock.forward(days=8)
    assert expire(world, clock) == 2
    assert world.query("SELECT name, reason FROM faults") == [("an expiry", "ValueError")]


def test_nothing_stays_readable_for_more_than_seven_days(world: World, client: FlaskClient, clock: FakeClock) -> None:
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    client.post(confirm_path(waiting_token(world)))
    claim(world, clock)
    clock.forward(days=7, minutes=2)
    end_leases(world, clock)
    expire(world, clock)
    limit = clock() - timedelta(days=7)
    with world.app.app_context(), reading() as session:
        assert (
            session.execute(
                db.select(db.func.count())
                .select_from(db.metadata.tables["transients"])
                .where(db.metadata.tables["transients"].c.sealed_at < limit)
            ).scalar()
            == 0
        )
