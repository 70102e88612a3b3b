"""`watch` against a real web server: what it accepts, each of its alarms, and what it remembers."""

import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from proca_web.crypto.keys import key_log, keyfile
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool.commands import watch as watch_room
from proca_web.org_tool.watching import site as site_room
from tests.org_tool.export_maker import b64
from tests.org_tool.platform_maker import Platform, RawHome, RawKey
from tests.org_tool.web_server import WebServer, redirect, serving

PASSPHRASE = "a passphrase of tests"
HOME, SECOND_HOME, THIRD_HOME = (RawHome(letter * 32) for letter in (b"1", b"2", b"3"))
ORG_KEY = OrgKey("org-one", keyfile.crypto_scalarmult_base(b"k" * 32), b"k" * 32)
OWN = RawKey("org-one", ORG_KEY.public, b64(ORG_KEY.sign_public))
STRANGER = RawKey("org-one", b"s" * 32, b64(b"S" * 32))
NOW = int(time.time())


def write_key_file(folder: Path, **changes: Any) -> Path:
    """org-one's key file, pinned to HOME unless said otherwise."""
    path = folder / "org-one.orgkey.json"
    key = replace(ORG_KEY, **{"home_identity": b64(HOME.identity), **changes})
    path.write_text(keyfile.dumps(keyfile.lock(key, PASSPHRASE)))
    return path


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of most tests; made once, because its passphrase is slow on purpose."""
    return write_key_file(tmp_path_factory.mktemp("key"), home_box=b64(HOME.box))


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    """One server for all tests; each gives it its own documents."""
    with serving() as server:
        yield server


@dataclass
class Desk:
    """An org that watches a platform."""

    platform: Platform
    web: WebServer
    key: Path
    state: Path
    run: Callable[..., Result]

    def publish(self, keys: Any = None, log: Any = None) -> None:
        """Put the platform's documents on the web, or others in their place."""
        self.web.documents = {
            "/keys.json": self.platform.keys_json() if keys is None else keys,
            "/keys/log.json": self.platform.log_json() if log is None else log,
        }

    def watch(self, *options: object, key: Path | None = None) -> Result:
        """One run."""
        return self.run("watch", "--url", self.web.url, "--key", key or self.key, "--state", self.state, *options)

    def well(self, *options: object) -> Result:
        """One run that must find all well; what is published now is what the platform has."""
        self.publish()
        result = self.watch(*options)
        assert result.exit_code == 0, result.output
        return result

    def late_alarm(self) -> str:
        """An alarm that comes only after it was looked a second time."""
        said, _, sentence = self.alarm(start="The two documents do not fit").partition("\nproca-org: ALARM: ")
        assert "looking again in" in said
        return sentence

    def alarm(self, *options: object, key: Path | None = None, start: str = "proca-org: ALARM: ") -> str:
        """One run that must end in an alarm and remember nothing; its sentence."""
        before = self.state.read_bytes() if self.state.exists() else None
        result = self.watch(*options, key=key)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert result.stderr.startswith(start)
        assert (self.state.read_bytes() if self.state.exists() else None) == before
        return result.stderr


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not wait for caches."""
    monkeypatch.setattr(watch_room, "_SETTLES", 0)


@pytest.fixture
def desk(web: WebServer, pinned: Path, tmp_path: Path, proca_org: Callable[..., Result]) -> Desk:
    """A platform where org-one's key and another org's are active."""
    platform = Platform(HOME)
    platform.activate(OWN)
    platform.activate(RawKey("org-two", b"t" * 32))
    made = Desk(platform, web, pinned, tmp_path / "watch.json", proca_org)
    made.publish()
    return made


def rows(result: Result) -> dict[str, str]:
    """The `name: value` lines of standard output."""
    return dict(line.split(": ", 1) for line in result.stdout.splitlines())


# All is well


def test_when_all_is_well_it_says_which_key_which_log_and_the_code_to_compare(desk: Desk) -> None:
    result = desk.well()
    head = desk.platform.log_json()["head"]
    assert rows(result) == {
        "org": "org-one (recipient)",
        "fingerprint": fingerprint(OWN.public),
        "home": fingerprint(HOME.identity),
        "size": "3",
        "signed-at": rows(result)["signed-at"],
        "code": key_log.short_code(3, desk.platform.hashes[-1]),
    }
    assert head["hash"] == b64(desk.platform.hashes[-1])
    assert "first run" in result.stderr
    assert "Compare this code with another partner" in result.stderr
    assert "warning" not in result.stderr
    assert desk.web.asked[-2:] == ["/keys.json", "/keys/log.json"]


def test_it_asks_for_no_passphrase_and_leaves_the_key_file_alone(desk: Desk) -> None:
    before = desk.key.read_bytes()
    desk.well()
    assert desk.key.read_bytes() == before


def test_a_log_that_grew_is_well_and_remembered(desk: Desk) -> None:
    desk.well()
    desk.platform.activate(RawKey("org-three", b"3" * 32))
    result = desk.well()
    assert rows(result)["size"] == "4"
    assert "first run" not in result.stderr
    content = json.loads(desk.state.read_text())
    assert content["head"]["size"] == 4
    assert content["homes"] == [{"identity": b64(HOME.identity), "box": b64(HOME.box)}]
    assert stat.S_IMODE(desk.state.stat().st_mode) == 0o600
    assert [path.name for path in desk.state.parent.iterdir()] == [desk.state.name]


def test_a_recovery_key_is_found_in_its_own_role(desk: Desk) -> None:
    desk.platform = Platform(HOME)
    desk.platform.activate(STRANGER)
    desk.platform.activate(replace(OWN, role="recovery"))
    assert rows(desk.well())["org"] == "org-one (recovery)"


def test_a_key_the_operator_registered_without_its_sign_key_is_well(desk: Desk) -> None:
    desk.platform = Platform(HOME)
    desk.platform.activate(replace(OWN, sign_public=""))
    desk.well()


def test_a_log_longer_than_the_directory_says_is_well(desk: Desk) -> None:
    keys = desk.platform.keys_json()
    desk.platform.activate(RawKey("org-three", b"3" * 32))
    desk.publish(keys=keys)
    assert desk.watch().exit_code == 0


def test_a_fingerprint_as_a_pin_is_enough(desk: Desk, tmp_path: Path) -> None:
    desk.key = write_key_file(tmp_path, home_identity=fingerprint(HOME.identity))
    desk.well()


def test_what_stands_outside_the_signed_part_is_not_looked_at(desk: Desk) -> None:
    keys = desk.platform.keys_json()
    desk.publish(keys={"signed": keys["signed"], "signature": keys["signature"], "keys": [], "home": 7})
    assert desk.watch().exit_code == 0


@pytest.mark.parametrize(
    ("age", "warning"),
    [(47 * 3600, ""), (49 * 3600, "signed 49 hours ago"), (-1800, ""), (-7200, "dated in the future")],
)
def test_an_old_head_is_warned_about(desk: Desk, age: int, warning: str) -> None:
    desk.publish(log=desk.platform.log_json(head=desk.platform.head(moment=int(time.time()) - age)))
    result = desk.watch()
    assert result.exit_code == 0
    assert ("warning" in result.stderr) == bool(warning)
    assert warning in result.stderr


def test_a_head_of_an_impossible_time_is_no_fault_of_the_program(desk: Desk) -> None:
    desk.publish(log=desk.platform.log_json(head=desk.platform.head(moment=2**62)))
    assert "dated in the future" in desk.watch().stderr


def moment(days_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    "at", [moment(0), moment(89), "not a time", 7], ids=["today", "long ago", "no time", "no text"]
)
def test_a_change_without_our_keys_signature_is_warned_about_for_90_days(desk: Desk, at: object) -> None:
    desk.platform.about("discontinuity", STRANGER, at=at)
    assert "warning: somebody asked for another key of org-one without your key's signature" in desk.well().stderr


def test_old_changes_ones_own_and_another_orgs_are_not_warned_about(desk: Desk) -> None:
    desk.platform.about("discontinuity", STRANGER, at=moment(91))
    desk.platform.about("discontinuity", RawKey("org-two", b"u" * 32), at=moment(1))
    desk.platform.about("discontinuity", OWN, at=moment(1))
    assert "warning" not in desk.well().stderr


def test_a_key_that_expired_and_is_still_sealed_to_is_warned_about(desk: Desk) -> None:
    desk.platform.about("expire", RawKey("org-two", b"t" * 32))
    assert "warning" not in desk.well().stderr
    desk.platform.about("expire", OWN)
    assert "warning: your key expired on 2026-03-01: make a new one" in desk.well().stderr


# Is it our key?


def test_another_key_in_the_place_of_ours_is_an_alarm_that_names_both(desk: Desk) -> None:
    desk.platform.activate(STRANGER)
    desk.publish()
    said = desk.alarm()
    assert f"{fingerprint(OWN.public)}, is not published for org-one" in said
    assert f"published is {fingerprint(STRANGER.public)} (recipient)" in said
    assert "it was activated on 2026-03-01" in said


@pytest.mark.parametrize(
    ("event", "said_of_it"), [("retire", "it was retired"), ("revoke", "it was revoked"), ("expire", "it expired")]
)
def test_a_key_that_was_ended_is_an_alarm_that_says_how(desk: Desk, event: str, said_of_it: str) -> None:
    desk.platform.about(event, OWN)
    desk.platform.keys = []
    desk.publish()
    said = desk.alarm()
    assert "no key is published for it" in said
    assert f"{said_of_it} on 2026-03-01" in said


def test_of_a_key_that_is_gone_the_last_thing_that_happened_to_it_is_said(desk: Desk) -> None:
    desk.platform.about("revoke", OWN)
    desk.platform.about("change-cancelled", OWN)
    desk.platform.keys = []
    desk.publish()
    assert "by the key log it was revoked on 2026-03-01" in desk.alarm()


def test_a_key_that_was_never_activated_is_an_alarm(desk: Desk) -> None:
    desk.platform = Platform(HOME)
    desk.publish()
    assert "it was never activated" in desk.alarm()


def test_a_key_swapped_in_the_directory_alone_is_an_alarm(desk: Desk) -> None:
    swapped = desk.platform.endorsed(STRANGER, 1)
    desk.publish(keys=desk.platform.keys_json(keys=[swapped]))
    assert "is not published for org-one" in desk.alarm()


def test_a_second_key_beside_ours_is_an_alarm(desk: Desk) -> None:
    both = [desk.platform.endorsed(OWN, 1), desk.platform.endorsed(STRANGER, 1)]
    desk.publish(keys=desk.platform.keys_json(keys=both))
    assert "more than one key is published for org-one (recipient)" in desk.alarm()
    desk.publish(keys=desk.platform.keys_json(keys=[both[0], both[0]]))
    assert "more than one key is published" in desk.alarm()


def test_our_key_under_another_orgs_name_is_an_alarm(desk: Desk) -> None:
    desk.platform = Platform(HOME)
    desk.platform.activate(replace(OWN, org="org-two"))
    desk.publish()
    assert "published as the key of another org" in desk.alarm()


@pytest.mark.parametrize("change", ["role", "index", "signer"])
def test_an_endorsement_of_something_else_is_an_alarm(desk: Desk, change: str) -> None:
    right, other = desk.platform.endorsed(OWN, 1), replace(desk.platform, home=SECOND_HOME)
    wrong = {
        "role": desk.platform.endorsed(replace(OWN, role="recovery"), 1),
        "index": desk.platform.endorsed(OWN, 2),
        "signer": other.endorsed(OWN, 1),
    }[change]
    desk.publish(keys=desk.platform.keys_json(keys=[{**right, "endorsement": wrong["endorsement"]}]))
    assert "has not signed for your key" in desk.alarm()


@pytest.mark.parametrize("place", [0, 2, 3, 10**9])
def test_an_endorsed_place_in_the_log_that_is_not_the_activation_is_an_alarm(desk: Desk, place: int) -> None:
    desk.platform.about("retire", OWN)
    desk.platform.activate(OWN)
    desk.platform.about("expire", OWN)
    desk.publish(keys=desk.platform.keys_json(keys=[desk.platform.endorsed(OWN, place)]))
    assert f"entry {place} of the key log is not the activation" in desk.alarm()


def test_a_key_published_though_the_log_ended_it_is_an_alarm(desk: Desk) -> None:
    desk.platform.about("revoke", OWN)
    desk.publish()
    assert "your key is published, but the key log says that it was revoked" in desk.alarm()


def test_another_sign_key_beside_our_key_is_an_alarm(desk: Desk) -> None:
    forged = {"sign_public": STRANGER.sign_public}
    desk.publish(keys=desk.platform.keys_json(keys=[desk.platform.endorsed(OWN, 1, **forged)]))
    assert "another sign key than yours" in desk.alarm()
    desk.platform = Platform(HOME)
    desk.platform.activate(replace(OWN, **forged))
    desk.publish(keys=desk.platform.keys_json(keys=[desk.platform.endorsed(OWN, 1)]))
    assert "another sign key than yours" in desk.alarm()


@pytest.mark.parametrize(
    "change", [{"log_index": "1"}, {"log_index": True}, {"role": None}, {"endorsement": "A" * 85}, {"sign_public": 7}]
)
def test_a_malformed_entry_of_our_org_is_an_alarm(desk: Desk, change: dict[str, Any]) -> None:
    desk.publish(keys=desk.platform.keys_json(keys=[desk.platform.endorsed(OWN, 1, **change)]))
    assert "/keys.json cannot be trusted" in desk.alarm()


def test_hostile_text_of_the_platform_cannot_steer_the_terminal(desk: Desk) -> None:
    hostile = replace(STRANGER, role="\x1b[2J\nall is well")
    desk.publish(keys=desk.platform.keys_json(keys=[desk.platform.endorsed(hostile, 1)]))
    said = desk.alarm()
    assert "\x1b" not in said
    assert said.count("\n") == 1


# Is it signed?


def test_a_directory_that_is_not_signed_by_its_home_is_an_alarm(desk: Desk) -> None:
    keys = desk.platform.keys_json()
    for change in (
        {"signature": b64(SECOND_HOME.sign("keys-json", keys["signed"].encode()))},
        {"signature": b64(HOME.sign("keylog-head", keys["signed"].encode()))},
        {"signed": keys["signed"].replace("org-two", "org-six")},
        {"signature": "A" * 85},
        {"signature": None},
        {"signed": None},
        {"signed": "[" * 5000},
        {"signed": "{}"},
        {"signed": "7"},
        {"signed": "\ud800"},
    ):
        desk.publish(keys={**keys, **change})
        assert "/keys.json cannot be trusted" in desk.alarm()


def test_a_log_whose_head_its_home_did_not_sign_is_an_alarm(desk: Desk) -> None:
    desk.publish(log=desk.platform.log_json(head=desk.platform.head(home=SECOND_HOME)))
    assert "/keys/log.json cannot be trusted: its head is not signed" in desk.alarm()
    desk.publish(keys=desk.platform.keys_json(head=desk.platform.head(home=SECOND_HOME)))
    assert "the head of the key log in /keys.json is not signed" in desk.alarm()


@pytest.mark.parametrize("log", [{}, {"entries": []}, {"entries": {}}, {"entries": ["x"]}, {"entries": [7]}])
def test_what_is_no_log_is_an_alarm(desk: Desk, log: dict[str, Any]) -> None:
    desk.publish(log=log)
    assert "/keys/log.json cannot be trusted" in desk.alarm()


def test_entries_behind_the_signed_head_are_an_alarm(desk: Desk) -> None:
    head = desk.platform.head()
    desk.platform.activate(STRANGER)
    desk.publish(log=desk.platform.log_json(head=head))
    assert "its head speaks of other entries than it has" in desk.alarm()


def test_an_entry_changed_in_the_middle_is_an_alarm_that_says_where(desk: Desk) -> None:
    desk.platform.entries[1] = desk.platform.entries[1].replace("possession", "operator")
    desk.publish()
    assert "entry 2 does not follow from the one before it" in desk.alarm()


def test_a_log_older_than_the_directory_is_an_alarm(desk: Desk) -> None:
    log = desk.platform.log_json()
    desk.platform.activate(RawKey("org-three", b"3" * 32))
    desk.publish(log=log)
    assert "speak of different key logs" in desk.late_alarm()


def test_a_log_that_was_only_a_moment_older_than_the_directory_is_well(desk: Desk) -> None:
    older = desk.platform.log_json()
    desk.platform.activate(RawKey("org-three", b"3" * 32))
    desk.publish()
    newer, served = desk.web.documents["/keys/log.json"], iter((older, desk.platform.log_json()))

    def cached(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(json.dumps(next(served)).encode())

    desk.web.documents["/keys/log.json"] = cached
    result = desk.watch()
    assert result.exit_code == 0
    assert "looking again" in result.stderr
    assert rows(result)["size"] == str(newer["head"]["size"]) == "4"


def test_directory_and_log_of_different_home_keys_are_an_alarm(desk: Desk) -> None:
    box = {"identity": b64(HOME.identity), "fingerprint": "", "box": b64(b"b" * 32)}
    desk.publish(keys=desk.platform.keys_json(home=box))
    assert "name different keys of the site" in desk.late_alarm()


def test_another_box_key_than_the_pinned_one_is_an_alarm(desk: Desk, tmp_path: Path) -> None:
    desk.key = write_key_file(tmp_path, home_box=b64(b"b" * 32))
    assert f"your key file names {b64(b'b' * 32)}" in desk.alarm()


def test_another_platform_than_the_pinned_one_is_an_alarm(desk: Desk) -> None:
    desk.platform = Platform(SECOND_HOME)
    desk.platform.activate(OWN)
    desk.publish()
    said = desk.alarm()
    assert "this is not the site you trust" in said
    assert fingerprint(HOME.identity) in said
    assert fingerprint(SECOND_HOME.identity) in said
    assert desk.alarm("--accept-home", fingerprint(SECOND_HOME.identity)) == said


# Does it extend what was seen?


def test_a_log_rewritten_behind_our_back_is_an_alarm(desk: Desk) -> None:
    desk.platform.about("revoke", RawKey("org-two", b"t" * 32))
    desk.well()
    fake = Platform(HOME)
    for key in (OWN, RawKey("org-two", b"t" * 32), RawKey("org-two", b"f" * 32), RawKey("org-six", b"6" * 32)):
        fake.activate(key)
    for size in (4, 5):
        desk.platform = replace(fake, entries=fake.entries[:size], hashes=fake.hashes[:size])
        desk.publish()
        assert "the key log was rewritten: its first 4 entries" in desk.alarm()


def test_a_log_shorter_than_the_one_seen_is_an_alarm(desk: Desk) -> None:
    desk.well()
    desk.platform = Platform(HOME)
    desk.platform.activate(OWN)
    desk.publish()
    said = desk.alarm()
    assert "has 2 entries, and 3 were seen before" in said
    assert "Keep the state file" in said


def test_after_an_alarm_the_platform_may_come_back_to_what_was_seen(desk: Desk) -> None:
    desk.well()
    kept, desk.platform = desk.platform, Platform(HOME)
    desk.publish()
    desk.alarm()
    desk.platform = kept
    desk.well()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"format":"proca-org-state"}'])
def test_a_damaged_state_file_is_refused_and_kept(desk: Desk, content: bytes) -> None:
    desk.state.write_bytes(content)
    result = desk.watch()
    assert result.exit_code == 1
    assert "is not a state file of `proca-org watch`, or it is damaged" in result.stderr
    assert desk.state.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "value"), [("head", {}), ("homes", 7), ("homes", [{"identity": "A"}]), ("version", 2), ("format", "x")]
)
def test_a_state_file_with_a_damaged_part_is_refused(desk: Desk, name: str, value: object) -> None:
    desk.well()
    desk.state.write_text(json.dumps({**json.loads(desk.state.read_text()), name: value}))
    assert "or it is damaged" in desk.watch().stderr


def test_a_full_disk_leaves_the_older_state(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.well()
    before = desk.state.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    desk.platform.activate(RawKey("org-three", b"3" * 32))
    desk.publish()
    result = desk.watch()
    assert (result.exit_code, "No space left on device" in result.stderr) == (1, True)
    assert desk.state.read_bytes() == before
    assert [path.name for path in desk.state.parent.iterdir()] == [desk.state.name]


# The Home identity changes


def test_a_planned_change_of_the_home_stops_and_shows_both_fingerprints(desk: Desk) -> None:
    desk.well()
    desk.platform.rotate(SECOND_HOME, NOW)
    desk.publish()
    said = desk.alarm()
    assert f"from {fingerprint(HOME.identity)} to {fingerprint(SECOND_HOME.identity)}" in said
    assert "the old one signed for the new one" in said
    assert f"--accept-home {fingerprint(SECOND_HOME.identity)}" in said


def test_a_home_that_began_anew_is_said_to_be_vouched_for_by_nothing(desk: Desk) -> None:
    desk.platform.rotate(SECOND_HOME, NOW)
    desk.platform.anew(THIRD_HOME, NOW)
    desk.publish()
    said = desk.alarm()
    assert "NOTHING stands behind the new one" in said
    assert "in another way" in said
    assert fingerprint(THIRD_HOME.identity) in said


@pytest.mark.parametrize("form", ["fingerprint", "identity"])
def test_an_accepted_change_is_remembered_and_the_key_file_is_left_to_its_owner(desk: Desk, form: str) -> None:
    desk.well()
    desk.platform.rotate(SECOND_HOME, NOW)
    name = fingerprint(SECOND_HOME.identity) if form == "fingerprint" else b64(SECOND_HOME.identity)
    result = desk.well("--accept-home", name)
    assert rows(result)["home"] == fingerprint(SECOND_HOME.identity)
    assert f"accepted: {fingerprint(SECOND_HOME.identity)} in place of {fingerprint(HOME.identity)}" in result.stderr
    assert f"proca-org pin {desk.key} {b64(SECOND_HOME.identity)}" in result.stderr
    assert "--key-log FILE" in result.stderr
    assert "accepted" not in desk.well().stderr
    desk.platform.rotate(THIRD_HOME, NOW)
    desk.publish()
    assert f"from {fingerprint(SECOND_HOME.identity)} to {fingerprint(THIRD_HOME.identity)}" in desk.alarm()


def test_after_accepting_an_unvouched_home_the_old_key_file_is_kept_for_old_exports(desk: Desk) -> None:
    desk.platform.anew(SECOND_HOME, NOW)
    result = desk.well("--accept-home", fingerprint(SECOND_HOME.identity))
    assert "Keep a copy of the key file as it is" in result.stderr
    assert "--key-log" not in result.stderr
    desk.well()


def test_accepting_another_fingerprint_than_the_published_one_is_an_alarm(desk: Desk) -> None:
    desk.platform.rotate(SECOND_HOME, NOW)
    desk.publish()
    said = desk.alarm("--accept-home", fingerprint(THIRD_HOME.identity))
    assert f"is {fingerprint(SECOND_HOME.identity)}, not the one you accept" in said
    assert "not the one you accept" in desk.alarm("--accept-home", fingerprint(HOME.identity))


def test_a_change_accepted_while_another_check_fails_is_not_remembered(desk: Desk) -> None:
    desk.platform.rotate(SECOND_HOME, NOW)
    desk.platform.activate(STRANGER)
    desk.publish()
    assert "is not published" in desk.alarm("--accept-home", fingerprint(SECOND_HOME.identity))
    assert not desk.state.exists()


def test_with_nothing_to_accept_a_foreign_fingerprint_is_refused(desk: Desk) -> None:
    result = desk.watch("--accept-home", fingerprint(SECOND_HOME.identity))
    assert (result.exit_code, "nothing to accept" in result.stderr) == (1, True)
    desk.well("--accept-home", fingerprint(HOME.identity))


def test_a_key_file_pinned_anew_is_well_without_accepting(desk: Desk, tmp_path: Path) -> None:
    desk.well()
    desk.platform.rotate(SECOND_HOME, NOW)
    desk.key = write_key_file(tmp_path, home_identity=b64(SECOND_HOME.identity))
    desk.well()


def test_the_old_home_published_again_after_a_change_was_accepted_is_an_alarm(desk: Desk) -> None:
    before = (desk.platform.keys_json(), desk.platform.log_json())
    desk.platform.rotate(SECOND_HOME, NOW)
    desk.well("--accept-home", fingerprint(SECOND_HOME.identity))
    desk.publish(*before)
    assert "this is not the site you trust" in desk.alarm()


def test_a_thiefs_rotation_without_the_old_signature_is_an_alarm(desk: Desk) -> None:
    desk.platform.rotate(SECOND_HOME, NOW, signer=SECOND_HOME)
    desk.publish()
    assert "entry 3 changes the site's identity without the old one's signature" in desk.alarm()


# The site cannot be reached, or sends us elsewhere


def not_checked(result: Result) -> str:
    """What is said when nothing could be checked."""
    assert (result.exit_code, result.stdout) == (1, "")
    assert "ALARM" not in result.stderr
    assert "Nothing was checked; this is no alarm about the key" in result.stderr
    return result.stderr


def test_a_site_that_is_down_is_no_alarm_about_the_key(desk: Desk) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        said = not_checked(desk.run("watch", "--url", url, "--key", desk.key, "--state", desk.state))
    assert "cannot be reached" in said
    assert not desk.state.exists()


def test_a_missing_page_another_page_or_a_fault_of_the_site_is_no_alarm(desk: Desk) -> None:
    for document, said in (
        (None, "the site answers 404"),
        (b"<html>Please sign in to the network</html>", "the answer is not JSON"),
        (b"[" * 100_000, "the answer is not JSON"),
        ([], "another JSON"),
        (lambda handler: handler.send_error(503), "the site answers 503"),
        (lambda handler: handler.wfile.write(b"\x00\x01\x02\r\n\r\n"), "cannot be reached"),
        (b" " * ((1 << 24) + 1), "far too large"),
    ):
        desk.web.documents["/keys.json"] = document
        assert said in not_checked(desk.watch())


def test_a_site_that_does_not_vouch_for_its_own_log_is_an_alarm(desk: Desk) -> None:
    def refuse(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503)
        handler.send_header(key_log.KEY_LOG_ALARM, "changed")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    desk.web.documents["/keys.json"] = refuse
    assert "key log" in desk.alarm()


def test_a_site_that_sends_a_byte_now_and_then_does_not_hold_the_watch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, gave_up = threading.Event(), threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(2000):
            handler.wfile.write(b"H")
            if over.wait(0.01):
                return
        gave_up.set()

    desk.web.documents["/keys.json"] = drip
    monkeypatch.setattr(site_room, "_PATIENCE", 0.05)
    said = not_checked(desk.watch())
    over.set()
    assert "cannot be reached" in said
    assert not gave_up.is_set()


def test_a_redirect_to_another_address_is_not_followed(desk: Desk) -> None:
    with serving() as elsewhere:
        elsewhere.documents = dict(desk.web.documents)
        for place in (f"{elsewhere.url}/keys.json", f"http://localhost:{desk.web.server_port}/keys.json"):
            desk.web.documents["/keys.json"] = redirect(place)
            assert "sends us to another address" in not_checked(desk.watch())
        assert elsewhere.asked == []
    desk.web.documents["/keys.json"] = redirect("file:///etc/hostname")
    not_checked(desk.watch())


def test_a_redirect_within_the_site_is_followed_but_not_for_ever(desk: Desk) -> None:
    desk.web.documents["/moved.json"] = desk.web.documents["/keys.json"]
    desk.web.documents["/keys.json"] = redirect("/moved.json")
    assert desk.watch().exit_code == 0
    desk.web.documents["/moved.json"] = redirect("/keys.json")
    not_checked(desk.watch())


@pytest.mark.parametrize(
    "url",
    [
        "http://petitions.example.org",
        "ftp://127.0.0.1",
        "petitions.example.org",
        "",
        "https://",
        "file:///etc",
        "https://name@petitions.example.org",
        "https://petitions.example.org/?a=b",
        "https://[::1",
        "https://a:port",
    ],
)
def test_an_address_that_is_none_or_would_be_read_by_others_is_exit_2(desk: Desk, url: str) -> None:
    result = desk.run("watch", "--url", url, "--key", desk.key, "--state", desk.state)
    assert (result.exit_code, "--url is" in result.stderr) == (2, True)


def test_a_certificate_nobody_vouches_for_is_no_way_to_ask(desk: Desk) -> None:
    url = desk.web.url.replace("http:", "https:")
    not_checked(desk.run("watch", "--url", url, "--key", desk.key, "--state", desk.state))


# What is asked for


def test_without_a_pin_nothing_is_asked_of_the_site(desk: Desk, unpinned_key_file: Path) -> None:
    asked = len(desk.web.asked)
    result = desk.watch(key=unpinned_key_file)
    assert (result.exit_code, len(desk.web.asked)) == (1, asked)
    assert f"run: proca-org pin {unpinned_key_file} FINGERPRINT" in result.stderr


def test_a_state_that_cannot_be_written_or_is_the_key_file_is_exit_2(desk: Desk, tmp_path: Path) -> None:
    asked, key = len(desk.web.asked), desk.key.read_bytes()
    for state in (tmp_path, tmp_path / "no" / "such.json", desk.key):
        desk.state = state
        assert desk.watch().exit_code == 2
    assert (len(desk.web.asked), desk.key.read_bytes()) == (asked, key)


def test_an_identity_to_accept_that_is_none_is_exit_2(desk: Desk) -> None:
    assert desk.watch("--accept-home", "yes").exit_code == 2
