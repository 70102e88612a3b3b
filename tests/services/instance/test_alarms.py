"""Alarms: raised while their cause lasts, shown wherever an operator looks, mailed once a day."""

import json

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading, writing
from proca_web.domain.words import Alarm
from proca_web.services.instance import alarms, invariants
from proca_web.services.instance.alarms import SENTENCES, Standing
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World

FACTS = {
    "host": "host-a",
    "minutes": 16,
    "hours": 6,
    "aged": "2026-03-01 12:00",
    "seconds": 400,
    "fault": "it is gone",
    "number": 3,
    "first": "7, 8, 9",
    "late": "mails of org-one have been waiting for 16 minutes",
}


def cry(world: World, clock: FakeClock, kind: Alarm = Alarm.CLOCK) -> None:
    with world.app.app_context(), writing() as session:
        alarms.raise_(session, kind, clock(), **FACTS)


def standing(world: World, clock: FakeClock) -> list[Standing]:
    with world.app.app_context(), reading() as session:
        return alarms.standing(session, clock())


def told(world: World) -> list[str]:
    return [json.loads(detail)["kind"] for (detail,) in world.query("SELECT detail FROM outbox WHERE kind = 'alarm'")]


def test_an_alarm_stands_while_it_is_raised_and_ten_minutes_longer(world: World, clock: FakeClock) -> None:
    assert standing(world, clock) == []
    cry(world, clock)
    since = clock()
    clock.forward(minutes=9)
    cry(world, clock)
    clock.forward(minutes=9)
    (found,) = standing(world, clock)
    assert (found.kind, found.since) == (Alarm.CLOCK, since)
    assert "host-a is 400 seconds off" in found.sentence
    clock.forward(minutes=2)
    assert standing(world, clock) == []
    cry(world, clock)
    assert standing(world, clock)[0].since == clock()


def test_what_a_clock_far_ahead_raised_is_over_when_the_clock_is_right(world: World, clock: FakeClock) -> None:
    clock.forward(days=3 * 365)
    cry(world, clock)
    clock.forward(days=-3 * 365)
    assert standing(world, clock) == []
    cry(world, clock)
    assert standing(world, clock)[0].since == clock()


def test_operators_get_one_mail_a_day_and_kind(world: World, clock: FakeClock) -> None:
    for kind in (Alarm.CLOCK, Alarm.CLOCK, Alarm.MAIL):
        cry(world, clock, kind)
    assert told(world) == ["clock", "mail"]
    clock.forward(days=1)
    cry(world, clock)
    assert told(world) == ["clock", "mail", "clock"]
    world.run("mail")
    mail = world.mails()[-1]
    assert mail["to"] == "operator@example.org"
    assert SENTENCES[Alarm.CLOCK] % FACTS in mail["text"]


@ON_SQLITE
@pytest.mark.parametrize("kind", list(Alarm))
def test_each_kind_stands_in_health_in_check_and_in_the_console(
    world: World, client: FlaskClient, clock: FakeClock, kind: Alarm
) -> None:
    world.run("sweep")
    assert client.get("/health").json["alarms"] == []
    cry(world, clock, kind)
    answer = client.get("/health")
    assert (answer.status_code, answer.json["alarms"]) == (200, [kind.value])
    sentence = SENTENCES[kind] % FACTS
    page = world.signed_in("operator@example.org").get("/console/home/")
    assert sentence in page.text
    with world.app.app_context(), reading() as session:
        source = world.app.extensions["proca_encryption"]
        keyring = world.app.extensions["proca_keyring"]
        found = invariants.faults(session, source.home.identity, keyring, clock())
    assert f"alarm: {sentence}" in found
