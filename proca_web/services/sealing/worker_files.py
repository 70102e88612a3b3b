"""The secret halves of a worker host's hourly keys: files named by their public halves, outside the database.

Only a worker host has them. A key that was destroyed is gone in every process: none is kept in memory.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proca_web.crypto import memory
from proca_web.crypto.boxes.live_pair import LivePair
from proca_web.crypto.encoding import decode, encode
from proca_web.services.sealing import key_files
from proca_web.services.sealing.key_files import reached

_NAME = re.compile(r"[A-Za-z0-9_-]{43}")


class WorkerFiles:
    """Makes, reads and destroys the files below one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One process of this host at a time makes keys and tidies up."""
        descriptor = self._lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @reached
    def make(self) -> bytes:
        """A new pair: its file is on the disk when this returns the public half."""
        public, secret = memory.new_box_pair()
        try:
            key_files.write_new(self.directory / encode(public), lambda descriptor: memory.save(secret, descriptor))
        finally:
            secret.wipe()
        return public

    @reached
    def pair(self, public: bytes) -> LivePair | None:
        """The pair with that public half, for who opens with it and ends it; None when it is gone."""
        try:
            descriptor = os.open(self.directory / encode(public), os.O_RDONLY)
        except FileNotFoundError:
            os.stat(self.directory)  # a key is gone; all of them at once, and it is the folder
            return None
        try:
            return LivePair(public, memory.load(descriptor))
        finally:
            os.close(descriptor)

    @reached
    def publics(self) -> set[bytes]:
        """The public halves of all keys here."""
        return {decode(name, memory.KEY_BYTES) for name in os.listdir(self.directory) if _NAME.fullmatch(name)}

    @reached
    def destroy(self, public: bytes) -> None:
        """Overwrite a key and remove it; what was sealed to it alone cannot be opened any more."""
        key_files.destroy(self.directory / encode(public))

    @reached
    def _lock(self) -> int:
        return os.open(self.directory / ".turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
