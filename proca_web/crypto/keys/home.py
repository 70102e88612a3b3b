"""The Home Org's key: read once at start, checked, and reduced to what the process needs (protocol 1).

From the X25519 secret an Ed25519 identity is derived; it signs, and nothing else does. The X25519 half is kept
only for `static` senders; in every other mode it is wiped as soon as its public half is known.
"""

import binascii
import os
import re
import stat
from pathlib import Path
from typing import Self

from proca_web.crypto import memory
from proca_web.crypto.encoding import encode
from proca_web.crypto.errors import HomeKeyError
from proca_web.crypto.keys.keys import fingerprint
from proca_web.crypto.labels import keyed, label
from proca_web.crypto.memory import KEY_BYTES, Secret

# 32 bytes fill 42 characters and four bits of the last one, whose other two bits are zero in canonical text.
_LINE = re.compile(rb"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\n?")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


class HomeKey:
    """The Home Org's identity and, while needed, its X25519 secret. `repr` shows public halves only."""

    def __init__(self, line: bytearray) -> None:
        raw = _read_secret(line)
        seed = Secret.taking(keyed("home-identity", raw))
        self.box_secret = Secret.taking(raw, kept_in_forks=True)
        self.box_public = memory.box_public(self.box_secret)
        self.identity, self._signing = memory.signing_pair(seed)
        self.fingerprint = fingerprint(self.identity)
        seed.wipe()

    @classmethod
    def from_file(cls, path: Path, *, guarded: bool = True) -> Self:
        """Read the key file. Raises HomeKeyError when it is missing, open to others, a stranger's or damaged.

        `guarded=False` is for proving a copy: a stick or a card knows no file modes.
        """
        return cls(_read_file(path, guarded=guarded))

    def forget_box_secret(self) -> None:
        """Wipe the X25519 half: a `session` or `throwaway` process never seals with it."""
        self.box_secret.wipe()

    def sign(self, purpose: str, data: bytes) -> bytes:
        """Sign(x, d): a 64-byte signature of the Home identity over the label and the data (protocol 0)."""
        return memory.sign(label(purpose) + data, self._signing)

    def __repr__(self) -> str:
        return f"<HomeKey identity={encode(self.identity)}>"


def write_new_home_key(path: Path) -> None:
    """Make a Home key file, mode 0600, whole or not at all, never over an existing one (FileExistsError)."""
    draft = path.with_name(f".{path.name}-{os.urandom(4).hex()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(encode(os.urandom(KEY_BYTES)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """A power cut must not take back the name of a key that a database is about to depend on."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_file(path: Path, *, guarded: bool) -> bytearray:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
    except FileNotFoundError as error:
        raise HomeKeyError(f"{path} does not exist; `python3 -m proca_web init` makes one") from error
    except OSError as error:
        raise HomeKeyError(f"{path} cannot be read ({error.strerror})") from error
    try:
        _check_facts(path, os.fstat(descriptor), guarded=guarded)
        line = bytearray(64)
        del line[os.readv(descriptor, [line]) :]
        return line
    finally:
        os.close(descriptor)


def _check_facts(path: Path, facts: os.stat_result, *, guarded: bool) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise HomeKeyError(f"{path} is not a file")
    if not guarded:
        return
    if stat.S_IMODE(facts.st_mode) & ~0o700:
        raise HomeKeyError(f"{path} is open to others; run: chmod 600 {path}")
    if facts.st_uid not in (os.geteuid(), 0):
        raise HomeKeyError(f"{path} belongs to another user; run the command as that user")


def _read_secret(line: bytearray) -> bytes:
    """The 32 bytes of one line of 43 characters; the line is overwritten, no copy of it is left."""
    standard = bytearray(b"=" * 44)
    try:
        if not _LINE.fullmatch(line):
            raise HomeKeyError("the Home key must be one line of 43 characters (base64url of 32 bytes)")
        for place in range(43):  # letter by letter: a slice would leave a copy behind
            standard[place] = _TO_STANDARD[line[place]]
        return binascii.a2b_base64(standard)
    finally:
        memory.wipe(standard)
        memory.wipe(line)
