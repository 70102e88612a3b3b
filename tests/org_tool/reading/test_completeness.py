"""What the mark at the end of a CSV export tells: rows that are missing, cut files, several exports in one run."""

import csv
import io
from typing import TYPE_CHECKING

import pytest

from tests.org_tool.export_maker import csv_end, csv_text, ndjson_text

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk


def lines_of(desk: "Desk", number: int) -> list[str]:
    return csv_text(desk.maker.row(seq) for seq in range(1, number + 1)).splitlines(keepends=True)


@pytest.mark.parametrize(("without", "said"), [((3,), "1 row is missing"), ((2, 3, 5), "3 rows are missing")])
def test_rows_taken_out_of_the_middle_are_counted(desk: "Desk", without: tuple[int, ...], said: str) -> None:
    lines = [line for place, line in enumerate(lines_of(desk, 6)) if place not in without]
    done = desk.open("".join(lines))
    assert (done.exit_code, len(done.rows), done.reasons) == (3, 6 - len(without), [])
    assert said in done.stderr


@pytest.mark.parametrize("kept", [1, 2, 5])
def test_a_file_that_is_cut_behind_a_row_says_so(desk: "Desk", kept: int) -> None:
    done = desk.open("".join(lines_of(desk, 5)[: kept + 1]))
    assert (done.exit_code, len(done.rows)) == (3, kept)
    assert "the file is cut, its end mark is missing" in done.stderr


def test_a_file_that_is_cut_inside_a_row_says_that_more_is_missing(desk: "Desk") -> None:
    text = "".join(lines_of(desk, 5)[:4])
    done = desk.open(text[:-200])
    assert (done.exit_code, len(done.rows), done.reasons) == (3, 2, ["the line is cut"])
    assert "its end mark is missing" in done.stderr


def test_a_header_alone_is_cut_too(desk: "Desk") -> None:
    done = desk.open(csv_text([], end=False))
    assert (done.exit_code, done.rows) == (3, [])


def test_a_hole_in_the_numbers_is_no_fault(desk: "Desk") -> None:
    assert desk.open([desk.maker.row(3), desk.maker.row(70)]).exit_code == 0


def test_rows_in_another_order_are_told(desk: "Desk") -> None:
    done = desk.open([desk.maker.row(5), desk.maker.row(4)])
    assert (done.exit_code, len(done.rows)) == (3, 2)
    assert "not in the order of their seq" in done.stderr


def test_more_rows_than_the_mark_names_are_told(desk: "Desk") -> None:
    done = desk.open(csv_text([desk.maker.row(1), desk.maker.row(2), csv_end(1, 2)], end=False))
    assert done.exit_code == 3
    assert "1 row is too many" in done.stderr


@pytest.mark.parametrize("custom", ["{}", "", "[1]", '{"rows":3}', '{"rows":"many"}', "[" * 3000])
def test_a_mark_that_names_no_number_is_damaged(desk: "Desk", custom: str) -> None:
    done = desk.open(csv_text([desk.maker.row(1), {**csv_end(1, 1), "custom_fields": custom}], end=False))
    assert (done.exit_code, len(done.rows)) == (3, 1)
    assert "the mark at the end of the export is damaged" in done.stderr


@pytest.mark.parametrize("cut", [4, 12, 20])
def test_a_mark_that_is_cut_is_damaged_and_no_row(desk: "Desk", cut: int) -> None:
    done = desk.open(csv_text([desk.maker.row(1)])[:-cut])
    assert (done.exit_code, len(done.rows), done.reasons) == (3, 1, [])
    assert "download it again" in done.stderr


def test_a_mark_may_say_more_than_the_number(desk: "Desk") -> None:
    end = {**csv_end(1, 1), "custom_fields": '{"receipts_from":"9","rows":"1"}'}
    assert desk.open(csv_text([desk.maker.row(1), end], end=False)).exit_code == 0


def test_each_of_several_files_has_its_own_mark(desk: "Desk") -> None:
    first, second = desk.folder / "first.csv", desk.folder / "second.ndjson"
    first.write_text(csv_text([desk.maker.row(1)], end=False), newline="")
    second.write_text(ndjson_text([desk.maker.row(2)]))
    done = desk.decrypt(first, second, *desk.trusted)
    assert (done.exit_code, len(done.rows)) == (3, 2)
    assert f"{first}: the file is cut" in done.stderr
    assert f"{second}:" not in done.stderr


def test_a_mark_is_never_opened_counted_or_set_aside(desk: "Desk") -> None:
    done = desk.open([desk.maker.row(1), desk.maker.erasure(2)])
    assert [row["action_type"] for row in done.rows] == ["register", "erased"]
    assert "1 row opened, 0 set aside" in done.stderr
    assert list(csv.reader(io.StringIO(csv_text([]))))[-1][3] == "end"
