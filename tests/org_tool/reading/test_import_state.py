"""What `--state` remembers between runs, and the set of numbers it is made of."""

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from proca_web.org_tool.reading import imports
from proca_web.org_tool.reading.imports import SeenSeqs
from tests.org_tool.export_maker import ExportMaker

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk


@pytest.fixture
def state(desk: "Desk") -> Path:
    return desk.folder / "state.json"


def test_a_row_imported_before_is_left_out_and_counted(desk: "Desk", state: Path) -> None:
    rows = [desk.maker.row(1), desk.maker.erasure(2)]
    assert desk.open(rows, "--state", state).exit_code == 0
    again = desk.open(rows, "--state", state)
    assert (again.exit_code, again.rows, again.reasons) == (0, [], [])
    assert "0 rows opened, 0 set aside" in again.stderr
    assert "2 rows known from an earlier run, left out" in again.stderr


def test_a_known_row_does_not_hide_one_that_fails(desk: "Desk", state: Path) -> None:
    old = desk.maker.row(1)
    desk.open([old], "--state", state)
    done = desk.open([old, desk.maker.row(2, campaign="other")], "--state", state)
    assert (done.exit_code, done.rows, len(done.reasons)) == (3, [], 1)


def test_newer_rows_open_beside_the_older_ones(desk: "Desk", state: Path) -> None:
    old = desk.maker.row(1)
    desk.open([old], "--state", state)
    done = desk.open([old, desk.maker.row(2)], "--state", state)
    assert (done.exit_code, len(done.rows), done.reasons) == (0, 1, [])


def test_another_filters_older_rows_are_not_taken_for_imported_ones(desk: "Desk", state: Path) -> None:
    desk.open([desk.maker.row(1), desk.maker.row(3)], "--state", state)
    done = desk.open([desk.maker.row(2)], "--state", state)
    assert (done.exit_code, len(done.rows)) == (0, 1)


def test_a_row_that_was_set_aside_can_be_imported_later(desk: "Desk", state: Path, other_org: ExportMaker) -> None:
    bad, good = {**desk.maker.row(1), "campaign": "other"}, desk.maker.row(2)
    desk.open([bad, good], "--state", state)
    assert desk.open([{**bad, "campaign": "trees"}], "--state", state).exit_code == 0


def test_without_state_nothing_is_remembered(desk: "Desk") -> None:
    row = desk.maker.row(1)
    assert [desk.open([row]).exit_code, desk.open([row]).exit_code] == [0, 0]


def test_a_run_in_which_nothing_opens_remembers_nothing(desk: "Desk", state: Path, other_org: ExportMaker) -> None:
    assert desk.open([other_org.row(1)], "--state", state).exit_code == 1
    assert not state.exists()


def test_the_state_names_the_org_and_its_last_number_and_is_for_its_owner_only(desk: "Desk", state: Path) -> None:
    row = desk.maker.row(7)
    desk.open([row], "--state", state)
    content = json.loads(state.read_text())
    assert content["orgs"]["org-one"][row["public_key"]]["last"] == 7
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format":"proca-org-state","version":1,"block":1024,"orgs":[1]}', "[" * 5000, "\xff"]
    + ['{"format":"proca-org-state","version":2,"block":1024,"orgs":{}}'],
)
def test_a_damaged_state_stops_the_run_before_anything_is_written(desk: "Desk", state: Path, content: str) -> None:
    state.write_bytes(content.encode("latin-1"))
    done = desk.open([desk.maker.row(1)], "--state", state)
    assert (done.exit_code, done.has_out) == (1, False)
    assert "is not a state file" in done.stderr


@settings(deadline=None)
@given(some.lists(some.integers(1, 5000)))
def test_a_number_is_seen_exactly_when_it_was_added(numbers: list[int]) -> None:
    seen, plain = SeenSeqs(), set[int]()
    for number in numbers:
        assert seen.take(number) == (number not in plain)
        plain.add(number)
    assert all(number in seen for number in plain)
    assert seen.last == max(plain, default=0)


def test_a_hostile_spread_of_numbers_cannot_fill_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "_MOST_BLOCKS", 10)
    seen = SeenSeqs()
    for number in range(1, 10**6, 2000):
        seen.take(number)
    assert len(seen.blocks) <= 10
    assert 999 in seen
    assert 10**6 not in seen
