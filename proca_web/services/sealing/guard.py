"""The guard: what the keyring remembers of the key log, so that a changed or older database does not pass unseen.

`KEYRING/guard/instance` names the instance the keyring belongs to. `KEYRING/guard/key-log` holds ids and hashes only,
one line an entry, appended and never rewritten. Whoever can only write to the database cannot take an entry back, nor
bring a key to life again that was ended.
"""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError
from proca_web.crypto.keys.key_log import BEGINNING, ENDING
from proca_web.domain.errors import GuardDamaged


@dataclass(frozen=True, slots=True)
class Line:
    """What is remembered of one entry: its place, its hash, what happened and to which key."""

    position: int
    hash: bytes
    event: str
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.position} {encode(self.hash)} {self.event} {self.fingerprint or '-'}\n"


@dataclass(frozen=True, slots=True)
class Memory:
    """All lines at one moment, and the keys that were ended: their fingerprints."""

    lines: tuple[Line, ...] = ()
    ended: frozenset[str] = field(default_factory=frozenset)

    @property
    def last_hash(self) -> bytes:
        """The hash of the newest entry remembered."""
        return self.lines[-1].hash if self.lines else BEGINNING


class Guard:
    """Reads and appends the memory; reads it anew whenever the file has changed."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "key-log"
        self._instance = directory / "instance"
        self._kept: tuple[tuple[int, int, int], Memory] | None = None  # one value: threads never see half of it

    def memory(self) -> Memory:
        """What is remembered now; nothing before the first entry. Raises GuardDamaged."""
        try:
            facts = os.stat(self._path)
        except FileNotFoundError:
            return Memory()
        stamp, known = (facts.st_mtime_ns, facts.st_size, facts.st_ino), self._kept
        if known is None or known[0] != stamp:
            known = self._kept = (stamp, _read(_whole_lines(self._path.read_bytes())))
        return known[1]

    def instance(self) -> bytes | None:
        """The id of the instance this keyring belongs to; None before it joined one. Raises GuardDamaged."""
        try:
            return decode(self._instance.read_text("ascii").strip(), 16)
        except FileNotFoundError:
            return None
        except (ValueError, EncodingError) as error:
            raise GuardDamaged("the guard's instance file is damaged; restore the keyring") from error

    def join(self, instance_id: bytes) -> None:
        """Name the instance, once and for good."""
        self._instance.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._instance, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{encode(instance_id)}\n")
            file.flush()
            os.fsync(file.fileno())

    def append(self, lines: Sequence[Line]) -> None:
        """Remember further entries; what another process has appended meanwhile is left out."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)  # a keyring that is gone is not begun anew
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            whole = _whole_lines(file.read())
            known = len(_read(whole).lines)
            file.truncate(len(whole))
            file.write("".join(str(line) for line in lines if line.position >= known).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())


def _whole_lines(content: bytes) -> bytes:
    """Without the beginning of a line whose writer was killed; the entry itself is in the database and comes again."""
    return content[: content.rfind(b"\n") + 1]


def _read(content: bytes) -> Memory:
    lines = []
    ended: set[str] = set()
    for place, written in enumerate(content.splitlines()):
        try:
            position, hash_, event, fingerprint = written.decode("ascii").split(" ")
            line = Line(int(position), decode(hash_, 32), event, "" if fingerprint == "-" else fingerprint)
        except (ValueError, EncodingError) as error:
            raise GuardDamaged(f"line {place + 1} of the guard's key-log is damaged; restore the keyring") from error
        if line.position != place:
            raise GuardDamaged(f"line {place + 1} of the guard's key-log is out of place; restore the keyring")
        lines.append(line)
        if line.event in ENDING:
            ended.add(line.fingerprint)
    return Memory(tuple(lines), frozenset(ended))
