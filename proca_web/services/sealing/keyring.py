"""The keyring: keys as files outside the database and its backups (protocol 6).

`worker/` opens what waits; `campaigns/<id>` makes fingerprints; `host` names a worker host. These are on worker hosts
alone; web hosts need none of them. `guard/` remembers the key log. No key is kept in memory: one that was destroyed is
gone in every process.
"""

import os
import re
import secrets
from pathlib import Path

from proca_web.domain.errors import KeyringAway
from proca_web.services.sealing import key_files
from proca_web.services.sealing.guard import Guard
from proca_web.services.sealing.key_files import reached
from proca_web.services.sealing.worker_files import WorkerFiles

KEY_BYTES = 32
_HOST = re.compile(r"[0-9a-f]{16}")


class Keyring:
    """Reads and makes the files below one directory, mode 0700; worker keys may lie in a folder of their own."""

    def __init__(self, directory: Path, worker_dir: Path | None = None) -> None:
        self.directory = directory
        self.guard = Guard(directory / "guard")
        self.worker = WorkerFiles(worker_dir or directory / "worker")

    def prepare(self) -> None:
        """Make the directories where they are missing."""
        for part in (self.directory, self.worker.directory, self.directory / "campaigns"):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)

    def faults(self) -> list[str]:
        """What is wrong with the directory, for the start and `check`."""
        if not self.directory.is_dir():
            return [f"the keyring {self.directory} does not exist; run: python3 -m proca_web init"]
        opened = [part for part in (self.directory, self.worker.directory) if part.exists() and _is_open(part)]
        if opened:
            return [f"the keyring {part} is open to others; run: chmod 700 {part}" for part in opened]
        parts = [self.worker.directory, self.directory / "campaigns"]
        lost = [part for part in parts if part.exists() and not os.access(part, os.R_OK | os.W_OK | os.X_OK)]
        return [f"the keyring's folder {part} cannot be read and written by this user" for part in lost]

    @reached
    def require(self) -> None:
        """Raise KeyringAway when the folder itself is gone: with it the memory of keys that were ended."""
        os.stat(self.directory)

    @property
    @reached
    def host(self) -> str:
        """The name of this worker host, 16 hex characters; empty where no worker has run yet."""
        try:
            name = (self.directory / "host").read_text("ascii", errors="replace").strip()
        except FileNotFoundError:
            self.require()
            return ""
        if not _HOST.fullmatch(name):
            raise KeyringAway(f"the keyring's file {self.directory / 'host'} is damaged")
        return name

    @reached
    def become_worker(self) -> str:
        """The name of this worker host, drawn by whoever needs it first; folders that are gone later stay so."""
        if not self.host:
            for part in (self.worker.directory, self.directory / "campaigns"):
                part.mkdir(mode=0o700, exist_ok=True)
            drawn = secrets.token_hex(8).encode("ascii")
            key_files.write_new(self.directory / "host", lambda descriptor: os.write(descriptor, drawn))
        return self.host

    @reached
    def campaign_key(self, campaign_id: int) -> bytes | None:
        """The key of a campaign's fingerprints, or None when it is not here."""
        try:
            return self._campaign(campaign_id).read_bytes()
        except FileNotFoundError:
            os.stat(self.directory / "campaigns")
            return None

    @reached
    def make_campaign_key(self, campaign_id: int) -> bytes:
        """The key of a campaign, made now unless somebody else makes it at this moment."""
        key = secrets.token_bytes(KEY_BYTES)
        key_files.write_new(self._campaign(campaign_id), lambda descriptor: os.write(descriptor, key))
        return self._campaign(campaign_id).read_bytes()

    def has_campaign_key(self, campaign_id: int) -> bool:
        """Whether that campaign's key file exists."""
        return self._campaign(campaign_id).exists()

    @reached
    def destroy_campaign_key(self, campaign_id: int) -> None:
        """Overwrite and remove a campaign's key: its fingerprints can be tested by nobody any more."""
        key_files.destroy(self._campaign(campaign_id))

    def _campaign(self, campaign_id: int) -> Path:
        return self.directory / "campaigns" / str(campaign_id)


def _is_open(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o077)
