"""What an opened row looks like in a file: guarded against formulas in CSV, exact in NDJSON."""

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from proca_web.domain.rows.export_columns import DECRYPTED, DecryptedRow
from proca_web.domain.rows.formula import guard
from proca_web.org_tool.opening.output import CsvFormat, NdjsonFormat
from tests.org_tool.export_maker import CONTACT

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk

ROWS = some.lists(some.text(), min_size=len(DECRYPTED), max_size=len(DECRYPTED)).map(
    lambda cells: DecryptedRow(*(cell.encode(errors="replace").decode() for cell in cells))
)


@settings(deadline=None)
@given(ROWS)
def test_a_line_of_csv_reads_back_as_the_guarded_row(row: DecryptedRow) -> None:
    line = CsvFormat().render(row).decode()
    assert list(csv.reader(io.StringIO(line, newline=""))) == [guard(row)]


@settings(deadline=None)
@given(ROWS)
def test_a_line_of_ndjson_holds_every_column_exactly(row: DecryptedRow) -> None:
    line = NdjsonFormat().render(row)
    assert line.count(b"\n") == 1
    assert list(json.loads(line).items()) == list(zip(DECRYPTED, row, strict=True))


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+A1+cmd", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "＝1+1"])
def test_a_hostile_name_reaches_the_spreadsheet_as_text(desk: "Desk", name: str) -> None:
    row = desk.maker.row(1, contact={**CONTACT, "lastName": name, "phone": "+48 22"}, utm_source=name)
    (opened,) = desk.open([row]).rows
    assert (opened["last_name"], opened["utm_source"], opened["phone"]) == (f"'{name}", f"'{name}", "+48 22")
