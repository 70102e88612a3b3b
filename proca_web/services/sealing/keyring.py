"""The keyring: short-lived keys as files outside the database and its backups (protocol 6).

`transient/<UTC hour>-<8 hex>` seals what waits; `campaigns/<id>` makes fingerprints; `guard/` remembers the key log.
A key file is made whole or not at all, never overwritten, never recreated. No key is kept in memory: one that was
destroyed is gone in every process.
"""

import os
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from proca_web.crypto.keys.home import sync_directory
from proca_web.domain.errors import CampaignKeyMissing, KeyringAway
from proca_web.services.sealing.guard import Guard

KEY_BYTES = 32
_HOUR = "%Y-%m-%dT%H"
_TRANSIENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9a-f]{8}")
UNUSED_AFTER = timedelta(hours=2)
_SENDERS_END = "senders-end"


_S = TypeVar("_S", bound="Keyring")
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _reached(act: Callable[Concatenate[_S, _P], _R]) -> Callable[Concatenate[_S, _P], _R]:
    """The same; where the folder is gone, full or not ours it raises KeyringAway, which names the folder."""

    @wraps(act)
    def reached(keyring: _S, /, *args: _P.args, **named: _P.kwargs) -> _R:
        try:
            return act(keyring, *args, **named)
        except OSError as error:
            raise KeyringAway(f"the keyring {keyring.directory} ({error.strerror})") from error

    return reached


class Keyring:
    """Reads and makes the files below one directory, mode 0700."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.guard = Guard(directory / "guard")
        self._known = ""  # the name of this hour's key; the key itself is read each time and kept nowhere

    def prepare(self) -> None:
        """Make the directories where they are missing."""
        for part in (self.directory, self.directory / "transient", self.directory / "campaigns"):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)

    def faults(self) -> list[str]:
        """What is wrong with the directory, for the start and `check`."""
        if not self.directory.is_dir():
            return [f"the keyring {self.directory} does not exist; run: python3 -m proca_web init"]
        if self.directory.stat().st_mode & 0o077:
            return [f"the keyring {self.directory} is open to others; run: chmod 700 {self.directory}"]
        parts = [self.directory / name for name in ("transient", "campaigns")]
        lost = [part for part in parts if part.exists() and not os.access(part, os.R_OK | os.W_OK | os.X_OK)]
        return [f"the keyring's folder {part} cannot be read and written by this user" for part in lost]

    @_reached
    def current_transient(self, now: datetime) -> tuple[str, bytes]:
        """This hour's key with its name; made by whoever needs it first."""
        hour = now.strftime(_HOUR)
        name = self._known  # read once: another thread may learn of another key meanwhile
        if name.startswith(hour):
            known = self.transient(name)
            if known is not None:
                return name, known
        name = next((name for name in self.transient_names() if name.startswith(hour)), "")
        if not name:
            name = f"{hour}-{secrets.token_hex(4)}"
            _write_new(self.directory / "transient" / name, secrets.token_bytes(KEY_BYTES))
        made = self.transient(name)
        if made is None:
            raise FileNotFoundError(f"transient key {name} vanished")
        self._known = name
        return name, made

    @_reached
    def transient(self, name: str) -> bytes | None:
        """The key of that name, or None when it is gone: then what it sealed is gone too."""
        if not _TRANSIENT.fullmatch(name):
            return None
        try:
            return (self.directory / "transient" / name).read_bytes()
        except FileNotFoundError:
            os.stat(self.directory / "transient")  # a key is gone; all of them at once, and it is the folder
            return None

    @_reached
    def transient_names(self) -> list[str]:
        """The names of all transient keys, oldest first."""
        return sorted(name for name in os.listdir(self.directory / "transient") if _TRANSIENT.fullmatch(name))

    def is_unused_age(self, name: str, now: datetime) -> bool:
        """Whether a key is two hours old, so that it may go when no row names it."""
        made = datetime.strptime(name[:13], _HOUR).replace(tzinfo=now.tzinfo)
        return now - made >= UNUSED_AFTER

    def is_ahead(self, name: str, now: datetime) -> bool:
        """Whether a key is named for an hour far ahead, which a wrong clock has made: it would stay for years."""
        return datetime.strptime(name[:13], _HOUR).replace(tzinfo=now.tzinfo) - now >= UNUSED_AFTER

    @_reached
    def destroy_transient(self, name: str) -> None:
        """Remove a transient key; what it sealed cannot be opened any more."""
        _remove(self.directory / "transient" / name)

    @_reached
    def campaign_key(self, campaign_id: int, *, has_fingerprints: bool) -> bytes:
        """The key of a campaign's fingerprints; made once, before the first fingerprint.

        Raises CampaignKeyMissing when fingerprints exist and the file does not: a new key would count people twice.
        """
        path = self.directory / "campaigns" / str(campaign_id)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            if has_fingerprints:
                raise CampaignKeyMissing(f"the keyring has no key for campaign {campaign_id}") from None
        _write_new(path, secrets.token_bytes(KEY_BYTES))
        return path.read_bytes()

    def has_campaign_key(self, campaign_id: int) -> bool:
        """Whether that campaign's key file exists."""
        return (self.directory / "campaigns" / str(campaign_id)).exists()

    @_reached
    def end_senders(self) -> None:
        """Ask every process that shares this keyring to end its sender before its next submission."""
        path = self.directory / _SENDERS_END
        path.touch(mode=0o600)
        os.utime(path)

    @_reached
    def senders_ended(self) -> int:
        """When senders were last asked to end, in nanoseconds of the epoch; 0: never."""
        try:
            return os.stat(self.directory / _SENDERS_END).st_mtime_ns
        except FileNotFoundError:
            return 0

    @_reached
    def destroy_campaign_key(self, campaign_id: int) -> None:
        """Remove a campaign's key: its fingerprints can be tested by nobody any more."""
        _remove(self.directory / "campaigns" / str(campaign_id))


def _write_new(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; if somebody else made it meanwhile, theirs stays."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    sync_directory(path.parent)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    for draft in path.parent.glob(f".{path.name}-*.new"):  # of a process killed while it made the key
        draft.unlink(missing_ok=True)
    sync_directory(path.parent)
