"""`decrypt --key-log`: rows from before a planned change of the Home open with a key pinned to the new one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result
from nacl.public import PrivateKey

from proca_web.crypto.boxes import certificate
from proca_web.crypto.boxes.certificate import Certificate, Mode
from proca_web.crypto.keys import keyfile
from proca_web.crypto.keys.keys import fingerprint
from tests.org_tool.export_maker import START, ExportMaker, MadeSender, b64, make_sender, ndjson_text
from tests.org_tool.platform_maker import Platform, RawHome

if TYPE_CHECKING:
    from tests.org_tool.conftest import Decrypted, Desk

PASSPHRASE = "a passphrase of tests"
FIRST, SECOND, THIRD = (RawHome(letter * 32) for letter in (b"1", b"2", b"3"))
PRIVATE = PrivateKey(b"k" * 32)
NOON = int(START.timestamp())
REFUSED = "the sender's certificate is refused: "
OTHER_HOME = f"{REFUSED}not signed by the site that you trust"
TOO_LATE = f"{REFUSED}it outlives the earlier identity of the site that signed it"
HINT = "save its /keys/log.json and give it with --key-log"


@pytest.fixture(scope="module")
def before() -> ExportMaker:
    """org-one's exports while the first Home was there."""
    return ExportMaker(FIRST.key(), private=PRIVATE)


@pytest.fixture(scope="module")
def after() -> ExportMaker:
    """The same org's exports under the second Home."""
    return ExportMaker(SECOND.key(), private=PRIVATE)


@pytest.fixture
def new_desk(desk: "Desk", after: ExportMaker) -> "Desk":
    """org-one's desk, pinned to the second Home."""
    return desk.like(maker=after)


def saved(desk: "Desk", platform: Platform, **changes: object) -> tuple[str, Path]:
    """The option with the platform's log, saved."""
    path = desk.folder / "log.json"
    path.write_text(json.dumps(platform.log_json(**changes)))
    return "--key-log", path


def rotated(until: int = NOON) -> Platform:
    """A platform that changed from the first Home to the second at that time."""
    platform = Platform(FIRST)
    platform.rotate(SECOND, until)
    return platform


def opens(desk: "Desk", row: dict[str, str], *options: object) -> "Decrypted":
    """A row of the old Home, opened beside one of the new."""
    return desk.open([row, desk.maker.row(9)], *options)


def reason_of(desk: "Desk", row: dict[str, str], *options: object) -> str:
    """Why that row is set aside; the other one opens."""
    done = opens(desk, row, *options)
    assert (done.exit_code, len(done.rows)) == (3, 1), done.stderr
    (reason,) = done.reasons
    return reason


def static_sender(home: RawHome) -> MadeSender:
    """A Home that seals with its own key, from START on."""
    key = home.key()
    body = Certificate(key.identity, key.box_public, key.box_public, Mode.STATIC, START, None, b"n" * 24, 0)
    return MadeSender(PrivateKey(home.secret), body, certificate.issue(key, body))


def test_without_a_key_log_old_rows_are_set_aside_and_the_way_out_is_named(
    new_desk: "Desk", before: ExportMaker
) -> None:
    done = opens(new_desk, before.row(1))
    assert (done.exit_code, done.reasons) == (3, [OTHER_HOME])
    assert HINT in done.stderr


def test_a_key_log_opens_the_rows_of_the_home_that_signed_for_the_pinned_one(
    new_desk: "Desk", before: ExportMaker
) -> None:
    done = opens(new_desk, before.row(1), *saved(new_desk, rotated()))
    assert (done.exit_code, len(done.rows), done.reasons) == (0, 2, [])
    assert HINT not in done.stderr


def test_a_key_file_pinned_anew_opens_old_rows_with_the_key_log(
    new_desk: "Desk", before: ExportMaker, tmp_path: Path
) -> None:
    key = keyfile.OrgKey("org-one", before.public, bytes(bytearray(bytes(PRIVATE))), b64(SECOND.identity))
    path, export = tmp_path / "key.json", tmp_path / "export.ndjson"
    path.write_text(keyfile.dumps(keyfile.lock(replace(key, home_box=b64(SECOND.box)), PASSPHRASE)))
    export.write_text(ndjson_text([before.row(1), new_desk.maker.row(2)]))
    done = new_desk.decrypt(export, "--key", path, *saved(new_desk, rotated()), passphrase=PASSPHRASE)
    assert (done.exit_code, len(done.rows)) == (0, 2), done.stderr


def test_an_old_sender_may_end_fifteen_minutes_after_its_home_and_no_second_later(
    new_desk: "Desk", before: ExportMaker
) -> None:
    row = before.row(1, sender=make_sender(before.home, seconds=900))
    assert opens(new_desk, row, *saved(new_desk, rotated(NOON))).exit_code == 0
    assert reason_of(new_desk, row, *saved(new_desk, rotated(NOON - 1))) == TOO_LATE
    short = before.row(1, sender=make_sender(before.home, seconds=899))
    assert opens(new_desk, short, *saved(new_desk, rotated(NOON - 1))).exit_code == 0


def test_static_rows_of_an_old_home_open_when_it_began_before_its_end_and_are_counted_aloud(
    new_desk: "Desk", before: ExportMaker
) -> None:
    row = before.row(1, sender=static_sender(FIRST))
    done = opens(new_desk, row, *saved(new_desk, rotated(NOON)))
    assert done.exit_code == 0, done.reasons
    assert "1 row sealed in static mode" in done.stderr
    assert reason_of(new_desk, row, *saved(new_desk, rotated(NOON - 1))) == TOO_LATE


def test_a_row_must_say_the_home_whose_sender_sealed_it(new_desk: "Desk", before: ExportMaker) -> None:
    for meta in ({"home": fingerprint(SECOND.identity)}, {"home": fingerprint(THIRD.identity)}, {"home": None}):
        row = before.row(1, meta=meta)
        reason = reason_of(new_desk, row, *saved(new_desk, rotated()))
        assert reason == "encrypted by another site than the one you trust"
    new = new_desk.maker.row(1, meta={"home": fingerprint(FIRST.identity)})
    assert reason_of(new_desk, new, *saved(new_desk, rotated())).startswith("encrypted by another site")


def test_an_old_certificate_must_name_the_box_key_that_the_log_names(new_desk: "Desk", before: ExportMaker) -> None:
    made = make_sender(before.home)
    body = replace(made.certificate, home_box=b"b" * 32)
    row = before.row(1, sender=MadeSender(made.private, body, certificate.issue(before.home, body)))
    reason = reason_of(new_desk, row, *saved(new_desk, rotated()))
    assert reason == f"{REFUSED}made for another box key of the site"


def test_a_forged_certificate_in_an_old_homes_name_is_refused(new_desk: "Desk", before: ExportMaker) -> None:
    made = make_sender(before.home)
    row = before.row(1, sender=MadeSender(made.private, made.certificate, bytes(64) + made.signed[64:]))
    assert reason_of(new_desk, row, *saved(new_desk, rotated())) == OTHER_HOME


def test_a_line_of_planned_changes_is_followed_to_its_beginning(desk: "Desk", before: ExportMaker) -> None:
    platform = rotated()
    platform.rotate(THIRD, NOON + 3600)
    last = desk.like(maker=ExportMaker(THIRD.key(), private=PRIVATE))
    middle = ExportMaker(SECOND.key(), private=PRIVATE)
    done = last.open([before.row(1), middle.row(2), last.maker.row(3)], *saved(last, platform))
    assert (done.exit_code, len(done.rows)) == (0, 3), done.stderr


def test_the_line_ends_where_nobody_signed_for_the_next(desk: "Desk", before: ExportMaker) -> None:
    platform = Platform(FIRST)
    platform.anew(SECOND, NOON)
    platform.rotate(THIRD, NOON + 3600)
    last = desk.like(maker=ExportMaker(THIRD.key(), private=PRIVATE))
    middle = ExportMaker(SECOND.key(), private=PRIVATE)
    done = last.open([before.row(1), middle.row(2)], *saved(last, platform))
    assert (done.exit_code, done.reasons) == (3, [OTHER_HOME])


def not_usable(desk: "Desk", *options: object) -> str:
    """What is said of a key log that cannot be used; nothing is written then."""
    done = desk.open([desk.maker.row(1)], *options)
    assert (done.exit_code, done.has_out, done.reasons) == (1, False, [])
    return done.stderr


def test_a_log_that_leads_to_a_home_that_is_not_pinned_says_how_to_pin_it(desk: "Desk", before: ExportMaker) -> None:
    old_desk = desk.like(maker=before)
    said = not_usable(old_desk, *saved(old_desk, rotated()))
    assert f"the site's identity is now {fingerprint(SECOND.identity)}" in said
    assert f"proca-org pin FILE {b64(SECOND.identity)}" in said


def test_a_log_of_another_platform_or_from_before_the_change_is_refused(new_desk: "Desk") -> None:
    for platform in (Platform(THIRD), Platform(FIRST)):
        assert "of another site than the one you trust, or an old copy" in not_usable(
            new_desk, *saved(new_desk, platform)
        )


def test_a_log_that_is_not_sound_is_refused(new_desk: "Desk") -> None:
    platform = rotated()
    wrong = (
        {"head": platform.head(home=FIRST)},
        {"head": platform.head(size=1)},
        {"head": None},
        {"entries": platform.entries[:1]},
        {"entries": []},
        {"entries": None},
    )
    for change in wrong:
        assert "cannot be used as a key log" in not_usable(new_desk, *saved(new_desk, platform, **change))
    path = new_desk.folder / "log.json"
    path.write_text("[]")
    assert "cannot be used as a key log" in not_usable(new_desk, "--key-log", path)
    path.write_text("{")
    assert "it is not JSON" in not_usable(new_desk, "--key-log", path)


def test_a_change_that_the_old_home_did_not_sign_opens_nothing(new_desk: "Desk") -> None:
    platform = Platform(FIRST)
    platform.rotate(SECOND, NOON, signer=THIRD)
    assert "without the old one's signature" in not_usable(new_desk, *saved(new_desk, platform))


def test_the_log_helps_keys_pinned_to_its_home_only(desk: "Desk", before: ExportMaker, after: ExportMaker) -> None:
    """Another org's key, pinned to the third Home, does not trust what the second one's log says."""
    other = ExportMaker(FIRST.key(), "org-two", PrivateKey.generate())
    secret = bytes(bytearray(bytes(other.private)))
    key = keyfile.OrgKey("org-two", other.public, secret, home_identity=b64(THIRD.identity))
    path, export = desk.folder / "two.json", desk.folder / "export.csv"
    path.write_text(keyfile.dumps(keyfile.lock(key, PASSPHRASE)))
    export.write_text(ndjson_text([before.row(1), other.row(2)]))
    new_desk = desk.like(maker=after)
    options = ("--key", path, *new_desk.trusted, *saved(new_desk, rotated()))
    done = new_desk.decrypt(export, *options, passphrase=PASSPHRASE)
    assert (done.exit_code, len(done.rows), done.reasons) == (3, 1, [OTHER_HOME])


def test_a_result_is_never_written_over_the_key_log(new_desk: "Desk", proca_org: Callable[..., Result]) -> None:
    option, path = saved(new_desk, rotated())
    export, before = new_desk.folder / "export.csv", path.read_bytes()
    export.write_text("")
    result = proca_org("decrypt", export, *new_desk.trusted, option, path, "-o", path)
    assert (result.exit_code, path.read_bytes()) == (2, before)
