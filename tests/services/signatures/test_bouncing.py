"""A mail came back: what becomes of the signature in each state, once, twice, and beside somebody who decides."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading, writing
from proca_web.crypto.labels import digest
from proca_web.domain.outcome import Outcome
from proca_web.services.signatures import bouncing, mailing, settling
from proca_web.services.signatures.bouncing import Effect
from tests.factories import FakeClock, World
from tests.services.conftest import State, confirm_path

HELD = ("actions", "contacts", "transients", "supporters")


def ref(world: World) -> bytes:
    """The reference of the only action."""
    ((found,),) = world.query("SELECT ref FROM actions")
    return bytes(found)


def find(world: World, clock: FakeClock, *refs: bytes, message_ids: tuple[bytes, ...] = ()) -> list[int]:
    with world.app.app_context(), reading() as session:
        return bouncing.find(session, refs, message_ids, clock())


def bounce(world: World, clock: FakeClock) -> Effect:
    """A report on the only action, or on the one that was."""
    with world.app.app_context(), writing() as session:
        return bouncing.bounced(session, 1, clock())


def held(world: World) -> dict[str, int]:
    return {table: world.query(f"SELECT count(*) FROM {table}")[0][0] for table in HELD}


def days(world: World) -> dict[str, int]:
    return world.ends()


NOTHING = dict.fromkeys(HELD, 0)


def in_hand(world: World, clock: FakeClock) -> mailing.DueMail:
    """A worker has claimed the mail."""
    with world.app.app_context(), writing() as session:
        (mail,), _ = mailing.claim(session, world.app.extensions["proca_keyring"], mailing.State.TO_SEND, clock())
    return mail


def test_a_signature_that_is_yet_to_be_mailed_goes(signed: bytes, world: World, clock: FakeClock) -> None:
    assert bounce(world, clock) is Effect.DELETED
    assert held(world) == NOTHING
    assert days(world) == {"bounced": 1}


def test_a_signature_that_waits_for_its_link_goes(
    signed: bytes, world: World, clock: FakeClock, client: FlaskClient, state: State
) -> None:
    world.run("mail")
    assert state() == "waiting"
    assert bounce(world, clock) is Effect.DELETED
    assert held(world) == NOTHING
    assert days(world) == {"bounced": 1}
    assert client.post(confirm_path(signed)).status_code == 410


def test_a_report_that_comes_before_the_worker_writes_down_what_it_did(
    signed: bytes, world: World, clock: FakeClock
) -> None:
    mail = in_hand(world, clock)
    assert bounce(world, clock) is Effect.DELETED
    with world.app.app_context(), writing() as session:
        settling.settle(session, mail, Outcome.SENT, "relay", clock())
        settling.wait(session, [mail.action_id], settling.Event.SENT, clock(), 14)
    assert held(world) == NOTHING
    assert days(world) == {"bounced": 1}


def test_a_report_twice_changes_nothing(signed: bytes, world: World, clock: FakeClock) -> None:
    assert bounce(world, clock) is Effect.DELETED
    assert bounce(world, clock) is Effect.NOTHING
    assert days(world) == {"bounced": 1}


def confirmed(world: World, client: FlaskClient, token: bytes) -> None:
    world.run("mail")
    assert client.post(confirm_path(token)).status_code == 303
    world.run("release", "mail", "release")


def test_a_confirmed_signature_stays_and_is_marked(
    signed: bytes, world: World, clock: FakeClock, client: FlaskClient
) -> None:
    confirmed(world, client, signed)
    before, exported = held(world), world.export("org-one")
    assert bounce(world, clock) is Effect.MARKED
    assert held(world) == before
    world.run("release")
    (row,) = world.export("org-one")
    assert (exported[0]["email_status"], row["email_status"]) == ("double_opt_in", "bounce")
    assert int(row["seq"]) > int(exported[0]["seq"])
    same = ("payload", "nonce", "action_ref", "contact_ref", "opt_in")
    assert [row[name] for name in same] == [exported[0][name] for name in same]
    assert client.get("/p/trees/count.json").json["count"] == 1
    assert "bounced" not in days(world)


def test_a_confirmed_signature_is_marked_once(
    signed: bytes, world: World, clock: FakeClock, client: FlaskClient
) -> None:
    confirmed(world, client, signed)
    assert [bounce(world, clock) for _ in range(3)] == [Effect.MARKED, Effect.NOTHING, Effect.NOTHING]
    world.run("release")
    exported = world.export("org-one")
    assert bounce(world, clock) is Effect.NOTHING
    world.run("release")
    assert world.export("org-one") == exported


def test_a_thank_you_that_waits_is_left_alone(
    signed: bytes, world: World, clock: FakeClock, client: FlaskClient, state: State
) -> None:
    world.run("mail")
    client.post(confirm_path(signed))
    waits = state()
    assert bounce(world, clock) in (Effect.MARKED, Effect.NOTHING)
    assert state() == waits
    assert held(world)["actions"] == 1


def test_who_stopped_the_mails_stays_known_for_that(
    signed: bytes, world: World, clock: FakeClock, client: FlaskClient
) -> None:
    confirmed(world, client, signed)
    world.execute("UPDATE actions SET email_status = 'unsub'")
    assert bounce(world, clock) is Effect.NOTHING


def test_a_withdrawn_signature_stays_withdrawn(
    signed: bytes, world: World, clock: FakeClock, client: FlaskClient
) -> None:
    confirmed(world, client, signed)
    assert client.post(f"{confirm_path(signed)}/reject").status_code in (200, 303)
    assert bounce(world, clock) is Effect.NOTHING
    assert world.query("SELECT status, email_status FROM actions") == [("withdrawn", "double_opt_in")]


def test_confirming_after_a_report_meets_nothing(
    signed: bytes, world: World, clock: FakeClock, client: FlaskClient
) -> None:
    world.run("mail")
    assert bounce(world, clock) is Effect.DELETED
    assert client.get(confirm_path(signed)).status_code == 410


def test_two_reports_and_a_click_at_once_end_in_one_way(signed: bytes, world: World, clock: FakeClock) -> None:
    """Either everything is gone, or the signature counts and is marked; never half of it."""
    world.run("mail")
    ready = Barrier(3)

    def report() -> Effect:
        ready.wait()
        return bounce(world, clock)

    def click() -> int:
        client = world.app.test_client()
        ready.wait()
        return client.post(confirm_path(signed)).status_code

    with ThreadPoolExecutor(3) as pool:
        reports, clicked = [pool.submit(report), pool.submit(report)], pool.submit(click)
        effects = sorted(each.result() for each in reports)
    if clicked.result() == 303:
        assert Effect.DELETED not in effects
        assert held(world)["actions"] == 1
    else:
        assert effects == [Effect.DELETED, Effect.NOTHING]
        assert held(world) == NOTHING
        assert days(world) == {"bounced": 1}


def test_an_action_is_found_by_its_reference(signed: bytes, world: World, clock: FakeClock) -> None:
    assert find(world, clock, ref(world), b"x" * 16) == [1]
    assert find(world, clock, b"x" * 16) == []


@pytest.mark.parametrize("kind", ["confirm_signature", "thank_you"])
def test_an_action_is_found_by_the_id_of_its_mails(signed: bytes, world: World, clock: FakeClock, kind: str) -> None:
    made = digest(16, "message-id", kind.encode() + ref(world))
    assert find(world, clock, message_ids=(made, b"x" * 16)) == [1]
    assert find(world, clock, message_ids=(b"x" * 16,)) == []


def test_a_report_on_a_mail_of_long_ago_finds_nothing(signed: bytes, world: World, clock: FakeClock) -> None:
    clock.forward(days=43)
    assert find(world, clock, ref(world)) == [1]
    clock.forward(days=2)
    assert find(world, clock, ref(world)) == []


def test_a_signature_without_double_opt_in_is_marked(world: World, clock: FakeClock, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false WHERE name = 'trees'")
    assert world.sign(client, opt_in="yes").status_code == 303
    world.run("release", "mail", "release")
    first = world.query("SELECT status, email_status FROM actions")
    assert first == [("accepted", "none")]
    assert bounce(world, clock) is Effect.MARKED
    clock.forward(minutes=1)
    world.run("release")
    assert [row["email_status"] for row in world.export("org-one")] == ["bounce"]
