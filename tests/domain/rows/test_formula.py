"""No cell of a CSV output may begin like a formula, and telephone numbers stay as they are."""

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from proca_web.domain.rows.export_columns import DECRYPTED
from proca_web.domain.rows.formula import guard, guard_all, guard_encrypted
from proca_web.org_tool.opening.output import CsvFormat
from tests.org_tool.export_maker import CONTACT

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk

STARTS = "=+-@＝＋－＠\t\r\n"
PHONE = set("+0123456789 ()-")


@settings(deadline=None)
@given(some.sampled_from(STARTS), some.text())
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(start: str, rest: str) -> None:
    cell = start + rest
    assert guard(cell) == (cell if set(cell) <= PHONE else f"'{cell}")


@settings(deadline=None)
@given(some.text().filter(lambda cell: cell[:1] not in STARTS or not cell))
def test_every_other_cell_stays_as_it_is(cell: str) -> None:
    assert guard(cell) == cell


@settings(deadline=None)
@given(some.lists(some.text(), min_size=len(DECRYPTED), max_size=len(DECRYPTED)))
def test_a_rendered_line_reads_back_as_the_guarded_cells(cells: list[str]) -> None:
    encodable = [cell.encode(errors="replace").decode() for cell in cells]
    line = CsvFormat().render(encodable).decode()
    assert list(csv.reader(io.StringIO(line, newline=""))) == [guard_all(encodable)]
    assert guard_all(encodable) == [guard(cell) for cell in encodable]


@pytest.mark.parametrize("phone", ["+48 22 123 45 67", "+49 (0)30-1234", "-1", "+", "(0)"])
def test_a_telephone_number_is_left_alone(phone: str) -> None:
    assert guard(phone) == phone


def test_keys_and_payloads_in_the_quarantine_stay_whole() -> None:
    assert guard_encrypted("-_abc") == "-_abc"
    assert guard_encrypted("-1+cmd") == "'-1+cmd"
    assert guard_encrypted("=1") == "'=1"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+A1+cmd", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "＝1+1"])
def test_a_hostile_name_reaches_the_spreadsheet_as_text(desk: "Desk", name: str) -> None:
    row = desk.maker.row(1, contact={**CONTACT, "lastName": name, "phone": "+48 22"}, utm_source=name)
    (opened,) = desk.open([row]).rows
    assert (opened["last_name"], opened["utm_source"], opened["phone"]) == (f"'{name}", f"'{name}", "+48 22")
