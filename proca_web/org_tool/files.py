"""Writing files that hold secrets or personal data: readable by their owner only, and never half written."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from proca_web.org_tool.errors import ToolError, UsageFault

_OWNER_ONLY = 0o600
_LARGEST = 1 << 24


def read_small(path: Path) -> bytes:
    """A key, passphrase or state file. Raises ToolError when it cannot be read or is far too large to be one."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise ToolError(f"{path} is far too large for what it should be.")
    return content


def write_new(path: Path, content: str) -> None:
    """Write a file that must not exist yet. Raises UsageFault when it does, or when its folder is missing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError as error:
        raise UsageFault(f"{path} exists already and is not overwritten; choose another name.") from error
    except OSError as error:
        raise UsageFault(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode())
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


class Draft:
    """A file in the making beside its place: `commit` puts it there whole, `discard` leaves no trace.

    A place that is no ordinary file (a pipe, /dev/null) is written to directly. Raises UsageFault when it cannot be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._target = path.resolve()
        self._direct = path.exists() and not stat.S_ISREG(path.stat().st_mode)
        name = f".{self._target.name[:100]}.{secrets.token_hex(4)}.part"
        self._draft = self._target if self._direct else self._target.with_name(name)
        flags = os.O_WRONLY if self._direct else os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            descriptor = os.open(self._draft, flags, _OWNER_ONLY)
        except OSError as error:
            raise UsageFault(f"{path} cannot be written: {error.strerror}.") from error
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 18)

    def write(self, content: bytes) -> None:
        """Add to the draft."""
        self._file.write(content)

    def commit(self) -> None:
        """Put the finished file in its place, replacing an older one in one step."""
        self._file.flush()
        if self._direct:
            self._file.close()
            return
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.replace(self._target)

    def discard(self) -> None:
        """Remove the draft; safe after `commit`."""
        with suppress(OSError):  # what was still to be written is not wanted any more
            self._file.close()
        if not self._direct:
            self._draft.unlink(missing_ok=True)


def replace(path: Path, content: str) -> None:
    """Write a small file whole or not at all, over an older one."""
    draft = Draft(path)
    try:
        draft.write(content.encode())
        draft.commit()
    finally:
        draft.discard()
