"""A CSV line reads back as its cells; what any usual separator would split is quoted."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from proca_web.domain.rows.csv_lines import csv_line

CELLS = some.lists(some.text() | some.text(alphabet='a,;\t"\r\n'), min_size=1, max_size=30)


@given(CELLS)
def test_a_line_is_the_csv_modules_but_for_more_quotes(cells: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    line = csv_line(cells)
    assert line == text.getvalue() or set(";\t") & set(line)


@given(CELLS)
def test_a_line_reads_back_as_its_cells(cells: list[str]) -> None:
    assert list(csv.reader(io.StringIO(csv_line(cells), newline=""), strict=True)) == [cells]


@pytest.mark.parametrize(
    ("cells", "line"),
    [
        (["a", "b"], "a,b\r\n"),
        (["a,b", "c"], '"a,b",c\r\n'),
        (['say "hi"', ""], '"say ""hi""",\r\n'),
        (["two\nlines", "\r"], '"two\nlines","\r"\r\n'),
        ([""], '""\r\n'),
        (["a;b", "c\td", "e"], '"a;b","c\td",e\r\n'),
    ],
)
def test_what_needs_quotes_gets_them(cells: list[str], line: str) -> None:
    assert csv_line(cells) == line
