"""A CSV line is what the csv module would write, quick or not, and reads back as its cells."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from proca_web.domain.rows.csv_lines import csv_line

CELLS = some.lists(some.text() | some.text(alphabet='a,"\r\n'), min_size=1, max_size=30)


@given(CELLS)
def test_a_line_is_the_csv_modules(cells: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    assert csv_line(cells) == text.getvalue()


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
    ],
)
def test_what_needs_quotes_gets_them(cells: list[str], line: str) -> None:
    assert csv_line(cells) == line
