"""Exports as NDJSON: the same checks on the same rows, and an end line that shows a cut."""

import json
from typing import TYPE_CHECKING

import pytest

from tests.org_tool.export_maker import message, ndjson_text

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk


def test_ndjson_opens_as_csv_does_whatever_the_files_name(desk: "Desk") -> None:
    row = desk.maker.row(1, custom_fields='{"comment":"For the trees"}', email_status="none")
    done = desk.open(ndjson_text([row, desk.maker.erasure(2)]))
    assert done.exit_code == 0
    opened, erased = done.rows
    assert (opened["action_id"], opened["email"], opened["comment"]) == ("1001", "zofia@example.org", "For the trees")
    assert (opened["opt_in"], opened["email_status"], opened["utm_source"]) == ("true", "none", "share")
    assert (erased["action_type"], erased["email"]) == ("erased", "")


def test_a_missing_end_line_is_exit_3_and_the_rows_are_written(desk: "Desk") -> None:
    done = desk.open(ndjson_text([desk.maker.row(1)], end=False))
    assert (done.exit_code, len(done.rows)) == (3, 1)
    assert "the file is cut, its end mark is missing" in done.stderr


def test_an_end_line_with_another_number_of_rows_is_exit_3_and_says_how_many(desk: "Desk") -> None:
    first, second, third, end = ndjson_text(desk.maker.row(seq) for seq in (1, 2, 3)).splitlines(keepends=True)
    cut = desk.open(first + end)
    assert (cut.exit_code, len(cut.rows)) == (3, 1)
    assert "2 rows are missing" in cut.stderr
    assert desk.open(first + second + third + end).exit_code == 0


def test_an_export_with_only_its_end_line_has_no_rows(desk: "Desk") -> None:
    done = desk.open(ndjson_text([]))
    assert (done.exit_code, done.rows) == (0, [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"schema":"proca:action:2","seq":', "the line is cut, or it is not JSON"),
        ("[" * 5000, "the line is cut, or it is not JSON"),
        ("7", "the line is not a proca:action:2 message"),
        ('{"schema":"proca:action:1"}', "the line is not a proca:action:2 message"),
        ('{"schema":"proca:action:2","action":"x"}', "action.actionType is not where it should be"),
        ('{"schema":"proca:action:2","seq":1.5}', "seq is of the wrong kind"),
        ('{"schema":"proca:action:2","actionId":[1]}', "action_id is of the wrong kind"),
        ('{"schema":"proca:action:2"}', "action_ref is damaged: 0 bytes where 16 are needed"),
    ],
)
def test_a_line_that_is_no_message_is_set_aside(desk: "Desk", line: str, reason: str) -> None:
    done = desk.open(ndjson_text([desk.maker.row(1)], end=False) + line + "\n")
    assert (done.exit_code, done.reasons) == (3, [reason])


def test_a_line_that_is_not_utf_8_is_set_aside(desk: "Desk") -> None:
    done = desk.open(ndjson_text([desk.maker.row(1)], end=False).encode() + b'{"schema":"\xff"}\n')
    assert done.reasons == ["the line is not UTF-8"]


def test_empty_lines_between_messages_are_passed_over(desk: "Desk") -> None:
    done = desk.open(ndjson_text([desk.maker.row(1), desk.maker.row(2)]).replace("\n", "\n \n"))
    assert (done.exit_code, len(done.rows), done.reasons) == (0, 2, [])


def test_a_number_longer_than_a_machine_reads_sets_aside_its_line_only(desk: "Desk") -> None:
    line = '{"schema":"proca:action:2","seq":' + "9" * 5000 + "}\n"
    done = desk.open(ndjson_text([desk.maker.row(1)], end=False) + line)
    assert (done.exit_code, len(done.rows), len(done.reasons)) == (3, 1, 1)


def test_custom_fields_nested_beyond_reason_set_aside_their_row_only(desk: "Desk") -> None:
    deep = json.dumps(message(desk.maker.row(2))).replace(
        '"customFields": {}', f'"customFields": {"[" * 900}{"]" * 900}'
    )
    done = desk.open(ndjson_text([desk.maker.row(1)], end=False) + deep + "\n")
    assert (done.exit_code, len(done.rows), len(done.reasons)) == (3, 1, 1)


def test_half_characters_in_a_message_reach_no_file(desk: "Desk") -> None:
    row = {**desk.maker.row(2), "utm_source": "\ud800"}
    text = ndjson_text([desk.maker.row(1)], end=False) + json.dumps(message(row)) + "\n"
    done = desk.open(text)
    assert (done.exit_code, done.reasons) == (3, ["utm_source is damaged: a lone surrogate"])


def test_a_line_break_in_a_message_cannot_make_two_rows_of_a_quarantined_one(desk: "Desk") -> None:
    row = {**desk.maker.row(2), "utm_source": "one\ntwo"}
    done = desk.open(ndjson_text([desk.maker.row(1), row]))
    assert done.reasons == ["utm_source is damaged: a control character"]
    assert len((desk.folder / "out.csv.quarantine.csv").read_bytes().split(b"\n")) == 3
