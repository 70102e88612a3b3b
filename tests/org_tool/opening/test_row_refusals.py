"""Every check of a row, each failure with its own reason; one row that fails never stops the others (design 7)."""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nacl.public import PrivateKey

from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.keys.keys import fingerprint
from proca_web.domain.rows import opened_copy
from tests.org_tool.export_maker import (
    CONTACT,
    START,
    ExportMaker,
    MadeSender,
    b64,
    csv_text,
    make_sender,
    make_static_sender,
    new_home,
)

if TYPE_CHECKING:
    from tests.org_tool.conftest import Desk

PASSPHRASE = "a passphrase of tests"
NO_PIN = "the key file does not say which site it trusts; run: proca-org pin FILE FINGERPRINT"


def reason_of(desk: "Desk", *bad: dict[str, str]) -> str:
    """The one reason for which `bad` is set aside between two good rows."""
    done = desk.open([desk.maker.row(1), *bad, desk.maker.row(9)])
    assert (done.exit_code, len(done.rows)) == (3, 2)
    (reason,) = set(done.reasons)
    assert len(done.reasons) == len(bad)
    assert reason in done.stderr
    assert "Zofia" not in done.stderr
    return reason


def test_a_row_sealed_to_another_key_is_quarantined_with_that_keys_fingerprint(
    desk: "Desk", other_org: ExportMaker
) -> None:
    assert reason_of(desk, other_org.row(2)) == (
        f"encrypted for a key that is not given: {fingerprint(other_org.public)}"
    )


@pytest.mark.parametrize(
    ("column", "change", "reason"),
    [
        ("action_ref", "A" * 21, "action_ref is damaged: not base64url"),
        ("contact_ref", "A" * 20, "contact_ref is damaged: 15 bytes where 16 are needed"),
        ("contact_ref", "A" * 21 + "B", "contact_ref is damaged: not canonical"),
        ("payload", "AAA=", "payload is damaged: not base64url"),
        ("payload", "", "the box does not open"),
        ("nonce", "AAAA", "nonce is damaged: 3 bytes where 24 are needed"),
        ("public_key", "ü" * 43, "public_key is damaged: not base64url"),
        ("sign_key", "A" * 42, "sign_key is damaged: 31 bytes"),
        ("sign_key_cert", "A+B/", "sign_key_cert is damaged: not base64url"),
        ("sign_key_cert", "", "the sender's certificate is refused: a certificate of 0 bytes where 203"),
        ("sign_key_not_before", "2026-03-01T12:00:01Z", "the sender's certificate is refused: its times"),
        ("sign_key_not_after", "", "the sender's certificate is refused: its times"),
        ("action_type", "erased", "the row says that a contact was erased, and yet holds one"),
        ("opt_in", "yes", "opt_in is neither true, false nor empty"),
        ("seq", "two", "seq is not a whole number"),
        ("seq", "-2", "seq is not a whole number"),
        ("seq", "02", "seq is not a whole number"),
        ("seq", "", "seq is not a whole number"),
        ("seq", "9" * 19, "seq is not a whole number"),
        ("campaign", "tree", "encrypted for another campaign"),
        ("action_page", "tree", "encrypted for another action page"),
        ("consent", "c" * 64, "signed under another wording of the consent"),
        ("custom_fields", "[1]", "custom_fields is not a JSON object of texts"),
        ("custom_fields", '{"comment":1}', "custom_fields is not a JSON object of texts"),
        ("custom_fields", "{", "custom_fields is not JSON"),
        ("custom_fields", "[" * 5000, "custom_fields is not JSON"),
        ("custom_fields", '{"comment":"\\u0000"}', "the comment in custom_fields holds a control character"),
        ("custom_fields", '{"comment":"\\ud800"}', "the comment in custom_fields holds a lone surrogate"),
        ("utm_source", "nul\0byte", "utm_source is damaged: a control character"),
        ("action_id", "\x1b[2J", "action_id is damaged: a control character"),
        ("email_status", "\x9b", "email_status is damaged: a control character"),
    ],
)
def test_a_column_that_is_not_as_it_should_be_is_named(desk: "Desk", column: str, change: str, reason: str) -> None:
    assert reason_of(desk, {**desk.maker.row(2), column: change}).startswith(reason)


def test_another_rows_action_and_contact_refs_do_not_fit(desk: "Desk") -> None:
    row, other = desk.maker.row(2), desk.maker.row(3)
    assert reason_of(desk, {**row, "action_ref": other["action_ref"]}).startswith("encrypted for another action")
    assert reason_of(desk, {**row, "contact_ref": other["contact_ref"]}) == "encrypted for another contact_ref"


def test_a_swapped_payload_belongs_to_another_action(desk: "Desk") -> None:
    row, other = desk.maker.row(2), desk.maker.row(3)
    swapped = {**row, "payload": other["payload"], "nonce": other["nonce"]}
    assert reason_of(desk, swapped) == "encrypted for another action: the payload belongs to another row"


def test_a_payload_under_another_rows_nonce_does_not_open(desk: "Desk") -> None:
    row, other = desk.maker.row(2), desk.maker.row(3)
    assert reason_of(desk, {**row, "payload": other["payload"]}).startswith("the box does not open")


def test_a_forged_sender_without_the_homes_signature_is_refused(desk: "Desk") -> None:
    forged = make_sender(new_home())
    signed_by_nobody = MadeSender(forged.private, forged.certificate, bytes(64) + desk.maker.sender.signed[64:])
    borrowed = MadeSender(forged.private, desk.maker.sender.certificate, desk.maker.sender.signed)
    start = "the sender's certificate is refused: "
    unsigned = f"{start}not signed by the site that you trust"
    assert reason_of(desk, desk.maker.row(2, sender=forged)) == unsigned
    assert reason_of(desk, desk.maker.row(2, sender=signed_by_nobody)) == unsigned
    assert reason_of(desk, desk.maker.row(2, sender=borrowed)) == f"{start}made for another sender"


def test_a_forger_who_borrows_a_senders_name_and_certificate_cannot_make_its_box(desk: "Desk") -> None:
    forged = desk.maker.row(2, sender=MadeSender(PrivateKey.generate(), desk.maker.sender.certificate, b""))
    real = desk.maker.row(2)
    kept = ("sign_key", "sign_key_cert")
    assert reason_of(desk, {**forged, **{name: real[name] for name in kept}}).startswith("the box does not open")


def test_a_certificate_of_too_long_a_window_or_too_many_nonces_is_refused(desk: "Desk") -> None:
    long = make_sender(desk.maker.home, seconds=901)
    many = make_sender(desk.maker.home, nonces=4097)
    assert reason_of(desk, desk.maker.row(2, sender=long)).endswith("a window longer than 900 seconds")
    assert reason_of(desk, desk.maker.row(2, sender=many)).endswith("more nonces than a sender may have")


def test_a_static_sender_that_is_not_the_home_key_is_refused(desk: "Desk") -> None:
    pretender = make_sender(desk.maker.home, Mode.STATIC)
    assert reason_of(desk, desk.maker.row(2, sender=pretender)).endswith("a static sender that is not the site's key")


def test_a_nonce_outside_the_senders_range_is_refused(desk: "Desk") -> None:
    sender = make_sender(desk.maker.home, Mode.THROWAWAY, nonces=4)
    assert reason_of(desk, desk.maker.row(2, nonce=sender.nonce(4), sender=sender)).endswith("this sender's range")
    assert reason_of(desk, desk.maker.row(2, nonce=sender.nonce(-1), sender=sender)).endswith("this sender's range")
    assert desk.open([desk.maker.row(2, nonce=sender.nonce(3), sender=sender)]).exit_code == 0


def test_the_minute_of_sealing_must_lie_in_the_senders_window(desk: "Desk") -> None:
    early, late, last = ({"at": f"2026-03-01T{time}:00Z"} for time in ("11:59", "12:17", "12:16"))
    assert reason_of(desk, desk.maker.row(2, meta=early)).endswith("encrypted before its sender existed")
    assert reason_of(desk, desk.maker.row(2, meta=late)).endswith("encrypted after its sender had ended")
    assert desk.open([desk.maker.row(2, meta=last)]).exit_code == 0
    born_late = make_sender(desk.maker.home, start=START + timedelta(seconds=90))
    assert desk.open([desk.maker.row(2, sender=born_late, meta={"at": "2026-03-01T12:01:00Z"})]).exit_code == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"v": 2}, "the copy's _meta is of an unknown version"),
        ({"v": True}, "the copy's _meta is of an unknown version"),
        ({"org": "org-two"}, "encrypted for another org"),
        ({"org": ["org-one"]}, "encrypted for another org"),
        ({"to": "0000-0000"}, "encrypted for another key"),
        ({"role": "sender"}, "encrypted for an unknown role"),
        ({"action": None}, "encrypted for another action"),
        ({"ref": "A" * 22}, "encrypted for another contact_ref"),
        ({"campaign": "Trees"}, "encrypted for another campaign"),
        ({"page": None}, "encrypted for another action page"),
        ({"consent": ""}, "signed under another wording"),
        ({"home": "0000"}, "encrypted by another site than the one you trust"),
        ({"optIn": "true"}, "the encrypted consent is neither yes, no nor not asked"),
        ({"optIn": 1}, "the encrypted consent is neither yes, no nor not asked"),
        ({"at": "2026-03-01T12:01:30Z"}, "the copy does not say when it was encrypted"),
        ({"at": "2026-13-01T12:01:00Z"}, "the copy does not say when it was encrypted"),
        ({"at": 1}, "the copy does not say when it was encrypted"),
    ],
)
def test_what_the_copy_says_of_its_place_must_fit_its_row(desk: "Desk", change: dict[str, Any], reason: str) -> None:
    assert reason_of(desk, desk.maker.row(2, meta=change)).startswith(reason)


def test_a_copy_without_meta_is_refused(desk: "Desk") -> None:
    bare = json.dumps({"firstName": "Zofia", "email": "z@example.org"}).encode()
    assert reason_of(desk, desk.maker.row(2, plaintext=bare)) == "the copy does not say where it belongs (no _meta)"


@pytest.mark.parametrize("role", ["recipient", "recovery"])
def test_copies_of_both_roles_open(desk: "Desk", role: str) -> None:
    assert desk.open([desk.maker.row(1, meta={"role": role})]).exit_code == 0


@pytest.mark.parametrize(("sealed", "column"), [(False, "true"), (None, "true"), (False, "")])
def test_a_looser_consent_than_the_sealed_one_is_refused(desk: "Desk", sealed: bool | None, column: str) -> None:
    row = {**desk.maker.row(2, meta={"optIn": sealed}), "opt_in": column}
    assert reason_of(desk, row) == "opt_in says more than this person agreed to"


@pytest.mark.parametrize(
    ("sealed", "column"),
    [(True, "true"), (True, ""), (True, "false"), (None, ""), (None, "false"), (False, "false")],
)
def test_the_sealed_or_a_stricter_consent_is_accepted(desk: "Desk", sealed: bool | None, column: str) -> None:
    done = desk.open([{**desk.maker.row(2, meta={"optIn": sealed}), "opt_in": column}])
    assert (done.exit_code, done.rows[0]["opt_in"]) == (0, column)


@pytest.mark.parametrize(
    ("plaintext", "reason"),
    [
        (b"[" * 3000, "not JSON"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "not JSON"),
        (b"[" * 3000 + b"]" * 3000, "not JSON"),
        (b"", "not JSON"),
        (b"[]", "not one JSON object"),
        (b"\xff{}", "not UTF-8"),
        (b"{}".ljust(8193), "longer than 8 KiB"),
        (b'{"email":NaN}', "a number that is no number"),
        (b'{"email":"a","email":"b"}', "a name stands twice"),
        (b'{"email":"a\\u0000"}', "a control character"),
        (b'{"email":"\\ud800"}', "a lone surrogate"),
        (b'{"email":"' + b"a" * 2001 + b'"}', "a text longer than 2,000 characters"),
    ],
)
def test_a_hostile_plaintext_sets_aside_its_row_only(desk: "Desk", plaintext: bytes, reason: str) -> None:
    expected = f"the opened copy is not as it should be: {reason}"
    assert reason_of(desk, desk.maker.row(2, plaintext=plaintext)) == expected


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ({"email": 1}, "email is not text"),
        ({"firstName": ["Zofia"]}, "firstName is not text"),
        ({"birthDate": True}, "birthDate is not text"),
        ({"address": "Aleje 7"}, "the address is not an object"),
        ({"address": {"street": 7}}, "street is not text"),
    ],
)
def test_a_contact_field_that_is_not_text_is_refused(desk: "Desk", contact: dict[str, Any], reason: str) -> None:
    expected = f"the opened copy is not as it should be: {reason}"
    assert reason_of(desk, desk.maker.row(2, contact=contact)) == expected


def test_a_contact_field_that_is_null_counts_as_not_given(desk: "Desk") -> None:
    done = desk.open([desk.maker.row(1, contact={"email": "z@example.org", "phone": None, "address": None})])
    assert (done.exit_code, done.rows[0]["phone"]) == (0, "")


def test_a_key_file_without_a_pin_trusts_nobody(desk: "Desk", unpinned_key_file: Path) -> None:
    export = desk.folder / "export.csv"
    export.write_text(csv_text([desk.maker.row(1), desk.maker.erasure(2)]), newline="")
    done = desk.decrypt(export, "--key", unpinned_key_file, passphrase=PASSPHRASE)
    assert (done.exit_code, done.has_out) == (1, False)
    assert done.reasons == [NO_PIN, NO_PIN]


def test_without_a_pin_a_copy_for_another_row_is_refused_all_the_same(desk: "Desk") -> None:
    export = desk.folder / "export.csv"
    export.write_text(csv_text([{**desk.maker.row(1), "campaign": "other"}, desk.maker.row(2)]), newline="")
    done = desk.decrypt(export, "--keystore", desk.keystore)
    assert (done.exit_code, done.reasons) == (3, ["encrypted for another campaign"])


def test_an_erasure_among_the_keys_of_two_orgs_is_set_aside(
    desk: "Desk", other_org: ExportMaker, key_file: Path
) -> None:
    keystore = desk.folder / "two.json"
    keystore.write_text(other_org.keystore())
    export = desk.folder / "export.csv"
    export.write_text(csv_text([desk.maker.row(1), desk.maker.erasure(2)]), newline="")
    options = ("--key", key_file, "--keystore", keystore, "--org", "org-two", "--home", desk.maker.identity)
    done = desk.decrypt(export, *options, passphrase=PASSPHRASE)
    assert (done.exit_code, len(done.rows)) == (3, 1)
    assert done.reasons[0].startswith("an erasure names no key")


def test_a_cut_last_line_is_quarantined(desk: "Desk") -> None:
    text = csv_text([desk.maker.row(1), desk.maker.row(2)], end=False)
    for cut in (len(text) // 2 + 900, len(text) - 60, len(text) - 12):
        done = desk.open(text[:cut])
        assert (done.exit_code, len(done.rows), done.reasons) == (3, 1, ["the line is cut"])


def test_a_line_cut_inside_quotes_is_quarantined(desk: "Desk") -> None:
    rows = [desk.maker.row(1), desk.maker.row(2, custom_fields='{"comment":"yes, I do"}')]
    done = desk.open(csv_text(rows, end=False)[:-10])
    assert (done.exit_code, done.reasons) == (3, ["the line is cut, or its quotes are broken"])


def test_a_line_with_more_cells_than_columns_is_quarantined(desk: "Desk") -> None:
    text = csv_text([desk.maker.row(1), desk.maker.row(2)], end=False).rstrip("\r\n")
    assert desk.open(f"{text},more\r\n").reasons == ["the line has more cells than columns"]


def test_a_line_that_is_not_utf_8_is_quarantined(desk: "Desk") -> None:
    raw = csv_text([desk.maker.row(1), desk.maker.row(2, utm_source="SOURCE")]).encode()
    done = desk.open(raw.replace(b"SOURCE", b"\xc5\xff"))
    assert (done.exit_code, done.reasons) == (3, ["the line is not UTF-8"])


def test_a_line_longer_than_any_row_is_quarantined_without_filling_memory(desk: "Desk") -> None:
    text = csv_text([desk.maker.row(1), desk.maker.row(2, utm_source="x" * (3 << 20)), desk.maker.row(3)])
    done = desk.open(text)
    assert (done.exit_code, done.reasons) == (3, ["the line is longer than any row"])


def test_a_low_order_sender_is_refused_also_without_a_pin(desk: "Desk") -> None:
    export = desk.folder / "export.csv"
    rows = [{**desk.maker.row(1), "sign_key": b64(bytes(32))}, desk.maker.row(2)]
    export.write_text(csv_text(rows), newline="")
    done = desk.decrypt(export, "--keystore", desk.keystore)
    assert done.reasons == ["the sender's key is refused: a low-order public key"]


def test_a_space_that_does_not_break_is_text_like_any_other(desk: "Desk") -> None:
    done = desk.open([desk.maker.row(1, utm_source="10\u00a0000 trees")])
    assert (done.exit_code, done.rows[0]["utm_source"]) == (0, "10\u00a0000 trees")


def test_a_fault_of_the_program_sets_aside_its_row_and_says_nothing_of_what_it_held(
    desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    real = opened_copy.fields

    def fail(content: dict[str, Any]) -> dict[str, str]:
        if content["firstName"] == "Anna":
            raise LookupError("Zofia")
        return real(content)

    monkeypatch.setattr(opened_copy, "fields", fail)
    row = desk.maker.row(2, contact={**CONTACT, "firstName": "Anna"})
    assert reason_of(desk, row) == "the row cannot be read (LookupError)"


def test_many_senders_are_told_apart_when_their_rows_are_mixed(desk: "Desk") -> None:
    senders = [make_sender(desk.maker.home, Mode.THROWAWAY, nonces=4) for _ in range(1100)]
    rows = [desk.maker.row(seq + 1, sender=sender, nonce=sender.nonce(0)) for seq, sender in enumerate(senders)]
    again = [desk.maker.row(2000 + seq, sender=senders[seq], nonce=senders[seq].nonce(1)) for seq in (0, 1, 1099)]
    done = desk.open([*rows, *again])
    assert (done.exit_code, len(done.rows)) == (0, 1103)


def test_static_rows_of_another_home_are_refused(desk: "Desk") -> None:
    _, sender = make_static_sender()
    assert reason_of(desk, desk.maker.row(2, sender=sender)).endswith("not signed by the site that you trust")
