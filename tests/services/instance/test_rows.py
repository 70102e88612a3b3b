"""What `check` looks at: all rows of a small table, some of a large one, and with `--all` every row."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters.database import reading
from proca_web.adapters.keyring import keyring_of
from proca_web.services.instance import rows
from proca_web.services.instance.rows import Look, Rows
from tests.factories import World

MANY = 4000
_NUMBERS = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :many)"
_SIGNED = f"""INSERT INTO actions (id, ref, action_page_id, status, created_at, accepted_at, consent, released)
    {_NUMBERS} SELECT i * 10, :bytes, 1, 'accepted', :at, :at, 'h', true FROM numbers"""
_COPIES = f"""INSERT INTO contacts (action_id, org_id, contact_ref, deliver, given_at, erased, seq)
    {_NUMBERS} SELECT i * 10, 2, :bytes, true, :at, true, i FROM numbers"""
_WAITING = """INSERT INTO transients (action_id, state, link_seal, wait_key, wait_seal, next_try, created_at)
    SELECT id, 'to_send', :bytes, 7, :bytes, :at, :at FROM actions"""
_VALUES = {"bytes": bytes(16), "at": "2026-03-01 12:00:00.000000", "many": MANY}


@pytest.fixture
def many(world: World) -> World:
    """A world with signatures by the thousand, and holes between their numbers."""
    world.execute(_SIGNED, **_VALUES)
    world.execute(_COPIES, **_VALUES)
    return world


def looked(app: Flask, kind: Rows = rows.SIGNATURES, *, whole: bool = False) -> Look:
    look, is_more = Look(kind, whole=whole), True
    with app.app_context():
        while is_more:
            with reading() as session:
                is_more = look.go_on(session, keyring_of(app))
    return look


def test_of_a_small_table_every_row_is_looked_at(world: World, client: FlaskClient) -> None:
    for number in range(3):
        world.sign(client, email=f"person{number}@example.org")
    for kind in rows.KINDS:
        look = looked(world.app, kind)
        assert (look.looked, look.faults, look.note) == (3, [], "")


def test_of_a_large_table_some_rows_are_looked_at_and_said_of_about_how_many(many: World) -> None:
    look = looked(many.app)
    assert look.faults == []
    assert 500 < look.looked <= 1000
    assert 0.8 * MANY < look.about < 1.2 * MANY
    assert look.note.startswith(f"looked at {look.looked:,} of about {look.about:,} signatures; `check --all`")


def test_a_sample_finds_what_is_wrong_with_the_newest_rows_and_with_many(many: World) -> None:
    many.execute("DELETE FROM contacts WHERE action_id > :last", last=(MANY - 7) * 10)
    assert looked(many.app).faults == ["7 accepted signatures have no copy for any organisation"]
    many.execute("UPDATE actions SET status = 'pending', accepted_at = NULL WHERE id % 100 <> 0")
    assert any("no link can confirm them" in fault for fault in looked(many.app).faults)


def test_the_whole_table_is_looked_at_block_by_block_and_one_bad_row_is_found(many: World) -> None:
    many.execute("DELETE FROM contacts WHERE action_id = 17510")
    look = looked(many.app, whole=True)
    assert (look.looked, look.note) == (MANY, "")
    assert look.faults == ["1 accepted signatures have no copy for any organisation"]


@pytest.mark.parametrize("whole", [False, True])
def test_a_released_copy_without_a_place_in_its_export_is_found(world: World, client: FlaskClient, whole: bool) -> None:
    world.sign(client)
    world.run("mail")
    client.post(world.link())
    world.run("release", "mail")
    assert looked(world.app, whole=whole).faults == []
    world.execute("UPDATE contacts SET seq = NULL")
    assert looked(world.app, whole=whole).faults == ["1 released signatures have a copy that is in no export"]


def test_waiting_addresses_whose_key_is_gone_and_mails_without_a_known_end_are_found(many: World) -> None:
    many.execute(_WAITING, **_VALUES)
    many.execute("UPDATE transients SET unsure = 1 WHERE action_id = 10")
    look = looked(many.app, rows.WAITING, whole=True)
    assert look.faults == [
        f"no worker host has a key of {MANY} waiting addresses: their mails cannot be sent",
        "1 mails have an end that nobody knows (the server did not answer, or the worker died)",
    ]
    assert "waiting addresses; `check --all` looks at all of them" in looked(many.app, rows.WAITING).note
