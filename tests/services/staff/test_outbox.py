"""Mails to staff: who is told of a refused page, how often, and what becomes of a mail that does not leave at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading, writing
from proca_web.domain.outcome import Outcome
from proca_web.domain.words import KeyEvent
from proca_web.extensions import db, encryption
from proca_web.models import Membership, User
from proca_web.services.instance import invariants
from proca_web.services.staff import outbox
from proca_web.services.staff.outbox import DueNotice
from tests.factories import FakeClock, World
from tests.key_holder import Owner

OWNER, PARTNER, OPERATOR = "admin@org-one.example.org", "admin@org-two.example.org", "operator@example.org"


@pytest.fixture
def without_key(world: World) -> World:
    """A world in which org-one has just revoked its only key."""
    owner = Owner(world.signed_in(OWNER), "org-one")
    ((number,),) = world.query(
        "SELECT k.id FROM public_keys k JOIN orgs o ON o.id = k.org_id "
        "WHERE o.name = 'org-one' AND k.kind = 'recipient'"
    )
    assert owner.post(f"/{number}/revoke", {"really": "yes"}).status_code == 200
    return world


def tell(world: World, clock: FakeClock, *onces: str) -> None:
    """Tell org-one's owner some things."""
    with world.app.app_context(), writing() as session:
        place = session.scalars(db.select(Membership).join(User).where(User.email == OWNER)).one()
        about = {"fingerprint": "F", "role": "recipient", "was": "active"}
        for once in onces:
            outbox.tell(session, KeyEvent.REVOKED, place.org_id, [place.user_id], once, clock(), **about)


def claim(world: World, clock: FakeClock) -> DueNotice | None:
    """What a worker does first."""
    with world.app.app_context(), writing() as session:
        return outbox.claim(session, clock())


def settle(world: World, clock: FakeClock, notice: DueNotice | None, outcome: Outcome) -> None:
    """What a worker does last."""
    assert notice is not None
    with world.app.app_context(), writing() as session:
        outbox.settle(session, notice, outcome, clock())


def tidy(world: World, clock: FakeClock) -> None:
    with world.app.app_context(), writing() as session:
        outbox.tidy(session, clock())


def alarms(world: World) -> list[str]:
    """Who was or will be told that a page is refused."""
    rows = world.query("SELECT u.email FROM outbox m JOIN users u ON u.id = m.user_id WHERE m.kind = 'key-lacking'")
    return sorted(email for (email,) in rows)


def test_refused_signatures_are_told_once_a_day_to_owners_and_operator(
    without_key: World, client: FlaskClient, clock: FakeClock
) -> None:
    assert alarms(without_key) == []
    for number in range(3):
        assert without_key.sign(client, email=f"person{number}@example.org").status_code == 503
    assert alarms(without_key) == [OWNER, OPERATOR]
    without_key.run("keys", "mail")
    without_key.run("keys", "mail")
    assert alarms(without_key) == [OWNER, OPERATOR]
    clock.forward(days=1)
    assert without_key.sign(client).status_code == 503
    without_key.run("keys", "mail")
    assert alarms(without_key) == sorted([OWNER, OPERATOR] * 2)
    subjects = [mail["subject"] for mail in without_key.mails() if mail["to"] == OPERATOR]
    assert subjects == ["Pages take no signatures: Org One has no active key"] * 2


def test_a_refused_page_is_noticed_by_the_sweep_before_anybody_signs(without_key: World, clock: FakeClock) -> None:
    without_key.run("keys", "mail")
    assert alarms(without_key) == [OWNER, OPERATOR]


def test_two_refusals_at_once_make_one_mail_each(without_key: World) -> None:
    browsers = [without_key.app.test_client() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(without_key.sign, browsers))
    assert [answer.status_code for answer in answers] == [503] * 4
    assert alarms(without_key) == [OWNER, OPERATOR]


def test_without_its_key_an_optional_partner_loses_its_question_and_nobody_is_alarmed(
    without_key: World, client: FlaskClient, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    without_key.execute("UPDATE action_pages SET status = 'closed' WHERE name = 'trees'")
    without_key.run("keys", "mail")
    shown = client.get("/p/trees-partner").text
    assert 'name="opt_in"' in shown
    assert 'name="lead_opt_in"' not in shown
    assert without_key.sign(client, "trees-partner", opt_in="yes").status_code == 303
    names = "SELECT o.name FROM contacts c JOIN orgs o ON o.id = c.org_id"
    assert without_key.query(names) == [("org-two",)]
    without_key.run("keys", "mail")
    assert alarms(without_key) == []
    assert not caplog.records
    with without_key.app.app_context(), reading() as session:
        keyring = without_key.app.extensions["proca_keyring"]
        assert invariants.faults(session, encryption.source.home.identity, keyring, clock()) == []


def test_the_same_thing_is_told_once(world: World, clock: FakeClock) -> None:
    tell(world, clock, "a", "b", "a")
    world.run("mail")
    tell(world, clock, "a")
    world.run("mail")
    assert [mail["to"] for mail in world.mails()] == [OWNER] * 2


def test_a_mail_of_a_worker_that_was_killed_is_sent_after_its_lease(world: World, clock: FakeClock) -> None:
    tell(world, clock, "a")
    assert claim(world, clock) is not None
    clock.forward(minutes=1, seconds=55)
    world.run("keys", "mail")
    assert world.mails() == []
    clock.forward(seconds=10)
    world.run("keys", "mail")
    world.run("keys", "mail")
    assert [mail["to"] for mail in world.mails()] == [OWNER]


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.UNSURE, Outcome.CUT, Outcome.FAULT])
def test_a_mail_that_failed_waits_longer_each_time(world: World, clock: FakeClock, outcome: Outcome) -> None:
    for failed, minutes in ((1, 2), (2, 4), (3, 8), (6, 64), (7, 120), (12, 120)):
        tell(world, clock, f"after {failed}")
        world.execute("UPDATE outbox SET attempts = :n", n=failed - 1)
        settle(world, clock, claim(world, clock), outcome)
        clock.forward(minutes=minutes, seconds=-5)
        assert claim(world, clock) is None, failed
        clock.forward(seconds=10)
        again = claim(world, clock)
        assert again is not None, failed
        assert again.attempts == failed + 1
        settle(world, clock, again, Outcome.SENT)


@pytest.mark.parametrize("outcome", [Outcome.SENT, Outcome.REFUSED])
def test_what_was_taken_or_refused_for_good_is_not_sent_again(world: World, clock: FakeClock, outcome: Outcome) -> None:
    tell(world, clock, "a")
    settle(world, clock, claim(world, clock), outcome)
    for _ in range(4):
        clock.forward(days=1)
        tell(world, clock, "a")
        tidy(world, clock)
        assert claim(world, clock) is None


def test_a_mail_is_given_up_after_three_days(world: World, clock: FakeClock) -> None:
    tell(world, clock, "a", "b")
    claim(world, clock)  # one is even under way
    clock.forward(days=2, hours=23)
    tidy(world, clock)
    assert world.query("SELECT count(*) FROM outbox") == [(2,)]
    clock.forward(hours=2)
    tidy(world, clock)
    assert world.query("SELECT count(*) FROM outbox") == [(0,)]


def test_what_was_sent_is_remembered_for_120_days(world: World, clock: FakeClock) -> None:
    tell(world, clock, "a")
    settle(world, clock, claim(world, clock), Outcome.SENT)
    for days, left in ((119, 1), (2, 0)):
        clock.forward(days=days)
        tidy(world, clock)
        assert world.query("SELECT count(*) FROM outbox") == [(left,)]


def test_the_outcome_of_a_mail_that_another_worker_took_over_does_not_put_it_back(
    world: World, clock: FakeClock
) -> None:
    tell(world, clock, "a")
    slow = claim(world, clock)
    clock.forward(minutes=3)
    tidy(world, clock)
    settle(world, clock, claim(world, clock), Outcome.SENT)
    settle(world, clock, slow, Outcome.ANSWERED)
    clock.forward(hours=3)
    assert claim(world, clock) is None


def test_workers_side_by_side_claim_each_mail_once(world: World, clock: FakeClock) -> None:
    number = 12
    tell(world, clock, *(f"thing {place}" for place in range(number)))

    def work(_: int) -> list[Any]:
        return [notice.id for notice in (claim(world, clock) for _ in range(number)) if notice is not None]

    with ThreadPoolExecutor(4) as pool:
        claimed = [id_ for ids in pool.map(work, range(4)) for id_ in ids]
    assert sorted(claimed) == [id_ for (id_,) in world.query("SELECT id FROM outbox ORDER BY id")]


def test_workers_side_by_side_send_each_mail_once(world: World, clock: FakeClock) -> None:
    tell(world, clock, *(f"thing {place}" for place in range(6)))
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: world.run("mail"), range(3)))
    world.run("mail")
    assert len(world.mails()) == 6
    assert world.query("SELECT count(*) FROM outbox WHERE state = 'sent'") == [(6,)]
