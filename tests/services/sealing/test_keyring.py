"""The keyring: keys as files that are whole or not there, the same for every process, and gone for all at once."""

import os
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proca_web.domain.errors import CampaignKeyMissing, KeyringAway
from proca_web.services.sealing.keyring import Keyring

NOW = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """A prepared keyring without keys."""
    made = Keyring(tmp_path / "keyring")
    made.prepare()
    return made


def transients(keyring: Keyring) -> list[Path]:
    """Every file of the folder, hidden ones too."""
    return list((keyring.directory / "transient").iterdir())


# The directory


def test_the_directories_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        keyring = Keyring(tmp_path / "keyring")
        keyring.prepare()
        keyring.prepare()
    finally:
        os.umask(mask)
    for folder in (keyring.directory, keyring.directory / "transient", keyring.directory / "campaigns"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert keyring.faults() == []


def test_a_missing_directory_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    (fault,) = Keyring(tmp_path / "nowhere").faults()
    assert "does not exist" in fault
    assert "init" in fault


@pytest.mark.parametrize("bit", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001], ids=oct)
def test_a_directory_open_to_others_is_named_with_the_command_that_mends_it(keyring: Keyring, bit: int) -> None:
    keyring.directory.chmod(0o700 | bit)
    (fault,) = keyring.faults()
    assert f"chmod 700 {keyring.directory}" in fault


# The hour's key


def test_an_hour_has_one_key_and_the_next_hour_another(keyring: Keyring) -> None:
    first = keyring.current_transient(NOW)
    assert keyring.current_transient(NOW + timedelta(minutes=25)) == first
    second = keyring.current_transient(NOW + timedelta(hours=1))
    assert second != first
    assert keyring.transient_names() == [first[0], second[0]]


def test_a_key_has_32_bytes_and_is_named_after_its_hour(keyring: Keyring) -> None:
    name, key = keyring.current_transient(NOW)
    assert name.startswith("2026-03-01T12-")
    assert len(name) == len("2026-03-01T12-") + 8
    assert len(key) == 32
    assert (keyring.directory / "transient" / name).read_bytes() == key


def test_a_key_file_is_for_its_owners_reading_only(keyring: Keyring) -> None:
    mask = os.umask(0)
    try:
        keyring.current_transient(NOW)
        keyring.campaign_key(1, has_fingerprints=False)
    finally:
        os.umask(mask)
    for path in (*transients(keyring), keyring.directory / "campaigns" / "1"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_second_process_finds_the_hours_key(keyring: Keyring) -> None:
    assert Keyring(keyring.directory).current_transient(NOW) == keyring.current_transient(NOW)


def test_threads_at_once_end_with_keys_that_everybody_can_read(keyring: Keyring) -> None:
    start, got = threading.Barrier(8), []

    def take() -> None:
        own = Keyring(keyring.directory)
        start.wait()
        got.append(own.current_transient(NOW))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert all(keyring.transient(name) == key for name, key in got)
    assert {path.name for path in transients(keyring)} == set(keyring.transient_names()) >= {name for name, _ in got}


_PROCESS = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from proca_web.services.sealing.keyring import Keyring
keyring = Keyring(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
name, key = keyring.current_transient(datetime(2026, 3, 1, 12, tzinfo=UTC))
print(name, key.hex(), keyring.campaign_key(7, has_fingerprints=False).hex(), flush=True)
"""


def test_a_thread_that_is_overtaken_names_the_key_it_has(tmp_path: Path) -> None:
    class Overtaken(Keyring):
        """A keyring whose other threads take up another key of the hour whenever this one has read a file."""

        def transient(self, name: str) -> bytes | None:
            key = super().transient(name)
            self._known = "2026-03-01T12-ffffffff"
            return key

    keyring = Overtaken(tmp_path / "keyring")
    keyring.prepare()
    (keyring.directory / "transient" / "2026-03-01T12-00000000").write_bytes(bytes(32))
    (keyring.directory / "transient" / "2026-03-01T12-ffffffff").write_bytes(b"f" * 32)
    for known in ("", "2026-03-01T12-00000000"):
        keyring._known = known
        assert keyring.current_transient(NOW) == ("2026-03-01T12-00000000", bytes(32))


def test_two_processes_at_once_agree_on_a_campaigns_key_and_each_has_a_usable_transient_one(keyring: Keyring) -> None:
    command = [sys.executable, "-c", _PROCESS, str(keyring.directory)]
    pair = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in pair:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in pair:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=20)[0].split() for process in pair]
    for name, key, _ in told:
        transient = keyring.transient(name)
        assert transient is not None
        assert transient.hex() == key
    assert {campaign for _, _, campaign in told} == {keyring.campaign_key(7, has_fingerprints=True).hex()}


def test_an_unknown_key_is_none(keyring: Keyring) -> None:
    assert keyring.transient("2026-03-01T12-00000000") is None


@pytest.mark.parametrize("name", ["", ".", "..", "../home.key", "/etc/hostname", "x/../..", "2026-03-01T12-0000000\n"])
def test_a_name_that_is_no_keys_name_leads_nowhere(keyring: Keyring, name: str) -> None:
    (keyring.directory / "home.key").write_text("secret")
    assert keyring.transient(name) is None


def test_a_file_that_is_no_key_is_not_listed(keyring: Keyring) -> None:
    name, _ = keyring.current_transient(NOW)
    for alien in (".DS_Store", "lost+found", f".{name}-01234567.new", "2026-03-01T12"):
        (keyring.directory / "transient" / alien).write_bytes(b"x")
    assert keyring.transient_names() == [name]


@pytest.mark.parametrize(
    ("later", "unused"),
    [
        (timedelta(0), False),
        (timedelta(minutes=25, seconds=3), False),
        (timedelta(hours=1, minutes=25, seconds=3), False),
        (timedelta(hours=1, minutes=25, seconds=4), True),
        (timedelta(days=400), True),
    ],
)
def test_a_key_may_go_two_hours_after_its_hour_began(keyring: Keyring, later: timedelta, unused: bool) -> None:
    name, _ = keyring.current_transient(NOW)
    assert keyring.is_unused_age(name, NOW + later) is unused


def test_a_destroyed_key_is_gone_also_for_a_process_that_had_used_it(keyring: Keyring) -> None:
    name, _ = keyring.current_transient(NOW)
    other = Keyring(keyring.directory)
    assert other.transient(name) is not None
    keyring.destroy_transient(name)
    assert other.transient(name) is None
    assert keyring.transient(name) is None
    assert transients(keyring) == []
    keyring.destroy_transient(name)


def test_a_destroyed_key_is_never_made_again(keyring: Keyring) -> None:
    name, key = keyring.current_transient(NOW)
    keyring.destroy_transient(name)
    again, other = keyring.current_transient(NOW)
    assert again != name
    assert other != key
    assert keyring.transient(name) is None


def test_a_keyring_holds_no_key_in_memory(keyring: Keyring) -> None:
    keyring.current_transient(NOW)
    keyring.campaign_key(1, has_fingerprints=False)
    key = keyring.current_transient(NOW)[1]
    assert key not in [value.encode("latin-1") if isinstance(value, str) else value for value in vars(keyring).values()]
    assert set(vars(keyring)) == {"directory", "_known", "guard"}


# Whole or not at all


def test_a_key_appears_under_its_name_only_when_it_is_whole_and_on_disk(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_link, real_sync = os.link, os.fsync

    def sync(descriptor: int) -> None:
        steps.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_sync(descriptor)

    def link(source: Path, target: Path) -> None:
        assert source.read_bytes() != b""
        assert len(source.read_bytes()) == 32
        assert not target.exists()
        steps.append("name")
        real_link(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "link", link)
    keyring.current_transient(NOW)
    assert steps == ["file", "name", "directory"]


@pytest.mark.parametrize("broken", ["fsync", "link"])
def test_when_the_disk_fails_there_is_no_key_and_no_draft(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, broken, fail)
        with pytest.raises(KeyringAway, match="No space left"):
            keyring.current_transient(NOW)
        with pytest.raises(KeyringAway, match="No space left"):
            keyring.campaign_key(1, has_fingerprints=False)
    assert transients(keyring) == []
    assert not keyring.has_campaign_key(1)
    assert list((keyring.directory / "campaigns").iterdir()) == []


def test_a_file_that_somebody_else_made_meanwhile_stays(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keyring.directory / "campaigns" / "1"
    real = os.link

    def link(source: Path, target: Path) -> None:
        path.write_bytes(b"theirs".ljust(32))
        real(source, target)

    monkeypatch.setattr(os, "link", link)
    assert keyring.campaign_key(1, has_fingerprints=False) == b"theirs".ljust(32)
    assert [found.name for found in path.parent.iterdir()] == ["1"]


def test_what_a_killed_process_left_of_a_key_goes_with_the_key(keyring: Keyring) -> None:
    name, key = keyring.current_transient(NOW)
    draft = keyring.directory / "transient" / f".{name}-01234567.new"
    draft.hardlink_to(keyring.directory / "transient" / name)
    assert draft.read_bytes() == key
    keyring.destroy_transient(name)
    assert transients(keyring) == []


# Campaigns


def test_a_campaigns_key_is_made_once(keyring: Keyring) -> None:
    assert not keyring.has_campaign_key(5)
    key = keyring.campaign_key(5, has_fingerprints=False)
    assert len(key) == 32
    assert keyring.campaign_key(5, has_fingerprints=False) == key
    assert Keyring(keyring.directory).campaign_key(5, has_fingerprints=True) == key
    assert keyring.has_campaign_key(5)
    assert keyring.campaign_key(6, has_fingerprints=False) != key


def test_a_campaign_with_fingerprints_and_no_key_gets_no_new_one(keyring: Keyring) -> None:
    with pytest.raises(CampaignKeyMissing, match="no key for campaign 5"):
        keyring.campaign_key(5, has_fingerprints=True)
    assert not keyring.has_campaign_key(5)


def test_a_destroyed_campaign_key_is_gone_for_every_process(keyring: Keyring) -> None:
    key = keyring.campaign_key(5, has_fingerprints=False)
    other = Keyring(keyring.directory)
    assert other.campaign_key(5, has_fingerprints=True) == key
    keyring.destroy_campaign_key(5)
    keyring.destroy_campaign_key(5)
    assert not other.has_campaign_key(5)
    with pytest.raises(CampaignKeyMissing):
        other.campaign_key(5, has_fingerprints=True)
