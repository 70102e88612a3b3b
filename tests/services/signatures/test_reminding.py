"""One more mail a day after the first, where the campaign says so (protocol 6): `waiting` with a seal, `reminding`."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.crypto.labels import digest
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import State
from proca_web.extensions import encryption
from proca_web.jobs import endings
from proca_web.services.instance import invariants
from proca_web.services.sealing import worker_keys
from proca_web.services.signatures import bouncing, expiring, mailing, mending, settling
from proca_web.services.signatures.mailing import DueMail
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token

CLOSED = (None, None, None)
STATES = pytest.mark.parametrize("held", [State.WAITING, State.REMINDING])


@pytest.fixture
def reminded(world: World) -> World:
    """A world whose campaign reminds."""
    world.execute("UPDATE campaigns SET reminder = true")
    return world


@pytest.fixture
def token(reminded: World, client: FlaskClient, clock: FakeClock) -> bytes:
    """The link's token of a signature whose first mail has just left."""
    assert reminded.sign(client).status_code == 303
    made = waiting_token(reminded)
    reminded.run("mail")
    return made


def claim(world: World, clock: FakeClock) -> list[DueMail]:
    with world.app.app_context(), writing() as session:
        mails, lost = mailing.claim(session, keyring_of(world.app), State.WAITING, clock())
    assert not lost
    return mails


def settle(world: World, clock: FakeClock, mail: DueMail, outcome: Outcome) -> None:
    with world.app.app_context(), writing() as session:
        settling.settle(session, mail, outcome, "relay", clock())


def seal(world: World) -> tuple[object, ...]:
    """What is readable of the only signature."""
    (row,) = world.query("SELECT wait_key, wait_seal, sealed_at FROM transients")
    return tuple(row)


def bring_to(world: World, clock: FakeClock, held: State) -> None:
    """21 hours later: the reminder is due, or under way."""
    clock.forward(hours=21)
    if held is State.REMINDING:
        assert len(claim(world, clock)) == 1


def faults(world: World, clock: FakeClock) -> list[str]:
    with world.app.app_context(), reading() as session:
        found = invariants.faults(session, encryption.source.home.identity, keyring_of(world.app), clock())
    return [fault for fault in found if "readable" in fault]


def test_a_day_after_the_first_mail_one_more_leaves_with_the_same_link_and_never_again(
    reminded: World, token: bytes, client: FlaskClient, clock: FakeClock, state: Callable[[], str | None]
) -> None:
    assert state() == "waiting"
    assert seal(reminded)[1] is not None
    for hours, mails in ((19.9, 1), (0.2, 2), (24, 2), (24 * 11, 2)):
        clock.forward(hours=hours)
        reminded.run("sweep", "mail")
        assert len(reminded.mails()) == mails
    assert seal(reminded) == CLOSED
    first, second = reminded.mails()
    assert second["subject"].startswith("Not counted yet, please confirm: ")
    links = [set(re.findall(r"/(?:confirm|withdraw)/[\w-]+", mail["text"])) for mail in (first, second)]
    assert links[0] == links[1]
    assert len(links[0]) == 2
    assert client.post(confirm_path(token)).status_code == 303
    assert state() == "thanks_to_send"


def test_both_mails_have_an_id_of_their_own_and_a_bounce_of_each_is_known(
    reminded: World, token: bytes, clock: FakeClock
) -> None:
    clock.forward(hours=21)
    (mail,) = claim(reminded, clock)
    ids = [digest(16, "message-id", kind + mail.action_ref) for kind in (b"confirm_signature", b"reminder")]
    with reminded.app.app_context(), reading() as session:
        for made in ids:
            assert bouncing.find(session, [], [made], clock()) == [mail.action_id]


def test_where_the_campaign_does_not_remind_the_address_is_closed_at_once(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    world.sign(client)
    world.run("mail")
    assert seal(world) == CLOSED
    clock.forward(hours=21)
    world.run("mail")
    assert len(world.mails()) == 1


@pytest.mark.parametrize("org", ["org-one", "org-two"])
def test_pages_of_high_security_organisations_never_remind(
    reminded: World, client: FlaskClient, clock: FakeClock, org: str
) -> None:
    reminded.execute("UPDATE orgs SET high_security = true WHERE name = :org", org=org)
    reminded.sign(client, "trees-partner")
    reminded.run("mail")
    assert seal(reminded) == CLOSED


@pytest.mark.parametrize("change", ["UPDATE campaigns SET reminder = false", "UPDATE orgs SET high_security = true"])
def test_who_ends_reminders_ends_those_that_wait(reminded: World, token: bytes, clock: FakeClock, change: str) -> None:
    reminded.execute(change)
    clock.forward(hours=21)
    reminded.run("mail")
    assert len(reminded.mails()) == 1
    assert seal(reminded) == CLOSED


@pytest.mark.parametrize("outcome", Outcome)
def test_whatever_becomes_of_the_reminder_the_address_is_closed_and_waits_as_long_as_it_would_have(
    reminded: World, token: bytes, clock: FakeClock, state: Callable[[], str | None], outcome: Outcome
) -> None:
    began = clock()
    clock.forward(hours=21)
    (mail,) = claim(reminded, clock)
    assert state() == "reminding"
    settle(reminded, clock, mail, outcome)
    assert (state(), seal(reminded)) == ("waiting", CLOSED)
    clock.moment = began + timedelta(days=14, minutes=-1)
    reminded.run("expiry")
    assert state() == "waiting"
    clock.forward(minutes=2)
    reminded.run("expiry")
    assert state() is None


def test_a_worker_that_dies_sends_no_second_reminder(reminded: World, token: bytes, clock: FakeClock) -> None:
    clock.forward(hours=21)
    claim(reminded, clock)
    clock.forward(minutes=11)
    with reminded.app.app_context():
        endings.end_leases(reminded.app, clock())
    assert reminded.query("SELECT state, wait_seal FROM transients") == [("waiting", None)]


def test_a_reminder_that_was_not_begun_is_handed_back_and_sent_by_the_next(
    reminded: World, token: bytes, clock: FakeClock
) -> None:
    clock.forward(hours=21)
    (mail,) = claim(reminded, clock)
    with reminded.app.app_context(), writing() as session:
        mailing.hand_back(session, mail.state, [mail.action_id])
    assert len(claim(reminded, clock)) == 1


@STATES
def test_after_26_hours_nothing_is_readable_and_no_mail_leaves(
    reminded: World, token: bytes, clock: FakeClock, held: State
) -> None:
    bring_to(reminded, clock, held)
    clock.forward(hours=4, minutes=59)
    reminded.execute("UPDATE transients SET lease_until = :far WHERE state = 'reminding'", far="2999-01-01 00:00:00")
    with reminded.app.app_context():
        endings.expire(reminded.app, clock())
        assert seal(reminded)[1] is not None
        clock.forward(minutes=2)
        endings.expire(reminded.app, clock())
    assert reminded.query("SELECT state, wait_seal FROM transients") == [("waiting", None)]
    reminded.run("mail")
    assert len(reminded.mails()) == 1


def test_a_claim_after_26_hours_closes_instead(reminded: World, token: bytes, clock: FakeClock) -> None:
    clock.forward(hours=26, minutes=1)
    assert claim(reminded, clock) == []
    assert seal(reminded) == CLOSED


def test_check_tells_of_an_address_that_is_readable_for_more_than_26_hours(
    reminded: World, token: bytes, clock: FakeClock
) -> None:
    reminded.execute("UPDATE transients SET sealed_at = :then", then=f"{clock() - timedelta(days=6.9):%F %T}")
    clock.forward(hours=26)
    assert faults(reminded, clock) == []  # 8 days old, and within both limits
    clock.forward(minutes=6)
    assert faults(reminded, clock) == [
        "1 addresses are readable more than 26 hours after their first mail; is the worker running?"
    ]
    with reminded.app.app_context():
        endings.expire(reminded.app, clock())
    assert faults(reminded, clock) == []


def test_who_has_signed_meanwhile_is_not_reminded(
    reminded: World, token: bytes, client: FlaskClient, clock: FakeClock
) -> None:
    reminded.sign(client)
    reminded.run("mail")
    assert client.post(reminded.link()).status_code == 303
    reminded.run("mail")
    before = len(reminded.mails())
    clock.forward(hours=21)
    reminded.run("mail")
    assert len(reminded.mails()) == before
    assert reminded.query("SELECT state, wait_seal FROM transients") == [("waiting", None)]


def test_who_said_no_to_another_link_is_not_reminded_of_this_one(
    reminded: World, token: bytes, client: FlaskClient, clock: FakeClock
) -> None:
    reminded.sign(client)
    reminded.run("mail")
    client.post(f"{reminded.link()}/reject")
    assert reminded.query("SELECT state FROM transients") == [("waiting",)]  # mailed before: its link stays
    clock.forward(hours=21)
    reminded.run("mail")
    assert len(reminded.mails()) == 2
    assert reminded.query("SELECT state, wait_seal FROM transients") == [("waiting", None)]
    assert client.post(confirm_path(token)).status_code == 303


def test_a_reminder_is_one_of_the_three_mails_of_its_day(
    reminded: World, token: bytes, client: FlaskClient, clock: FakeClock
) -> None:
    clock.forward(hours=24)
    for _ in range(2):
        reminded.sign(client)
    reminded.run("mail")  # two, and the reminder
    assert len(reminded.mails()) == 4
    reminded.sign(client)
    reminded.run("mail")
    assert len(reminded.mails()) == 4


@STATES
@pytest.mark.parametrize("act", ["confirm", "reject", "withdraw", "bounce"])
def test_the_person_and_a_hard_bounce_end_it_from_both_states(
    reminded: World, token: bytes, client: FlaskClient, clock: FakeClock, held: State, act: str
) -> None:
    bring_to(reminded, clock, held)
    ((action,),) = reminded.query("SELECT action_id FROM transients")
    if act == "bounce":
        with reminded.app.app_context(), writing() as session:
            bouncing.bounced(session, action, clock())
    elif act == "withdraw":
        withdraw = re.search(r"/withdraw/[\w-]+", reminded.mails()[0]["text"])
        assert withdraw is not None
        assert client.post(withdraw[0]).status_code == 200
    else:
        path = confirm_path(token)
        assert client.post(path if act == "confirm" else f"{path}/reject").status_code == 303
    left = [("thanks_to_send",)] if act == "confirm" else []
    assert reminded.query("SELECT state FROM transients") == left
    day = {"confirm": {}, "reject": {"rejected": 1}, "withdraw": {"withdrawn": 1}, "bounce": {"bounced": 1}}
    assert reminded.ends() == day[act]
    reminded.run("mail")
    assert len(reminded.mails()) == (2 if act == "confirm" else 1)


def test_a_click_while_the_reminder_is_under_way_wins(
    reminded: World, token: bytes, client: FlaskClient, clock: FakeClock, state: Callable[[], str | None]
) -> None:
    clock.forward(hours=21)
    (mail,) = claim(reminded, clock)
    client.post(confirm_path(token))
    settle(reminded, clock, mail, Outcome.SENT)
    assert state() == "thanks_to_send"


@STATES
def test_what_is_not_confirmed_in_the_campaigns_days_is_purged(
    reminded: World, token: bytes, clock: FakeClock, held: State
) -> None:
    bring_to(reminded, clock, held)
    clock.forward(days=14)
    reminded.run("expiry")
    assert reminded.query("SELECT count(*) FROM actions") == [(0,)]


def test_sealing_anew_carries_what_waits_for_its_reminder(
    reminded: World, token: bytes, client: FlaskClient, clock: FakeClock
) -> None:
    ((before, old),) = reminded.query("SELECT wait_key, wait_seal FROM transients")
    for _ in range(4):
        clock.forward(minutes=61)
        reminded.run("sweep")
    ((after, new),) = reminded.query("SELECT wait_key, wait_seal FROM transients")
    assert after > before
    assert new != old
    clock.forward(hours=17)
    reminded.run("sweep", "mail")
    assert len(reminded.mails()) == 2


def test_without_its_keys_it_waits_for_its_link_alone(
    reminded: World, token: bytes, client: FlaskClient, clock: FakeClock, state: Callable[[], str | None]
) -> None:
    reminded.execute("DELETE FROM worker_keys")
    with reminded.app.app_context():
        endings.end_keyless(reminded.app)
    assert (state(), seal(reminded)) == ("waiting", CLOSED)
    assert reminded.ends() == {}
    ((until, since),) = reminded.query("SELECT next_try, waiting_since FROM transients")
    assert str(until) > str(since)
    assert client.post(confirm_path(token)).status_code == 303


def test_a_reminder_sealed_to_another_host_is_left_to_that_host(
    reminded: World, token: bytes, clock: FakeClock
) -> None:
    ((sealed,),) = reminded.query("SELECT wait_seal FROM transients")
    reminded.execute("UPDATE transients SET wait_seal = :s", s=(99).to_bytes(8, "big") + bytes(sealed)[8:])
    clock.forward(hours=21)
    with reminded.app.app_context(), writing() as session:
        mails, lost = mailing.claim(session, keyring_of(reminded.app), State.WAITING, clock())
    assert (mails, len(lost)) == ([], 1)
    assert reminded.query("SELECT state, wait_seal IS NULL FROM transients") == [("waiting", False)]


def test_a_clock_that_was_ahead_makes_no_address_readable_for_longer(
    reminded: World, client: FlaskClient, clock: FakeClock
) -> None:
    reminded.sign(client)
    clock.forward(days=2)
    reminded.run("mail")
    clock.forward(days=-2)
    with reminded.app.app_context(), writing() as session:
        mending.mend(session, clock())
    assert claim(reminded, clock) == []
    clock.forward(hours=20, minutes=1)
    assert len(claim(reminded, clock)) == 1


def test_a_campaign_is_forgotten_with_what_waits_for_a_reminder(
    reminded: World, token: bytes, clock: FakeClock
) -> None:
    reminded.execute("UPDATE campaigns SET status = 'closed', closed_at = created_at")
    with reminded.app.app_context(), writing() as session:
        assert expiring.forget_campaign(session, 1, clock())
    assert reminded.query("SELECT count(*) FROM transients") == [(0,)]


@ON_SQLITE
def test_the_seal_that_waits_opens_for_the_worker_host_alone(reminded: World, token: bytes) -> None:
    ((sealed,),) = reminded.query("SELECT wait_seal FROM transients")
    ring = keyring_of(reminded.app)
    with reminded.app.app_context(), reading() as session, worker_keys.opener(session, ring) as opener:
        opened = opener.open(bytes(sealed))
    assert opened is not None
    assert opened.token == token
