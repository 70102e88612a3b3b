"""`proca-org decrypt` from files to files: formats, places, exit codes, and what it says."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result

from proca_web.domain.rows.export_columns import DECRYPTED, ENCRYPTED, ExportRow
from tests.org_tool.export_maker import CONTACT, ExportMaker, csv_text, make_static_sender, ndjson_text

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk

PASSPHRASE = "a passphrase of tests"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_row_type_follows_the_contracts_columns() -> None:
    assert ExportRow._fields == ENCRYPTED


def test_an_export_opens_with_its_key_file_and_passphrase(desk: "Desk", key_file: Path) -> None:
    export = desk.folder / "export.csv"
    export.write_text(csv_text([desk.maker.row(1), desk.maker.row(2)]), newline="")
    done = desk.decrypt(export, "--key", key_file, passphrase=PASSPHRASE)
    assert done.exit_code == 0
    assert done.reasons == []
    assert [row["first_name"] for row in done.rows] == ["Zofia", "Zofia"]
    assert "2 rows opened, 0 set aside" in done.stderr


def test_every_column_of_the_output_holds_what_was_sealed_or_stood_in_the_row(desk: "Desk") -> None:
    contact = {
        **CONTACT,
        "phone": "+48 22 1234567",
        "birthDate": "1990-01-31",
        "comment": "For the trees",
        "address": {"street": "Aleje", "streetNumber": "7b", "locality": "Warszawa", "region": "Mazowsze"},
    }
    row = desk.maker.row(1, contact=contact, utm_medium="mail", utm_campaign="spring", utm_content="a, b")
    done = desk.open([row])
    assert done.exit_code == 0
    assert list(done.rows[0]) == list(DECRYPTED)
    assert done.rows[0] == {
        **{name: row[name] for name in DECRYPTED if name in row},
        **{"first_name": "Zofia", "last_name": "Ślązak-Żółć", "email": "zofia@example.org"},
        **{"phone": "+48 22 1234567", "country": "PL", "postcode": "00-950", "street": "Aleje"},
        **{"street_number": "7b", "locality": "Warszawa", "region": "Mazowsze", "birth_date": "1990-01-31"},
        "comment": "For the trees",
    }


def test_the_output_is_rfc_4180_in_utf_8(desk: "Desk") -> None:
    contact = {**CONTACT, "comment": 'She said "yes",\nthen signed'}
    desk.open([desk.maker.row(1, contact=contact)])
    raw = (desk.folder / "out.csv").read_bytes()
    assert raw.startswith(",".join(DECRYPTED).encode() + b"\r\n")
    assert raw.endswith(b"\r\n")
    assert b'"She said ""yes"",\nthen signed"' in raw
    assert "Ślązak".encode() in raw


def test_excel_gets_a_byte_order_mark(desk: "Desk") -> None:
    desk.open([desk.maker.row(1)], "--excel")
    assert (desk.folder / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfaction_id,")


def test_ndjson_has_the_same_names_and_the_exact_text(desk: "Desk") -> None:
    contact = {**CONTACT, "lastName": "=cmd|' /C calc'!A0", "comment": "one\ntwo"}
    result = desk.run("decrypt", _export(desk, contact), *desk.trusted, "--format", "ndjson")
    assert result.exit_code == 0
    (row,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert list(row) == list(DECRYPTED)
    assert (row["last_name"], row["comment"]) == ("=cmd|' /C calc'!A0", "one\ntwo")


def test_the_format_follows_the_outputs_ending(desk: "Desk") -> None:
    out = desk.folder / "out.ndjson"
    assert desk.run("decrypt", _export(desk), *desk.trusted, "-o", out).exit_code == 0
    assert json.loads(out.read_text())["first_name"] == "Zofia"


def test_a_public_comment_stands_in_the_output_when_none_was_sealed(desk: "Desk") -> None:
    public = json.dumps({"comment": "For\nthe trees"})
    sealed = {**CONTACT, "comment": "sealed"}
    rows = [desk.maker.row(1, custom_fields=public), desk.maker.row(2, contact=sealed, custom_fields=public)]
    assert [row["comment"] for row in desk.open(rows).rows] == ["For\nthe trees", "sealed"]


def test_an_erased_contact_is_passed_on_with_its_reference_and_nothing_else(desk: "Desk") -> None:
    erased = {**desk.maker.erasure(2), "custom_fields": json.dumps({"comment": "gone"})}
    done = desk.open([desk.maker.row(1), erased])
    assert done.exit_code == 0
    row = done.rows[1]
    assert (row["action_type"], row["contact_ref"]) == ("erased", erased["contact_ref"])
    assert {row[name] for name in ("first_name", "email", "postcode", "comment")} == {""}
    assert "1 row opened" in done.stderr
    assert "1 row of type erased: delete what you hold under that contact_ref" in done.stderr


def test_an_export_without_rows_gives_an_output_with_a_header(desk: "Desk") -> None:
    done = desk.open([])
    assert (done.exit_code, done.rows, done.reasons) == (0, [], [])
    assert (desk.folder / "out.csv").read_bytes() == ",".join(DECRYPTED).encode() + b"\r\n"


def test_some_rows_set_aside_is_exit_3_and_the_rest_is_written(desk: "Desk") -> None:
    done = desk.open([desk.maker.row(1), desk.maker.row(2, consent="other"), desk.maker.row(3)])
    assert (done.exit_code, len(done.rows), len(done.reasons)) == (3, 2, 1)
    assert "2 rows opened, 1 set aside in" in done.stderr


def test_no_row_opens_is_exit_1_and_no_output_but_the_reasons(desk: "Desk", other_org: ExportMaker) -> None:
    done = desk.open([other_org.row(1)])
    assert (done.exit_code, done.has_out, len(done.reasons)) == (1, False, 1)


def test_a_failed_run_leaves_an_older_output_alone(desk: "Desk", other_org: ExportMaker) -> None:
    (desk.folder / "out.csv").write_text("of last week")
    assert desk.open([other_org.row(1)]).exit_code == 1
    assert (desk.folder / "out.csv").read_text() == "of last week"


def test_output_and_quarantine_are_for_their_owner_only(desk: "Desk") -> None:
    desk.open([desk.maker.row(1), desk.maker.row(2, campaign="other")])
    assert mode(desk.folder / "out.csv") == 0o600
    assert mode(desk.folder / "out.csv.quarantine.csv") == 0o600


def test_the_quarantine_holds_the_encrypted_row_and_nothing_decrypted(desk: "Desk") -> None:
    bad = desk.maker.row(1, campaign="other", utm_source="=1+1")
    desk.open([bad, desk.maker.row(2)])
    text = (desk.folder / "out.csv.quarantine.csv").read_text()
    assert text.startswith(",".join(("reason", *ENCRYPTED)))
    assert bad["payload"] in text
    assert "Zofia" not in text
    assert ",'=1+1," in text


def test_a_quarantine_can_be_opened_again_once_the_right_key_is_there(desk: "Desk", other_org: ExportMaker) -> None:
    desk.open([desk.maker.row(1), other_org.row(2)])
    second = desk.like(maker=other_org)
    quarantine = (desk.folder / "out.csv.quarantine.csv").read_bytes()
    done = second.open(quarantine)
    assert (done.exit_code, len(done.rows)) == (0, 1)


def test_to_standard_output_the_reasons_go_to_stderr_one_line_a_row(desk: "Desk") -> None:
    export = _export(desk)
    export.write_text(csv_text([desk.maker.row(1), desk.maker.row(2, campaign="other")]), newline="")
    result = desk.run("decrypt", export, *desk.trusted)
    assert result.exit_code == 3
    assert result.stdout.count("\n") == 2
    assert f"{export}, line 3: encrypted for another campaign" in result.stderr
    assert "Zofia" not in result.stderr


def test_standard_output_stays_empty_when_no_row_opens(desk: "Desk", other_org: ExportMaker) -> None:
    export = _export(desk)
    export.write_text(csv_text([other_org.row(1)]), newline="")
    result = desk.run("decrypt", export, *desk.trusted)
    assert (result.exit_code, result.stdout) == (1, "")


def test_an_export_may_come_from_standard_input(desk: "Desk") -> None:
    text = csv_text([desk.maker.row(1)])
    result = desk.run("decrypt", "-", *desk.trusted, stdin=text.encode())
    assert result.exit_code == 0
    assert "Zofia" in result.stdout


def test_several_exports_become_one_output(desk: "Desk") -> None:
    first, second = desk.folder / "first.csv", desk.folder / "second.ndjson"
    first.write_text(csv_text([desk.maker.row(1)]), newline="")
    second.write_text(ndjson_text([desk.maker.row(2)]))
    done = desk.decrypt(first, second, *desk.trusted)
    assert (done.exit_code, len(done.rows)) == (0, 2)


def test_a_row_that_stands_twice_is_opened_once(desk: "Desk") -> None:
    row = desk.maker.row(1)
    done = desk.open([row, row, desk.maker.row(2)])
    assert (done.exit_code, len(done.rows)) == (3, 2)
    assert done.reasons == ["the row stands a second time in this run (same seq)"]


def test_the_same_export_given_twice_is_opened_once(desk: "Desk") -> None:
    export = _export(desk)
    done = desk.decrypt(export, export, *desk.trusted)
    assert (done.exit_code, len(done.rows), len(done.reasons)) == (3, 1, 1)


def test_rows_of_a_retired_and_of_the_active_key_open_together(desk: "Desk", home: object) -> None:
    retired = ExportMaker(desk.maker.home)
    keystore = desk.folder / "both.json"
    keystore.write_text(json.dumps({**json.loads(desk.maker.keystore()), **json.loads(retired.keystore())}))
    export = desk.folder / "export.csv"
    export.write_text(csv_text([retired.row(1), desk.maker.row(2)]), newline="")
    options = ("--keystore", keystore, "--home", desk.maker.identity, "--org", "org-one")
    assert desk.decrypt(export, *options).exit_code == 0


def test_unknown_columns_and_another_order_are_tolerated(desk: "Desk") -> None:
    columns = ["verdict", *reversed(ENCRYPTED)]
    rows = [{**desk.maker.row(1), "verdict": "fine, really"}]
    assert desk.open(csv_text(rows, columns)).exit_code == 0


def test_columns_the_checks_do_not_need_may_be_missing(desk: "Desk") -> None:
    columns = [name for name in ENCRYPTED if name not in ("receipt", "testing", "utm_source")]
    done = desk.open(csv_text([desk.maker.row(1)], columns))
    assert (done.exit_code, done.rows[0]["utm_source"]) == (0, "")


def test_a_missing_column_is_named_and_exit_1(desk: "Desk") -> None:
    columns = [name for name in ENCRYPTED if name != "sign_key_cert"]
    done = desk.open(csv_text([desk.maker.row(1)], columns))
    assert (done.exit_code, done.has_out) == (1, False)
    assert "columns are missing in its header (sign_key_cert)" in done.stderr


def test_a_column_that_stands_twice_is_refused(desk: "Desk") -> None:
    done = desk.open(csv_text([desk.maker.row(1)], [*ENCRYPTED, "payload"]))
    assert (done.exit_code, done.has_out) == (1, False)
    assert "a column stands twice in the header" in done.stderr


def test_empty_lines_between_rows_are_passed_over(desk: "Desk") -> None:
    text = csv_text([desk.maker.row(1), desk.maker.row(2)]).replace("\r\n", "\r\n\r\n")
    done = desk.open(text)
    assert (done.exit_code, len(done.rows), done.reasons) == (0, 2, [])


def test_a_file_saved_with_semicolons_is_told_by_name(desk: "Desk") -> None:
    done = desk.open(csv_text([desk.maker.row(1)]).replace(",", ";"))
    assert done.exit_code == 1
    assert "semicolons" in done.stderr


@pytest.mark.parametrize("content", [b"", b"\r\n\r\n", b"\xff\xfe\x00garbage", b"\x00" * 3000, b"%PDF-1.7\n%\xe2\xe3"])
def test_a_file_that_is_no_export_is_exit_1_with_a_sentence(desk: "Desk", content: bytes) -> None:
    done = desk.open(content)
    assert (done.exit_code, done.has_out) == (1, False)
    assert done.stderr.startswith("proca-org: ")
    assert str(desk.folder / "export.csv") in done.stderr


def test_a_byte_order_mark_and_bare_line_feeds_are_tolerated(desk: "Desk") -> None:
    text = csv_text([desk.maker.row(1)]).replace("\r\n", "\n")
    assert desk.open(b"\xef\xbb\xbf" + text.encode()).exit_code == 0


def test_a_last_line_that_is_whole_opens_without_its_line_break(desk: "Desk") -> None:
    done = desk.open(csv_text([desk.maker.row(1), desk.maker.row(2)]).rstrip("\r\n"))
    assert (done.exit_code, len(done.rows)) == (0, 2)


def test_without_a_pin_a_keystores_rows_open_with_one_warning(desk: "Desk") -> None:
    done = desk.decrypt(_export(desk), "--keystore", desk.keystore, "--org", "org-one")
    assert done.exit_code == 0
    assert done.stderr.count("sender not checked") == 1
    assert done.stderr.count("warning") == 1


def test_a_keystore_without_org_and_home_says_both_in_one_warning(desk: "Desk") -> None:
    done = desk.decrypt(_export(desk), "--keystore", desk.keystore)
    assert done.exit_code == 0
    assert done.stderr.count("warning") == 1
    assert "org not checked" in done.stderr


def test_a_pinned_keystore_needs_no_warning(desk: "Desk") -> None:
    assert "warning" not in desk.open([desk.maker.row(1)]).stderr


def test_the_pin_may_be_the_identitys_fingerprint(desk: "Desk") -> None:
    pin = desk.maker.meta(desk.maker.row(1))["home"]
    done = desk.decrypt(_export(desk), "--keystore", desk.keystore, "--org", "org-one", "--home", pin.lower())
    assert (done.exit_code, done.stderr.count("warning")) == (0, 0)


def test_the_old_form_of_procas_keystore_opens_too(desk: "Desk") -> None:
    keystore = desk.folder / "old.json"
    keystore.write_text(json.dumps({key: entry["private"] for key, entry in json.loads(desk.maker.keystore()).items()}))
    options = ("--keystore", keystore, "--home", desk.maker.identity, "--org", "org-one")
    assert desk.decrypt(_export(desk), *options).exit_code == 0


def test_static_rows_are_opened_and_counted_aloud(desk: "Desk") -> None:
    home, sender = make_static_sender()
    maker = ExportMaker(home)
    done = desk.like(maker=maker).open([maker.row(seq, sender=sender) for seq in (1, 2)])
    assert (done.exit_code, len(done.rows)) == (0, 2)
    assert "2 rows sealed in static mode: whoever holds the Home key can open these" in done.stderr


def test_a_wrong_passphrase_and_a_damaged_file_are_told_apart(desk: "Desk", key_file: Path) -> None:
    damaged = desk.folder / "damaged.orgkey.json"
    damaged.write_text(key_file.read_text().replace('"org-one"', '"org-two"'))
    wrong = desk.decrypt(_export(desk), "--key", key_file, passphrase="not this one")
    broken = desk.decrypt(_export(desk), "--key", damaged, passphrase=PASSPHRASE)
    assert (wrong.exit_code, broken.exit_code) == (1, 1)
    assert "wrong passphrase" in wrong.stderr
    assert "is damaged" in broken.stderr


def test_without_a_passphrase_and_a_terminal_it_is_exit_2(desk: "Desk", key_file: Path) -> None:
    done = desk.decrypt(_export(desk), "--key", key_file)
    assert (done.exit_code, done.has_out) == (2, False)
    assert "--passphrase-file" in done.stderr


def test_passphrase_files_are_one_for_all_keys_or_one_for_each(desk: "Desk", key_file: Path) -> None:
    right, wrong = desk.folder / "right.txt", desk.folder / "wrong.txt"
    right.write_text(f"{PASSPHRASE}\n")
    wrong.write_text("not this one\n")
    export, twice = _export(desk), ("--key", key_file, "--key", key_file)
    assert desk.decrypt(export, *twice, "--passphrase-file", right).exit_code == 0
    each = ("--passphrase-file", right, "--passphrase-file", wrong)
    assert desk.decrypt(export, *twice, *each).exit_code == 1
    assert desk.decrypt(export, "--key", key_file, *each).exit_code == 2


def test_usage_faults_are_exit_2(desk: "Desk", key_file: Path) -> None:
    export = _export(desk)
    assert desk.decrypt(export).exit_code == 2
    assert desk.decrypt(export, "--key", key_file, "--org", "org-one", passphrase=PASSPHRASE).exit_code == 2
    assert desk.decrypt(desk.folder / "missing.csv", *desk.trusted).exit_code == 2
    assert desk.decrypt("-", "-", *desk.trusted).exit_code == 2
    assert desk.decrypt(export, *desk.trusted, "--excel", "--format", "ndjson").exit_code == 2
    assert desk.decrypt(export, "--keystore", desk.keystore, "--home", "not a pin").exit_code == 2
    assert desk.run("decrypt", export, *desk.trusted, "-o", desk.folder).exit_code == 2
    for option in ("-o", "--quarantine", "--state"):
        assert desk.run("decrypt", export, *desk.trusted, option, desk.folder / "no" / "folder").exit_code == 2


def test_nothing_that_is_read_is_written_over(desk: "Desk") -> None:
    export = _export(desk)
    before = export.read_bytes()
    assert desk.run("decrypt", export, *desk.trusted, "-o", export).exit_code == 2
    assert desk.decrypt(export, *desk.trusted, "--state", desk.keystore).exit_code == 2
    assert export.read_bytes() == before


def test_a_device_is_written_to_and_not_replaced(desk: "Desk") -> None:
    pipe = desk.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert desk.run("decrypt", _export(desk), *desk.trusted, "-o", pipe).exit_code == 0
        assert b"Zofia" in os.read(reader, 65536)
        assert stat.S_ISFIFO(pipe.stat().st_mode)
    finally:
        os.close(reader)


def test_a_link_to_the_output_keeps_pointing_there(desk: "Desk") -> None:
    target = desk.folder / "real.csv"
    target.write_text("old")
    (desk.folder / "out.csv").symlink_to(target)
    assert desk.open([desk.maker.row(1)]).exit_code == 0
    assert (desk.folder / "out.csv").is_symlink()
    assert "Zofia" in target.read_text()


def _export(desk: "Desk", contact: dict[str, object] | None = None) -> Path:
    path = desk.folder / "export.csv"
    path.write_text(csv_text([desk.maker.row(1, contact=contact)]), newline="")
    return path


def test_help_names_every_command(proca_org: Callable[..., Result]) -> None:
    result = proca_org("--help")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in ("keygen", "show", "pin", "decrypt", "keystore"))
