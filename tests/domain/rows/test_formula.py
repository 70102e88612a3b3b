"""No cell of a CSV output begins like a formula, whatever the reader splits at; telephone numbers stay."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from proca_web.domain.rows.csv_lines import csv_line
from proca_web.domain.rows.formula import guard, guard_json, guard_sealed

STARTS = "=+-@＝＋－＠\t\r\n"
PHONE = set("+0123456789 ()-")


SEPARATORS = ",;|\t"
CELLS = some.lists(some.text(alphabet="a1 =+-@＝;|,\t\"'\n\r", max_size=8), min_size=1, max_size=5)


@given(some.sampled_from(STARTS), some.text(alphabet="abc=1 "))
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(start: str, rest: str) -> None:
    cell = start + rest
    (guarded,) = guard([cell])
    assert guarded == cell if set(cell) <= PHONE else guarded.startswith("'")
    assert guarded.replace("'", "") == cell


@given(some.text(some.characters(exclude_characters=STARTS + ";|,﹦﹢﹣﹫")))
def test_every_other_cell_stays_as_it_is(cell: str) -> None:
    assert guard([cell]) == guard_sealed([cell]) == [cell]


@pytest.mark.parametrize(
    ("cell", "guarded"),
    [
        ("hello;=SUM(1)", "hello;'=SUM(1)"),
        ("x; =1+cmd|' /C calc'!A0", "x; '=1+cmd|' /C calc'!A0"),
        ('say ";"=1"', 'say ";"\'=1"'),
        ("one\n@SUM(1)\ttwo,+A1", "one\n'@SUM(1)\ttwo,'+A1"),
        (" \u00a0=1", " \u00a0'=1"),
        ("a;＝1", "a;'＝1"),
        ("a| =1", "a| '=1"),
        ("a;+49 30", "a;'+49 30"),
        ("well-known; A=B; 3 - 2", "well-known; A=B; 3 - 2"),
    ],
)
def test_every_part_that_another_separator_would_make_a_cell_is_looked_at(cell: str, guarded: str) -> None:
    assert guard([cell]) == [guarded]


@given(CELLS)
def test_no_reader_finds_a_formula_whatever_its_separator_and_its_quotes(cells: list[str]) -> None:
    line = csv_line(["1", *guard(cells)])
    for separator in SEPARATORS:
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for row in csv.reader(io.StringIO(line, newline=""), delimiter=separator, quoting=quoting):
                for cell in row:
                    shown = cell.lstrip(' "')
                    assert not shown.startswith(tuple("=+-@＝")) or set(cell) <= PHONE, (separator, row)


@given(some.dictionaries(some.text(max_size=5), some.text(alphabet="a;|=+-@,\t\"' ", max_size=20)))
def test_json_of_a_row_set_aside_holds_no_formula_and_reads_back_as_it_was(fields: dict[str, str]) -> None:
    guarded = guard_json(json.dumps(fields, ensure_ascii=False))
    assert json.loads(guarded) == fields
    assert not re.search(r'[;|\t]|(^|,)[\s"]*[=+\-@＝]', guarded)


@pytest.mark.parametrize("phone", ["+48 22 123 45 67", "+49 (0)30-1234", "-1", "+", "(0)"])
def test_a_telephone_number_is_left_alone(phone: str) -> None:
    assert guard([phone]) == guard_sealed([phone]) == [phone]


def test_every_cell_of_a_row_is_looked_at_by_itself() -> None:
    assert guard(["", "=1", "Zofia", "-2+a"]) == ["", "'=1", "Zofia", "'-2+a"]


def test_keys_and_payloads_of_a_row_set_aside_stay_whole() -> None:
    assert guard_sealed(["-_abc", "-1+cmd", "=1"]) == ["-_abc", "'-1+cmd", "'=1"]
    assert guard(["-_abc"]) == ["'-_abc"]
