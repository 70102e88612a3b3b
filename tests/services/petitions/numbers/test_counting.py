"""What is counted, when and by what; and how hours become days. On both databases."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.adapters.keyring import keyring_of
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import State
from proca_web.domain.words import DayEvent
from proca_web.services.petitions import counting
from proca_web.services.petitions.numbers import folding
from proca_web.services.signatures import mailing, settling
from tests.databases import ON_BOTH, ON_SQLITE
from tests.factories import FakeClock, World

NOW = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)
Row = tuple[str, str, str, int]


class Signed:
    """A signature as far as it is counted."""

    def __init__(self, source: str = "", area: str = "DE", page: int = 1) -> None:
        self.action_page_id, self.utm_source, self.area = page, source, area


def counted(world: World) -> list[Row]:
    rows = world.query("SELECT event, dimension, value, sum(number) FROM counts GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
    return [(event, dimension, value, int(number)) for event, dimension, value, number in rows]


def add(world: World, now: datetime, *signed: Signed) -> None:
    with world.app.app_context(), writing() as session:
        counting.add_signed(session, signed, DayEvent.CONFIRMED, now)


def fold(world: World, now: datetime, most: int = folding.PORTION) -> int:
    with world.app.app_context(), writing() as session:
        return folding.fold(session, now, most)


@ON_BOTH
def test_a_signature_is_counted_when_it_is_sent_mailed_and_confirmed(world: World, client: FlaskClient) -> None:
    assert world.sign(client, query="?utm_source=share").status_code == 303
    assert counted(world) == []  # the request counts nothing
    world.run("mail")
    sent = [("submitted", "", "", 1), ("submitted", "area", "PL", 1), ("submitted", "source", "share", 1)]
    assert counted(world) == [("mailed", "", "", 1), *sent]
    client.post(world.link())
    world.run()
    came = [("confirmed", "", "", 1), ("confirmed", "area", "PL", 1), ("confirmed", "source", "share", 1)]
    assert counted(world) == [*came, ("mailed", "", "", 1), *sent]


@ON_BOTH
def test_what_needs_no_mail_is_sent_once_it_is_accepted(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false")
    assert world.sign(client).status_code == 303
    world.run()
    events = world.query("SELECT event, number FROM counts WHERE dimension = '' ORDER BY event")
    assert events == [("confirmed", 1), ("submitted", 1)]


@ON_SQLITE
def test_a_test_is_never_counted(world: World, client: FlaskClient) -> None:
    assert world.sign(client, query="?testing=true").status_code == 303
    world.run("mail")
    client.post(world.link())
    world.run()
    assert counted(world) == []


@ON_SQLITE
def test_a_mail_that_is_tried_again_is_one_form_that_was_sent(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    world.sign(client)
    for outcome in (Outcome.FAULT, Outcome.FAULT, Outcome.SENT):
        clock.forward(hours=1)
        with world.app.app_context(), writing() as session:
            (mail,), _ = mailing.claim(session, keyring_of(world.app), State.TO_SEND, clock(), 1)
            settling.settle(session, mail, outcome, "relay", clock())
    found = world.query("SELECT event, sum(number) FROM counts WHERE dimension = '' GROUP BY event ORDER BY event")
    assert found == [("mailed", 1), ("submitted", 1)]


@ON_BOTH
def test_fifty_sources_a_day_stand_by_themselves_and_the_others_together(world: World) -> None:
    add(world, NOW, *(Signed(f"source-{number:02}") for number in range(30)))
    add(world, NOW, *(Signed(f"source-{number:02}") for number in range(80)))
    sources = {value: number for _, dimension, value, number in counted(world) if dimension == "source"}
    assert len(sources) == counting.MOST_VALUES - 2  # two have their places, used or not
    assert sources["source-00"] == 2
    assert (sources["other"], sum(sources.values())) == (33, 110)
    add(world, NOW + timedelta(days=1), Signed("source-79"))
    assert ("confirmed", "source", "source-79", 1) in counted(world)


@ON_BOTH
def test_a_flood_of_sources_hides_neither_shared_links_nor_those_who_came_directly(world: World) -> None:
    add(world, NOW, *(Signed(f"source-{number}") for number in range(100)))
    add(world, NOW, Signed("share"), Signed(""), Signed("share"))
    sources = {value: number for _, dimension, value, number in counted(world) if dimension == "source"}
    assert (sources["share"], sources[""], len(sources)) == (2, 1, counting.MOST_VALUES)


@ON_BOTH
def test_hours_of_more_than_thirty_days_ago_become_days_once(world: World) -> None:
    for hours in (0, 1, 24):
        add(world, NOW - timedelta(days=40, hours=hours), Signed("share"), Signed("share"))
    add(world, NOW, Signed())
    before = counted(world)
    assert [fold(world, NOW, 4) for _ in range(3)] == [4, 4, 1]
    assert (fold(world, NOW), counted(world)) == (0, before)
    days = world.query("SELECT number FROM counts WHERE span = 'day' AND dimension = 'source' ORDER BY hour")
    assert days == [(2,), (4,)]
    assert world.query("SELECT count(*) FROM counts WHERE span = 'hour'") == [(3,)]


@ON_BOTH
def test_a_crash_while_folding_loses_and_doubles_nothing(world: World) -> None:
    add(world, NOW - timedelta(days=40), Signed())
    before = world.query("SELECT * FROM counts ORDER BY id")
    with world.app.app_context(), suppress(RuntimeError), writing() as session:
        folding.fold(session, NOW)
        raise RuntimeError
    assert world.query("SELECT * FROM counts ORDER BY id") == before


@ON_SQLITE
def test_the_housekeeping_folds_once_a_day(world: World) -> None:
    add(world, datetime.now(UTC) - timedelta(days=40), Signed())
    world.run("hours to days")
    world.execute("UPDATE heartbeats SET seen_at = '2020-01-01 00:00:00.000000' WHERE name = 'fold'")
    world.run("hours to days")
    assert world.query("SELECT DISTINCT span FROM counts") == [("day",)]
