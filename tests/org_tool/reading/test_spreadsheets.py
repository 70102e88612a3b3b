"""Exports that a spreadsheet saved again: one sentence that names the cause and the cure, never a suspicion."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.org_tool.export_maker import csv_text

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk

CAUSE, CURE = "a spreadsheet has saved this file again", "download it again"


@pytest.mark.parametrize(
    ("save", "how"),
    [
        (lambda text: text.encode("utf-16"), "UTF-16"),
        (lambda text: text.encode("utf-16-be"), "UTF-16"),
        (lambda text: b"\xfe\xff" + text.replace(",", "\t").encode("utf-16-be"), "UTF-16"),
        (lambda text: text.replace(",", "\t").encode(), "tabs"),
        (lambda text: text.replace(",", ";").encode("utf-8-sig"), "semicolons"),
        (lambda text: b"sep=,\r\n" + text.encode(), "sep="),
        (lambda text: b'"sep=;"\r\n' + text.replace(",", ";").encode(), "sep="),
    ],
)
def test_a_file_in_a_spreadsheets_form_is_told_by_its_cause(
    desk: "Desk", save: Callable[[str], bytes], how: str
) -> None:
    done = desk.open(save(csv_text([desk.maker.row(1)])))
    assert (done.exit_code, done.has_out) == (1, False)
    for words in (CAUSE, how, CURE):
        assert words in done.stderr


@pytest.mark.parametrize(
    "changes",
    [
        {"sign_key_not_before": "01.03.2026 12:00", "created_at": "01.03.2026 12:01"},
        {"sign_key_not_after": "2026-03-01 12:15:00"},
        {"created_at": "3/1/2026 12:01", "opt_in": "TRUE"},
        {"opt_in": "WAHR", "testing": "FALSCH"},
        {"seq": "1.002"},
        {"seq": "1E+05"},
    ],
)
def test_a_row_that_a_spreadsheet_changed_is_set_aside_for_that_reason(desk: "Desk", changes: dict[str, str]) -> None:
    done = desk.open([{**desk.maker.row(2), **changes}, desk.maker.row(3)])
    assert (done.exit_code, len(done.rows)) == (3, 1)
    (reason,) = done.reasons
    assert reason.startswith(CAUSE)
    assert CURE in reason
    assert "refused" not in reason


def test_the_empty_rows_a_spreadsheet_leaves_behind_are_no_rows(desk: "Desk") -> None:
    text = csv_text([desk.maker.row(1)])
    done = desk.open(text + "," * 28 + "\r\n" + "," * 28 + "\r\n")
    assert (done.exit_code, len(done.rows), done.reasons) == (0, 1, [])
