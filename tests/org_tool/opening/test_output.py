"""What an opened row looks like in a file: guarded against formulas in CSV, exact in NDJSON."""

import csv
import io
import json
import re
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


@pytest.mark.parametrize("text", ["hello;=SUM(1+1)*cmd|x!A0", "a\t@SUM(1)", "x, -5", 'say "=1"'])
def test_a_row_that_was_set_aside_cannot_run_and_opens_later_as_it_was(desk: "Desk", text: str) -> None:
    custom = json.dumps({"comment": text}, ensure_ascii=False, separators=(",", ":"))
    row = desk.maker.row(1, custom_fields=custom, campaign="other")
    desk.open([row])
    quarantine = (desk.folder / "out.csv.quarantine.csv").read_text()
    assert not re.search(r"[;\t][\s\"]*[=+@-]", quarantine)
    (kept,) = csv.DictReader(io.StringIO(quarantine))
    assert json.loads(kept["custom_fields"]) == {"comment": text}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_the_opened_file_is_a_formula_whatever_separates_cells(desk: "Desk", separator: str) -> None:
    street = "x;=1+cmd|' /C calc'!A0;, @SUM(1)"
    contact = {**CONTACT, "address": {"street": street}, "comment": "hello;=SUM(1+1)*cmd|x!A0\n+1"}
    desk.open([desk.maker.row(1, contact=contact)])
    written = (desk.folder / "out.csv").read_text()
    cells = [cell for row in csv.reader(io.StringIO(written), delimiter=separator) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(' "')[:1] in tuple("=+-@")]
