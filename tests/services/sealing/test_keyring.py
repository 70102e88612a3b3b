"""The keyring: keys as files that are whole or not there, the same for every process, and gone for all at once."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from nacl.public import PrivateKey

from proca_web.crypto.boxes import live_pair
from proca_web.crypto.encoding import encode
from proca_web.domain.errors import KeyringAway
from proca_web.services.sealing.keyring import Keyring


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """A prepared keyring without keys."""
    made = Keyring(tmp_path / "keyring")
    made.prepare()
    return made


def files(keyring: Keyring) -> list[Path]:
    """Every file of the worker's folder, hidden ones too."""
    return list(keyring.worker.directory.iterdir())


# The directory


def test_the_directories_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        keyring = Keyring(tmp_path / "keyring")
        keyring.prepare()
        keyring.prepare()
    finally:
        os.umask(mask)
    for folder in (keyring.directory, keyring.worker.directory, keyring.directory / "campaigns"):
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


# Worker keys


def test_a_workers_key_is_a_file_named_by_its_public_half(keyring: Keyring) -> None:
    public = keyring.worker.make()
    assert keyring.worker.publics() == {public}
    secret = (keyring.worker.directory / encode(public)).read_bytes()
    assert bytes(PrivateKey(secret).public_key) == public


def test_a_key_file_is_for_its_owners_reading_only(keyring: Keyring) -> None:
    mask = os.umask(0)
    try:
        keyring.worker.make()
        keyring.make_campaign_key(1)
        keyring.become_worker()
    finally:
        os.umask(mask)
    for path in (*files(keyring), keyring.directory / "campaigns" / "1", keyring.directory / "host"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_pair_opens_what_was_sealed_to_its_public_half_and_is_wiped_at_its_end(keyring: Keyring) -> None:
    public, other = keyring.worker.make(), live_pair.new_pair()
    nonce = bytes(24)
    box = other.seal(b"text", nonce, public)
    pair = keyring.worker.pair(public)
    assert pair is not None
    assert pair.open(box, nonce, other.public) == b"text"
    secret = pair._secret
    pair.end()
    assert secret.is_wiped
    other.end()


def test_an_unknown_key_is_none(keyring: Keyring) -> None:
    assert keyring.worker.pair(bytes(32)) is None


def test_a_folder_that_is_away_is_no_lost_key(keyring: Keyring) -> None:
    public = keyring.worker.make()
    keyring.worker.directory.rename(keyring.directory / "away")
    for ask in (lambda: keyring.worker.pair(public), keyring.worker.publics, keyring.worker.make):
        with pytest.raises(KeyringAway):
            ask()


def test_a_file_that_is_no_key_is_not_listed(keyring: Keyring) -> None:
    public = keyring.worker.make()
    for alien in (".DS_Store", "lost+found", f".{encode(public)}-01234567.new", "x" * 42):
        (keyring.worker.directory / alien).write_bytes(b"x")
    assert keyring.worker.publics() == {public}


def test_a_destroyed_key_is_overwritten_and_gone_also_for_a_process_that_had_used_it(keyring: Keyring) -> None:
    public = keyring.worker.make()
    other = Keyring(keyring.directory)
    pair = other.worker.pair(public)
    assert pair is not None
    pair.end()
    kept = keyring.directory / "another name of the same file"
    kept.hardlink_to(keyring.worker.directory / encode(public))
    keyring.worker.destroy(public)
    assert kept.read_bytes() == bytes(32)
    assert other.worker.pair(public) is keyring.worker.pair(public) is None
    assert files(keyring) == []
    keyring.worker.destroy(public)


def test_worker_keys_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keyring", tmp_path / "elsewhere")
    keyring.prepare()
    public = keyring.worker.make()
    assert (tmp_path / "elsewhere" / encode(public)).exists()
    (tmp_path / "elsewhere").chmod(0o750)
    (fault,) = keyring.faults()
    assert "chmod 700" in fault


# The host


def test_a_worker_host_draws_its_name_once(keyring: Keyring) -> None:
    assert keyring.host == ""
    name = keyring.become_worker()
    assert re.fullmatch(r"[0-9a-f]{16}", name)
    assert keyring.become_worker() == Keyring(keyring.directory).become_worker() == keyring.host == name


def test_a_damaged_name_is_no_other_host(keyring: Keyring) -> None:
    (keyring.directory / "host").write_text("0123")
    with pytest.raises(KeyringAway, match="damaged"):
        keyring.become_worker()


_PROCESS = """
import sys
from pathlib import Path
from proca_web.services.sealing.keyring import Keyring
keyring = Keyring(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(keyring.become_worker(), keyring.make_campaign_key(7).hex(), flush=True)
"""


def test_two_processes_at_once_agree_on_a_campaigns_key_and_on_the_hosts_name(keyring: Keyring) -> None:
    command = [sys.executable, "-c", _PROCESS, str(keyring.directory)]
    pair = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in pair:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in pair:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    told = {process.communicate(timeout=20)[0] for process in pair}
    key = keyring.campaign_key(7)
    assert key is not None
    assert told == {f"{keyring.host} {key.hex()}\n"}


def test_a_keyring_holds_no_key_in_memory(keyring: Keyring) -> None:
    keyring.worker.make()
    keyring.make_campaign_key(1)
    assert set(vars(keyring)) == {"directory", "guard", "worker"}
    assert set(vars(keyring.worker)) == {"directory"}


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
    keyring.worker.make()
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
            keyring.worker.make()
        with pytest.raises(KeyringAway, match="No space left"):
            keyring.make_campaign_key(1)
    assert files(keyring) == []
    assert not keyring.has_campaign_key(1)
    assert list((keyring.directory / "campaigns").iterdir()) == []


def test_a_file_that_somebody_else_made_meanwhile_stays(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keyring.directory / "campaigns" / "1"
    real = os.link

    def link(source: Path, target: Path) -> None:
        path.write_bytes(b"theirs".ljust(32))
        real(source, target)

    monkeypatch.setattr(os, "link", link)
    assert keyring.make_campaign_key(1) == b"theirs".ljust(32)
    assert [found.name for found in path.parent.iterdir()] == ["1"]


def test_what_a_killed_process_left_of_a_key_goes_with_the_key(keyring: Keyring) -> None:
    public = keyring.worker.make()
    file = keyring.worker.directory / encode(public)
    draft = file.with_name(f".{file.name}-01234567.new")
    draft.hardlink_to(file)
    keyring.worker.destroy(public)
    assert files(keyring) == []


# Campaigns


def test_a_campaigns_key_is_made_once(keyring: Keyring) -> None:
    assert keyring.campaign_key(5) is None
    assert not keyring.has_campaign_key(5)
    key = keyring.make_campaign_key(5)
    assert len(key) == 32
    assert keyring.make_campaign_key(5) == keyring.campaign_key(5) == Keyring(keyring.directory).campaign_key(5) == key
    assert keyring.has_campaign_key(5)
    assert keyring.make_campaign_key(6) != key


def test_a_destroyed_campaign_key_is_gone_for_every_process(keyring: Keyring) -> None:
    key = keyring.make_campaign_key(5)
    other = Keyring(keyring.directory)
    assert other.campaign_key(5) == key
    keyring.destroy_campaign_key(5)
    keyring.destroy_campaign_key(5)
    assert not other.has_campaign_key(5)
    assert other.campaign_key(5) is None
