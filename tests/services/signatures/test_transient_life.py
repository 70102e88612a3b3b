"""The state table of protocol 6, row by row, with time moved by hand; race and crash cases included."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading, writing
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import State
from proca_web.extensions import db
from proca_web.models import Transient
from proca_web.services.signatures import expiring, mailing
from proca_web.services.signatures.mailing import DueMail
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token


def claim(world: World, clock: FakeClock, state: State = State.TO_SEND) -> list[DueMail]:
    """What a worker does first: lease what is due, and commit."""
    with world.app.app_context(), writing() as session:
        mails, lost = mailing.claim(session, world.app.extensions["proca_keyring"], state, clock())
    assert not lost
    return mails


def settle(world: World, clock: FakeClock, mail: DueMail, outcome: Outcome) -> None:
    """What a worker does last."""
    with world.app.app_context(), writing() as session:
        mailing.settle(session, mail, outcome, clock())


def end_leases(world: World, clock: FakeClock) -> None:
    with world.app.app_context(), writing() as session:
        mailing.end_leases(session, clock())


def expire(world: World, clock: FakeClock) -> int:
    with world.app.app_context(), writing() as session:
        return expiring.expire(session, clock())


def counts(world: World) -> dict[str, int]:
    """How much is left of anything."""
    tables = ("actions", "contacts", "transients", "supporters")
    return {table: world.query(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def days(world: World) -> dict[str, int]:
    return {event: number for event, number in world.query("SELECT event, number FROM day_counts")}


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


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 5), (3, 30), (4, 120), (5, 360), (6, 720), (7, 1440)])
def test_a_failed_mail_is_tried_again_later_and_later(
    signed: bytes, world: World, clock: FakeClock, state: Callable, attempts: int, minutes: int
) -> None:
    world.execute("UPDATE transients SET attempts = :n", n=attempts - 1)
    (mail,) = claim(world, clock)
    settle(world, clock, mail, Outcome.FAILED)
    assert state() == "to_send"
    clock.forward(minutes=minutes - 0.5)
    assert claim(world, clock) == []
    clock.forward(minutes=1)
    assert len(claim(world, clock)) == 1


def test_every_retry_sends_the_same_link(signed: bytes, world: World, clock: FakeClock) -> None:
    for _ in range(3):
        (mail,) = claim(world, clock)
        assert mail.waiting.token == signed
        settle(world, clock, mail, Outcome.FAILED)
        clock.forward(hours=1)


def test_a_crash_between_claim_and_settle_is_mended_after_the_lease(
    signed: bytes, world: World, clock: FakeClock, state: Callable
) -> None:
    claim(world, clock)
    clock.forward(minutes=11)
    end_leases(world, clock)
    assert state() == "to_send"
    clock.forward(minutes=2)
    (again,) = claim(world, clock)
    assert again.waiting.token == signed


def test_the_third_delivery_that_may_have_arrived_counts_as_sent(
    signed: bytes, world: World, clock: FakeClock, state: Callable
) -> None:
    for _ in range(2):
        (mail,) = claim(world, clock)
        settle(world, clock, mail, Outcome.FAILED_AFTER_DATA)
        assert state() == "to_send"
        clock.forward(hours=1)
    claim(world, clock)
    clock.forward(minutes=11)
    end_leases(world, clock)
    assert state() == "waiting"


def test_faults_before_the_message_is_handed_over_never_count_as_sent(
    signed: bytes, world: World, clock: FakeClock, state: Callable
) -> None:
    for _ in range(6):
        (mail,) = claim(world, clock)
        settle(world, clock, mail, Outcome.FAILED)
        assert state() == "to_send"
        clock.forward(hours=10)


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


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FAILED, Outcome.FAILED_AFTER_DATA])
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


@pytest.mark.parametrize("before", ["to_send", "sending"])
def test_what_was_not_sent_in_72_hours_is_purged(signed: bytes, world: World, clock: FakeClock, before: str) -> None:
    if before == "sending":
        claim(world, clock)
    clock.forward(hours=71)
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
    clock.forward(days=4)
    expire(world, clock)
    path = confirm_path(signed)
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410
    assert client.post(f"{path}/reject").status_code == 303


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_thank_you_is_tried_once_and_leaves_nothing_whatever_happens(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable, outcome: Outcome
) -> None:
    client.post(confirm_path(signed))
    (thanks,) = claim(world, clock, State.THANKS_TO_SEND)
    assert state() == "thanks_sending"
    settle(world, clock, thanks, outcome)
    assert state() is None
    assert counts(world) == {"actions": 1, "contacts": 1, "transients": 0, "supporters": 1}


def test_a_thank_you_whose_worker_died_is_dropped_not_repeated(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable
) -> None:
    client.post(confirm_path(signed))
    claim(world, clock, State.THANKS_TO_SEND)
    clock.forward(minutes=11)
    end_leases(world, clock)
    assert state() is None


def test_a_thank_you_that_never_left_is_dropped_after_72_hours(
    signed: bytes, world: World, client: FlaskClient, clock: FakeClock, state: Callable
) -> None:
    client.post(confirm_path(signed))
    clock.forward(hours=73)
    assert expire(world, clock) == 1
    assert state() is None
    assert counts(world)["contacts"] == 1


def test_without_double_opt_in_the_worker_accepts_right_away(
    world: World, client: FlaskClient, state: Callable
) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false")
    answer = world.sign(client)
    assert answer.location == "/p/trees/thanks"
    assert state() == "to_accept"
    assert world.query("SELECT link_seal FROM transients") == [(None,)]
    world.run("release")
    assert state() == "thanks_to_send"
    world.run("mail")
    assert state() is None
    (row,) = world.export("org-one")
    assert row["email_status"] == "none"
    (mail,) = world.mails()
    assert "/confirm/" not in mail["text"]


def test_accepting_without_question_expires_too(world: World, client: FlaskClient, clock: FakeClock) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false")
    world.sign(client)
    clock.forward(hours=73)
    assert expire(world, clock) == 1
    assert counts(world) == NOTHING


def test_two_workers_never_claim_the_same_row(world: World, client: FlaskClient, clock: FakeClock) -> None:
    for number in range(5):
        world.sign(client, email=f"person{number}@example.org")
    first = claim(world, clock)
    assert len(first) == 5
    assert claim(world, clock) == []


def test_old_keys_are_replaced_and_destroyed_and_the_age_of_what_is_readable_stays(
    signed: bytes, world: World, clock: FakeClock
) -> None:
    keyring = world.app.extensions["proca_keyring"]
    ((old_name, sealed_at),) = world.query("SELECT wait_key, sealed_at FROM transients")
    with world.app.app_context(), writing() as session:
        session.execute(db.update(Transient).values(next_try=clock() + timedelta(hours=20)))
    clock.forward(hours=3)
    world.run("sweep")
    ((new_name, still),) = world.query("SELECT wait_key, sealed_at FROM transients")
    assert new_name != old_name
    assert still == sealed_at
    assert old_name not in keyring.transient_names()
    assert waiting_token(world) == signed


def test_a_lost_key_stops_nothing_else(signed: bytes, world: World, client: FlaskClient, clock: FakeClock) -> None:
    keyring = world.app.extensions["proca_keyring"]
    world.execute("UPDATE transients SET wait_key = '2020-01-01T00-deadbeef'")
    world.sign(client, email="other@example.org")
    world.run("mail")
    assert [mail["to"] for mail in world.mails()] == ["other@example.org"]
    assert keyring.transient("2020-01-01T00-deadbeef") is None


def test_nothing_stays_readable_for_more_than_72_hours(world: World, client: FlaskClient, clock: FakeClock) -> None:
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    client.post(confirm_path(waiting_token(world)))
    claim(world, clock)
    clock.forward(hours=72, minutes=2)
    expire(world, clock)
    limit = clock() - timedelta(hours=72)
    with world.app.app_context(), reading() as session:
        assert (
            session.execute(
                db.select(db.func.count())
                .select_from(db.metadata.tables["transients"])
                .where(db.metadata.tables["transients"].c.sealed_at < limit)
            ).scalar()
            == 0
        )
