"""A clock that is wrong: what it may not end, what it leaves behind, and a host whose clock is not the database's.

The job is called as the worker calls it; only `World.run` of other tests lets housekeeping keep up with their time.
"""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from proca_web.adapters.database import reading, writing
from proca_web.domain.words import Alarm
from proca_web.jobs.mail.post_office import send_mail
from proca_web.jobs.sweep import sweep
from proca_web.models import Transient
from proca_web.services.instance import ageing, alarms
from tests.factories import FakeClock, World

YEARS = 3 * 365


@pytest.fixture
def swept(world: World, clock: FakeClock) -> World:
    """A world whose housekeeping has kept up."""
    world.run("sweep")
    return world


def state(world: World) -> dict[str, list[object]]:
    """What no bad minute may end."""
    return {
        "signatures": world.query("SELECT id, status FROM actions ORDER BY id"),
        "waiting": world.query("SELECT action_id FROM transients ORDER BY action_id"),
        "keys": world.query("SELECT id, status, ended_at FROM public_keys WHERE kind = 'recipient' ORDER BY id"),
        "log": world.query("SELECT position, entry FROM key_log ORDER BY position"),
        "people": world.query("SELECT id, fingerprint FROM supporters ORDER BY id"),
        "keyring": sorted(world.app.extensions["proca_keyring"].directory.rglob("campaigns/*")),
    }


def aged(world: World) -> datetime:
    with world.app.app_context(), reading() as session:
        return ageing.moment(session)


def standing(world: World, clock: FakeClock) -> list[Alarm]:
    with world.app.app_context(), reading() as session:
        return [alarm.kind for alarm in alarms.standing(session, clock())]


@pytest.mark.parametrize("days", [YEARS, 40, 4, -40, -YEARS])
def test_one_minute_with_a_wrong_clock_ends_nothing(
    swept: World, client: FlaskClient, clock: FakeClock, days: int
) -> None:
    for number in range(3):
        swept.sign(client, email=f"person{number}@example.org")
    send_mail(swept.app)
    client.post(swept.link("person0@example.org"))
    send_mail(swept.app)
    swept.sign(client, email="unsent@example.org")
    swept.execute("UPDATE campaigns SET status = 'closed', closed_at = :at", at=f"{clock():%Y-%m-%d %H:%M:%S.%f}")
    keyring = swept.app.extensions["proca_keyring"]
    assert keyring.has_campaign_key(1)
    before, keys = state(swept), keyring.worker.publics()
    clock.forward(days=days, minutes=1)
    sweep(swept.app)
    assert state(swept) == before
    clock.forward(days=-days, minutes=1)
    sweep(swept.app)
    assert state(swept) == before
    assert keys <= keyring.worker.publics()
    assert abs(clock() - aged(swept)) <= timedelta(minutes=10)
    clock.forward(days=19)  # a link that was mailed in the wrong minute waits from that minute on
    swept.run("sweep")
    assert swept.query("SELECT count(*) FROM transients") == [(0,)]


def test_what_was_signed_while_the_clock_was_ahead_is_sent_and_ends_as_if_it_had_been_right(
    swept: World, client: FlaskClient, clock: FakeClock
) -> None:
    clock.forward(days=300)
    swept.sign(client, email="ahead@example.org")
    swept.sign(client, email="ahead.and.sent@example.org")
    with swept.app.app_context(), writing() as session:
        session.execute(update(Transient).values(lease_until=clock(), next_try=clock()))
        first = "UPDATE transients SET state = 'waiting', wait_key = NULL, wait_seal = NULL, sealed_at = NULL"
        session.connection().exec_driver_sql(f"{first} WHERE action_id = (SELECT min(action_id) FROM transients)")
    clock.forward(days=-300)
    sweep(swept.app)
    assert [mail["to"] for mail in swept.mails()] == ["ahead.and.sent@example.org"]
    with swept.app.app_context(), reading() as session:
        for row in session.query(Transient):
            assert row.created_at == clock()
            assert row.next_try == clock() + timedelta(days=14)
    keyring = swept.app.extensions["proca_keyring"]
    clock.forward(minutes=11)
    sweep(swept.app)
    assert [(len(keyring.worker.publics()),)] == swept.query("SELECT count(*) FROM worker_keys")
    assert swept.query("SELECT count(*) FROM worker_keys WHERE not_before > :now", now=f"{clock():%Y-%m-%d %H:%M}") == [
        (0,)
    ]


def test_a_weekend_off_is_made_up_in_six_hours(swept: World, clock: FakeClock) -> None:
    clock.forward(hours=60)
    minutes = 0
    with swept.app.app_context(), writing() as session:
        while ageing.advance(session, clock()) < clock():
            clock.forward(minutes=1)
            minutes += 1
    assert 5.5 * 60 < minutes < 7 * 60


def test_a_leap_is_an_alarm_until_it_is_made_up_or_said_to_be_right(swept: World, clock: FakeClock) -> None:
    clock.forward(hours=30)
    sweep(swept.app)
    assert standing(swept, clock) == [Alarm.HOUSEKEEPING]
    with swept.app.app_context(), writing() as session:
        ageing.trust(session, clock())
    clock.forward(minutes=11)
    sweep(swept.app)
    assert standing(swept, clock) == []
    assert aged(swept) >= clock() - timedelta(minutes=1)


@pytest.mark.parametrize("minutes", [6, -6, 60 * 24 * YEARS])
def test_a_host_whose_clock_is_not_the_databases_seals_sends_and_sweeps_nothing(
    swept: World, client: FlaskClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    swept.sign(client, email="before@example.org")
    before, moment = state(swept), aged(swept)
    database = clock()
    monkeypatch.setattr("proca_web.adapters.clock.of_database", lambda _session: database)
    clock.forward(minutes=minutes)
    swept.app.extensions["proca_encryption"].end()
    refused = swept.sign(client, email="during@example.org")
    assert refused.status_code == 503
    sweep(swept.app)
    send_mail(swept.app)
    assert (state(swept), aged(swept), swept.mails()) == (before, moment, [])
    clock.moment = database
    assert standing(swept, clock) == [Alarm.CLOCK]
    assert swept.sign(client, email="after@example.org").status_code == 303
    send_mail(swept.app)
    assert len(swept.mails()) == 3  # two signatures, and the alarm to the operator


def test_a_host_a_few_minutes_off_goes_on(
    swept: World, client: FlaskClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = clock()
    monkeypatch.setattr("proca_web.adapters.clock.of_database", lambda _session: database)
    clock.forward(minutes=4)
    assert swept.sign(client).status_code == 303
    send_mail(swept.app)
    assert len(swept.mails()) == 1
    assert standing(swept, clock) == []
