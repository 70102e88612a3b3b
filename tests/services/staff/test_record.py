"""An org's record: a chain that shows whatever is edited, cut or moved, up to the key log's newest word about it."""

import json
import threading
from datetime import timedelta

import pytest

from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.crypto.encoding import encode
from proca_web.services.instance import invariants
from proca_web.services.staff import audit, record_heads
from tests.databases import ON_BOTH, ON_SQLITE
from tests.factories import FakeClock, World

OWNER = 1
NUMBERS = "SELECT number FROM audit_entries WHERE org_id = 2 ORDER BY id"


@pytest.fixture
def written(world: World, clock: FakeClock) -> World:
    """A world in which five things were recorded, in two orgs."""
    with world.app.app_context(), writing() as session:
        for number in range(5):
            audit.record(session, 2 + number % 2, OWNER, f"event-{number}", {"number": [number, number + 1]}, clock())
    return world


def faults(world: World, clock: FakeClock) -> list[str]:
    """What `check` says."""
    home = world.app.extensions["proca_encryption"].home
    with world.app.app_context(), reading() as session:
        return invariants.faults(session, home.identity, keyring_of(world.app), clock())


def records(world: World) -> list[str]:
    """What is wrong with the records alone."""
    with world.app.app_context(), reading() as session:
        return record_heads.faults(
            session, [json.loads(entry) for (entry,) in world.query("SELECT entry FROM key_log")]
        )


@ON_BOTH
def test_entries_are_numbered_in_each_org_and_the_chain_holds(written: World, clock: FakeClock) -> None:
    rows = written.query("SELECT org_id, number, actor, event FROM audit_entries ORDER BY org_id, number")
    who = "admin@org-one.example.org"
    assert [tuple(row) for row in rows] == [
        (2, 1, "", "key-register"),
        (2, 2, who, "event-0"),
        (2, 3, who, "event-2"),
        (2, 4, who, "event-4"),
        (3, 1, "", "key-register"),
        (3, 2, who, "event-1"),
        (3, 3, who, "event-3"),
    ]
    assert records(written) == []


@ON_BOTH
def test_two_who_write_at_once_write_one_after_the_other(world: World, clock: FakeClock) -> None:
    start = threading.Barrier(2)

    def write() -> None:
        start.wait(10)
        with world.app.app_context():
            for _ in range(10):
                with writing() as session:
                    audit.record(session, 2, OWNER, "event", "", clock())

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [number for (number,) in world.query(NUMBERS)] == list(range(1, 22))
    assert records(world) == []


OF_ONE = "UPDATE audit_entries SET {} WHERE org_id = 2 AND number = {}"
EDITS = [
    (OF_ONE.format("detail = '{}'", 3), "entry 3 of the record of org-one was changed"),
    (OF_ONE.format("actor = ''", 2), "entry 2 of the record of org-one was changed"),
    (OF_ONE.format("event = 'x'", 1), "entry 1 of the record of org-one was changed"),
    (OF_ONE.format("hash = zeroblob(32)", 4), "entry 4 of the record of org-one was changed"),
    (OF_ONE.format("at = '2020-01-01 00:00:00'", 1), "entry 1 of the record of org-one was changed"),
    (OF_ONE.format("org_id = 3", 4), "entry 4 of the record of org-two was changed"),
    (OF_ONE.format("number = 14", 2), "the record of org-one lacks entry 2"),
    ("DELETE FROM audit_entries WHERE org_id = 2 AND number = 3", "the record of org-one lacks entry 3"),
    ("DELETE FROM audit_entries WHERE org_id = 2 AND number = 1", "the record of org-one lacks entry 1"),
]


@ON_SQLITE
@pytest.mark.parametrize(("sql", "fault"), EDITS)
def test_the_first_entry_that_is_not_what_was_written_is_named(
    written: World, clock: FakeClock, sql: str, fault: str
) -> None:
    written.execute(sql)
    assert fault in faults(written, clock)


def test_entries_that_changed_places_are_noticed(written: World, clock: FakeClock) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        written.execute(f"UPDATE audit_entries SET number = {new} WHERE org_id = 2 AND number = {old}")
    assert "entry 2 of the record of org-one was changed" in faults(written, clock)


def test_what_somebody_did_stays_in_the_record_when_they_are_gone(written: World, clock: FakeClock) -> None:
    written.execute("DELETE FROM users WHERE id = :id", id=OWNER)
    assert records(written) == []
    actors = written.query("SELECT DISTINCT actor FROM audit_entries WHERE actor <> ''")
    assert actors == [("admin@org-one.example.org",)]


@ON_BOTH
def test_once_a_day_the_key_log_takes_all_records_in(written: World, clock: FakeClock) -> None:
    def heads() -> list[dict[str, object]]:
        found = [json.loads(entry) for (entry,) in written.query("SELECT entry FROM key_log ORDER BY position")]
        return [entry for entry in found if entry["event"] == "audit"]

    written.run("records")
    (first,) = heads()
    with written.app.app_context(), reading() as session:
        assert first["hash"] == encode(record_heads.of_all(session).hash)
    with written.app.app_context(), writing() as session:
        audit.record(session, 2, OWNER, "later", "", clock())
    written.run("records")
    assert heads() == [first]  # this day has one
    clock.moment += timedelta(days=1)
    written.run("records")
    assert [entry["hash"] == first["hash"] for entry in heads()] == [True, False]
    clock.moment += timedelta(days=1)
    written.run("records")
    assert len(heads()) == 2  # nothing new
    assert records(written) == []


def test_what_is_cut_from_the_end_shows_by_the_key_log(written: World, clock: FakeClock) -> None:
    written.run("records")
    written.execute("DELETE FROM audit_entries WHERE org_id = 2 AND number = 4")
    assert "the record of org-one was cut: it ends with entry 3, the key log knows 4" in faults(written, clock)


def test_a_record_that_was_written_anew_with_all_its_hashes_shows_by_the_key_log(
    written: World, clock: FakeClock
) -> None:
    written.run("records")
    written.execute("DELETE FROM audit_entries WHERE org_id = 2")
    with written.app.app_context(), writing() as session:
        for _ in range(4):
            audit.record(session, 2, OWNER, "harmless", "", clock())
    assert any("one was rewritten" in fault for fault in faults(written, clock))


def test_what_is_younger_than_the_newest_head_can_be_cut_unseen_as_the_docs_say(
    written: World, clock: FakeClock
) -> None:
    written.run("records")
    with written.app.app_context(), writing() as session:
        audit.record(session, 2, OWNER, "later", "", clock())
    written.execute("DELETE FROM audit_entries WHERE event = 'later'")
    assert records(written) == []


def test_a_long_detail_is_cut_before_it_is_hashed(world: World, clock: FakeClock) -> None:
    with world.app.app_context(), writing() as session:
        audit.record(session, 2, OWNER, "event", "x" * 10_000, clock())
    assert world.query("SELECT max(length(detail)) FROM audit_entries") == [(audit.LONGEST_DETAIL,)]
    assert records(world) == []
