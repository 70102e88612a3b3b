"""What POST confirm leaves to the worker: nothing the web could open, accepted once, alone where something fails."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of, waiting_of
from proca_web.domain.words import Alarm
from proca_web.extensions import db
from proca_web.jobs import endings
from proca_web.services.instance import alarms
from proca_web.services.sealing import worker_keys
from proca_web.services.signatures import accepting, fingerprints
from proca_web.services.signatures.accepting import Opened
from tests import worker
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token

State = Callable[[], str | None]


@pytest.fixture
def browser(world: World) -> FlaskClient:
    """A browser while the worker is away."""
    worker.has_key(world.app)
    return worker.alone(world.app)


def standing(world: World, clock: FakeClock) -> list[Alarm]:
    with world.app.app_context(), reading() as session:
        return [alarm.kind for alarm in alarms.standing(session, clock())]


def days(world: World) -> dict[str, int]:
    return world.ends()


def accepted(world: World) -> int:
    ((number,),) = world.query("SELECT count(*) FROM actions WHERE status = 'accepted'")
    return int(number)


def confirmed(world: World, client: FlaskClient, browser: FlaskClient, number: int) -> list[str]:
    """So many people who have pressed their button; their links."""
    paths = []
    for each in range(number):
        assert world.sign(client, email=f"person{each}@example.org").status_code == 303
        paths.append(confirm_path(waiting_token(world)))
        world.run("mail")
        assert browser.post(paths[-1]).status_code == 303
    return paths


def test_confirming_seals_the_links_token_to_the_worker_and_nothing_else(
    signed: bytes, world: World, browser: FlaskClient, state: State
) -> None:
    answer = browser.post(confirm_path(signed))
    assert (answer.status_code, answer.location) == (303, "/p/trees/thanks")
    assert state() == "to_accept"
    ((seal, link_seal, status),) = world.query(
        "SELECT t.wait_seal, t.link_seal, a.status FROM transients t JOIN actions a ON a.id = t.action_id"
    )
    assert (status, link_seal is not None) == ("pending", True)
    assert world.query("SELECT count(*) FROM supporters") == [(0,)]
    with world.app.app_context(), reading() as session, worker_keys.opener(session, keyring_of(world.app)) as opener:
        opened = opener.open(bytes(seal))
    assert opened is not None
    assert (opened.token, opened.email, opened.first_name) == (signed, "", "")


def test_confirming_again_seals_anew_and_counts_once(
    signed: bytes, world: World, browser: FlaskClient, state: State
) -> None:
    seals = set()
    for _ in range(3):
        assert browser.post(confirm_path(signed)).status_code == 303
        seals.add(bytes(world.query("SELECT wait_seal FROM transients")[0][0]))
    assert len(seals) == 3
    worker.accept(world.app)
    assert state() == "thanks_to_send"
    assert browser.post(confirm_path(signed)).status_code == 303
    assert state() == "thanks_to_send"
    world.run()
    assert browser.post(confirm_path(signed)).status_code == 303
    assert world.query("SELECT supporter_count, unconfirmed_count FROM campaigns") == [(1, 0)]


def test_until_it_is_accepted_the_link_shows_your_signature_and_takes_it_back(
    signed: bytes, world: World, browser: FlaskClient
) -> None:
    browser.post(confirm_path(signed))
    page = browser.get(confirm_path(signed))
    assert page.status_code == 200
    assert "Your signature" in page.text
    assert browser.post(f"{confirm_path(signed)}/reject").status_code == 303
    assert world.query("SELECT count(*) FROM actions") == world.query("SELECT count(*) FROM transients") == [(0,)]
    worker.accept(world.app)
    assert days(world) == {"rejected": 1}


def test_what_waits_for_its_thank_you_is_sealed_anew_without_the_confirm_link(
    signed: bytes, world: World, browser: FlaskClient
) -> None:
    browser.post(confirm_path(signed))
    worker.accept(world.app)
    ((seal, link_seal),) = world.query("SELECT wait_seal, link_seal FROM transients")
    assert link_seal is None
    with world.app.app_context(), reading() as session, worker_keys.opener(session, keyring_of(world.app)) as opener:
        opened = opener.open(bytes(seal))
    assert opened is not None
    assert opened.email == "zofia@example.org"
    assert opened.token != signed
    assert len(opened.check) == 32


def test_one_that_cannot_be_written_is_set_aside_and_the_others_are_accepted(
    world: World, client: FlaskClient, browser: FlaskClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(world, client, browser, 3)
    ((bad,), *_) = world.query("SELECT id FROM actions ORDER BY id")
    accepted_as = accepting._accepted

    def fails(opened: Opened, *given: Any) -> dict[str, Any]:
        if opened.row.action_id == bad:
            raise ValueError("person0@example.org")
        return accepted_as(opened, *given)

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "_accepted", fails)
        worker.accept(world.app)
    assert accepted(world) == 2
    worker.accept(world.app)
    assert accepted(world) == 2
    clock.forward(minutes=11)
    worker.accept(world.app)
    assert accepted(world) == 3


def test_a_batch_takes_as_many_statements_as_one_confirmation(
    world: World, client: FlaskClient, browser: FlaskClient
) -> None:
    numbers = []
    for size in (1, 1, 7):  # the first makes the campaign's key; each later batch holds somebody who has signed before
        confirmed(world, client, browser, size)
        said: list[str] = []

        def note(*args: Any, said: list[str] = said) -> None:
            said.append(args[2])

        with world.app.app_context():
            db.event.listen(db.engine, "before_cursor_execute", note)
            worker.accept(world.app)
            db.event.remove(db.engine, "before_cursor_execute", note)
        numbers.append(len(said))
    assert accepted(world) == 9
    assert world.query("SELECT count(*) FROM supporters") == [(7,)]
    assert world.query("SELECT id FROM actions WHERE repeat ORDER BY id") == [(2,), (3,)]
    assert numbers[2] == numbers[1] <= 16


def test_the_next_batch_is_found_without_a_look_at_all_that_wait(world: World) -> None:
    with world.app.app_context(), writing() as session:
        compiled = accepting._DUE.compile(db.engine)
        values = compiled.params | {"now": "2026-12-01 12:00", "most": 100}
        names, connection = getattr(compiled, "positiontup", None), session.connection()
        if names is None:
            for way in ("seqscan", "bitmapscan"):  # an empty table is read faster
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        given = tuple(values[name] for name in names) if names else values
        plan = str(connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN' if names else ''} {compiled}", given).all())
    assert "ix_transients_due" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_who_confirms_twice_in_one_batch_has_signed_before_at_the_second(
    world: World, client: FlaskClient, browser: FlaskClient
) -> None:
    confirmed(world, client, browser, 2)
    confirmed(world, client, browser, 2)
    worker.accept(world.app)
    assert world.query("SELECT repeat FROM actions ORDER BY id") == [(False,), (False,), (True,), (True,)]
    assert world.query("SELECT count(*) FROM supporters") == [(2,)]


def test_a_second_worker_that_opened_the_same_rows_takes_no_thank_you_away(
    world: World, browser: FlaskClient, clock: FakeClock
) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false")
    for _ in range(3):  # as many mails as an address gets a day
        assert world.sign(browser).status_code == 303
    app, keyring = world.app, keyring_of(world.app)
    with app.app_context():
        with reading() as session, worker_keys.opener(session, keyring) as opener:
            held = [(row, accepting.read(opener, row)) for row in accepting.due(session, clock())]
            opened = [Opened(row, waiting, waiting_of(app).seal(waiting)) for row, waiting in held if waiting]
        for number in (3, 0):
            with writing() as session:
                assert accepting.accept(session, keyring, opened, clock()) == number
    assert world.query("SELECT state, count(*) FROM transients GROUP BY state") == [("thanks_to_send", 3)]


def test_what_is_not_accepted_within_five_minutes_is_an_alarm(
    world: World, client: FlaskClient, browser: FlaskClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(world, client, browser, 1)
    monkeypatch.setattr(accepting, "_accepted", lambda *_: 1 / 0)
    clock.forward(minutes=6)
    world.run("sweep")
    assert standing(world, clock) == [Alarm.ACCEPTANCE]


def test_a_lost_campaign_key_lets_that_campaign_wait_and_is_accepted_when_it_is_back(
    world: World, client: FlaskClient, browser: FlaskClient, clock: FakeClock
) -> None:
    client.post(confirmed(world, client, browser, 1)[0])
    keyring = world.app.extensions["proca_keyring"]
    file = keyring.directory / "campaigns" / "1"
    kept = file.rename(file.with_name("kept"))
    for person, wrong in (("none", b""), ("other", bytes(32))):
        if wrong:
            file.write_bytes(wrong)
        world.sign(client, email=f"{person}@example.org")
        token = waiting_token(world)
        world.run("mail")
        assert browser.post(confirm_path(token)).status_code == 303
        worker.accept(world.app)
        assert accepted(world) == 1
    world.run("sweep")
    assert Alarm.CAMPAIGN_KEY in standing(world, clock)
    assert world.query("SELECT count(*) FROM supporters") == [(1,)]
    kept.rename(file)
    clock.forward(minutes=11)
    worker.accept(world.app)
    assert accepted(world) == 3


def test_with_a_new_key_who_signed_before_can_count_again_and_the_campaign_says_since_when(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    def signs() -> bool:
        world.sign(client)
        token = waiting_token(world)
        world.run("mail")
        client.post(confirm_path(token))
        ((repeat,),) = world.query("SELECT repeat FROM actions ORDER BY id DESC LIMIT 1")
        return bool(repeat)

    assert [signs(), signs()] == [False, True]
    keyring = world.app.extensions["proca_keyring"]
    keyring.destroy_campaign_key(1)
    with world.app.app_context(), writing() as session:
        assert fingerprints.lacking(session, keyring) == [1]
        fingerprints.start_anew(session, 1, clock())
    assert [signs(), signs()] == [False, True]
    assert world.query("SELECT count(*) FROM campaigns WHERE rekeyed_at IS NOT NULL") == [(1,)]


def test_a_confirmation_whose_keys_are_gone_waits_for_its_link_again(
    signed: bytes, world: World, browser: FlaskClient, clock: FakeClock, state: State
) -> None:
    browser.post(confirm_path(signed))
    host = world.app.extensions["proca_keyring"].host
    with world.app.app_context(), writing() as session:
        worker_keys.leave(session, host)
    with world.app.app_context():
        endings.end_keyless(world.app)
    assert state() == "waiting"
    assert days(world) == {"reopened": 1}
    assert standing(world, clock) == [Alarm.REOPENED]
    worker.has_key(world.app)
    clock.forward(seconds=6)  # by then every process has read which keys there are
    assert browser.post(confirm_path(signed)).status_code == 303
    worker.accept(world.app)
    assert state() == "thanks_to_send"


def test_a_confirmation_that_opens_nothing_waits_for_its_link_again(
    signed: bytes, world: World, browser: FlaskClient, clock: FakeClock, state: State
) -> None:
    browser.post(confirm_path(signed))
    world.execute("UPDATE transients SET link_seal = :seal", seal=bytes(744))
    worker.accept(world.app)
    assert state() == "waiting"
    assert days(world) == {"reopened": 1}
    assert standing(world, clock) == [Alarm.REOPENED]


def test_a_confirmation_that_nobody_accepted_in_seven_days_waits_for_its_link_again(
    signed: bytes, world: World, browser: FlaskClient, clock: FakeClock, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.forward(days=5)
    worker.has_key(world.app)
    browser.post(confirm_path(signed))
    with world.app.app_context():
        clock.forward(days=6, hours=23)
        endings.expire(world.app, clock())
        assert state() == "to_accept"
        clock.forward(hours=2)
        endings.expire(world.app, clock())
    assert state() == "waiting"
    assert days(world) == {"reopened": 1}


def test_a_row_of_another_worker_host_stays_as_it_is(
    signed: bytes, world: World, browser: FlaskClient, clock: FakeClock, state: State
) -> None:
    browser.post(confirm_path(signed))
    world.execute("UPDATE worker_keys SET host = 'ffffffffffffffff'")
    worker.accept(world.app)
    assert state() == "to_accept"
    world.execute("UPDATE worker_keys SET host = :host", host=world.app.extensions["proca_keyring"].host)
    worker.accept(world.app)
    assert state() == "to_accept"
    clock.forward(minutes=11)
    worker.accept(world.app)
    assert state() == "thanks_to_send"


def test_who_confirms_nothing_is_counted_apart_and_known_to_nobody(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false WHERE name = 'trees-partner'")
    for _ in range(2):
        world.sign(client, "trees-partner")
    world.sign(client, "trees")
    token = waiting_token(world)
    world.run("mail")
    client.post(confirm_path(token))
    world.run("release", "mail")
    answer = client.get("/p/trees/count.json").json
    assert (answer["count"], answer["confirmed"], answer["unconfirmed"]) == (3, 1, 2)
    assert world.query("SELECT count(*) FROM supporters") == [(1,)]
    assert world.query("SELECT count(*) FROM actions WHERE repeat") == [(0,)]
    world.execute("UPDATE campaigns SET supporter_count = 77, unconfirmed_count = 66, counted_at = '2020-01-01'")
    world.execute("UPDATE heartbeats SET seen_at = '2020-01-01' WHERE name = 'recount'")
    world.run("sweep")


def test_a_campaign_is_forgotten_only_once_nothing_of_it_waits_to_be_accepted(
    signed: bytes, world: World, client: FlaskClient, browser: FlaskClient, clock: FakeClock
) -> None:
    worker.accept(world.app)
    at = clock() - timedelta(days=31)
    world.execute("UPDATE campaigns SET status = 'closed', closed_at = :at", at=f"{at:%Y-%m-%d %H:%M:%S.%f}")
    browser.post(confirm_path(signed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accepting, "_accepted", lambda *_: 1 / 0)
        world.run("sweep")
    assert world.query("SELECT count(*) FROM campaigns WHERE forgotten_at IS NOT NULL") == [(0,)]
    clock.forward(minutes=11)
    world.run("sweep")
    world.run("sweep")
    assert accepted(world) == 1
    assert world.query("SELECT count(*) FROM campaigns WHERE forgotten_at IS NOT NULL") == [(1,)]
    assert not world.app.extensions["proca_keyring"].has_campaign_key(1)
