"""Released rows as the export has them: every column text, in order, in pieces, of one org alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading
from proca_web.domain.rows.export_columns import ExportRow
from proca_web.domain.words import KeyRole
from proca_web.services.delivery import rows
from proca_web.services.delivery.filters import Filters
from tests.factories import World, b64

Pieces = Callable[..., list[list[ExportRow]]]
ERASE = """
UPDATE contacts SET erased = true, payload = NULL, crypto_nonce = NULL, public_key_id = NULL, sign_key_id = NULL
 WHERE seq = :seq AND org_id = (SELECT id FROM orgs WHERE name = 'org-two')
"""


@pytest.fixture
def pieces(world: World) -> Pieces:
    """What is read of an org, piece by piece."""

    def read(org: str = "org-two", **filters: object) -> list[list[ExportRow]]:
        ((org_id,),) = world.query("SELECT id FROM orgs WHERE name = :org", org=org)
        with world.app.app_context():
            return list(rows.released(reading, org_id, Filters(**filters)))

    return read


@pytest.fixture
def three(world: World, client: FlaskClient) -> None:
    """Three released signatures of org-two's page, the second opted in."""
    world.execute("UPDATE action_pages SET double_opt_in = false")
    for number, opted in enumerate(("", "yes", "")):
        asked = {"opt_in": opted} if opted else {}
        world.sign(client, "trees-partner", email=f"person{number}@example.org", **asked)
    world.run("release")


@pytest.mark.usefixtures("three")
def test_rows_come_in_their_order_and_every_column_is_text(pieces: Pieces) -> None:
    (piece,) = pieces()
    assert [row.seq for row in piece] == ["1", "2", "3"]
    for row in piece:
        assert isinstance(row, ExportRow)
        assert {type(cell) for cell in row} == {str}
        assert (row.campaign, row.action_page, row.sealed_by) == ("trees", "trees-partner", "server")
        assert [len(b64(cell)) for cell in (row.action_ref, row.contact_ref, row.nonce)] == [16, 16, 24]
        assert len(b64(row.sign_key_cert)) == 203
    assert [row.opt_in for row in piece] == ["false", "true", "false"]


@pytest.mark.usefixtures("three")
def test_the_same_row_is_opened_by_the_org_it_is_for(world: World, pieces: Pieces) -> None:
    (piece,) = pieces()
    opened = [world.open("org-two", row._asdict())["email"] for row in piece]
    assert opened == ["person0@example.org", "person1@example.org", "person2@example.org"]


@pytest.mark.usefixtures("three")
def test_a_long_export_comes_in_pieces(pieces: Pieces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "CHUNK", 2)
    assert [[row.seq for row in piece] for piece in pieces()] == [["1", "2"], ["3"]]


@pytest.mark.usefixtures("three")
def test_blocks_join_without_a_gap_and_a_limit_holds_over_them(
    world: World, pieces: Pieces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BLOCK", 2)
    world.execute("UPDATE contacts SET seq = 50 WHERE seq = 3")
    assert [[row.seq for row in piece] for piece in pieces()] == [["1", "2"], ["50"]]
    assert [[row.seq for row in piece] for piece in pieces(limit=2)] == [["1", "2"]]
    assert [[row.seq for row in piece] for piece in pieces(limit=0)] == []
    assert [[row.seq for row in piece] for piece in pieces(since=1)] == [["2"], ["50"]]


@pytest.mark.usefixtures("three")
def test_a_copy_released_again_meanwhile_comes_once_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BLOCK", 1)
    ((org_id,),) = world.query("SELECT id FROM orgs WHERE name = 'org-two'")
    with world.app.app_context():
        walk = rows.released(reading, org_id, Filters())
        seen = [row.seq for row in next(walk)]
        world.execute("UPDATE contacts SET seq = 4 WHERE seq = 2 AND org_id = :org", org=org_id)
        seen += [row.seq for piece in walk for row in piece]
        after = [row.seq for piece in rows.released(reading, org_id, Filters(since=3)) for row in piece]
    assert (seen, after) == (["1", "3"], ["4"])


@pytest.mark.usefixtures("three")
def test_an_erasure_holds_no_payload_and_no_key_and_reaches_every_reader(world: World, pieces: Pieces) -> None:
    world.execute(ERASE, seq=1)
    (piece,) = pieces()
    erased = piece[0]
    assert erased.is_erasure
    assert not any(row.is_erasure for row in piece[1:])
    empty = ("payload", "nonce", "public_key", "sign_key", "sign_key_cert", "sign_key_not_before", "sign_key_not_after")
    assert {getattr(erased, column) for column in empty} == {""}
    assert len(b64(erased.contact_ref)) == 16
    assert [row.seq for row in pieces(only_opt_in=True)[0]] == ["1", "2"]
    assert [row.seq for row in pieces(only_double_opt_in=True)[0]] == ["1"]


@pytest.mark.usefixtures("three")
def test_filters_join(world: World, pieces: Pieces) -> None:
    ((signed,),) = world.query("SELECT max(created_at) FROM actions")
    moment = datetime.fromisoformat(str(signed)).astimezone(UTC) if isinstance(signed, datetime) else None
    moment = moment or datetime.fromisoformat(signed).replace(tzinfo=UTC)
    assert [row.seq for row in pieces(since=1, limit=1, campaign="trees", page="trees-partner")[0]] == ["2"]
    assert len(pieces(after=moment - timedelta(hours=1))[0]) == 3
    assert pieces(after=moment + timedelta(hours=1)) == []
    assert pieces(since=1, only_opt_in=True, page="trees") == []
    assert pieces(role=KeyRole.RECOVERY) == []


@pytest.mark.usefixtures("three")
def test_another_orgs_rows_are_not_among_them(pieces: Pieces) -> None:
    assert pieces("org-one") == []
    assert pieces("home") == []


def test_a_test_signature_is_left_out_unless_asked_for(world: World, client: FlaskClient, pieces: Pieces) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false")
    world.sign(client, "trees-partner", email="person@example.org", query="?testing=true")
    world.run("release")
    assert pieces() == []
    assert [row.testing for row in pieces(include_testing=True)[0]] == ["true"]


@pytest.mark.usefixtures("three")
def test_a_key_is_looked_up_once_an_export(pieces: Pieces, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    find = rows._find_key
    monkeypatch.setattr(rows, "_find_key", lambda session, key_id: (asked.append(key_id), find(session, key_id))[1])
    (piece,) = pieces()
    assert len(asked) == len(set(asked)) == len({row.public_key for row in piece} | {row.sign_key for row in piece})
