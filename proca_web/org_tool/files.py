"""Files of an org: small ones are read with a limit; written ones are their owner's alone, and never half written."""

import os
import secrets
import stat
import sys
from collections.abc import Set
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from proca_web.org_tool.errors import ToolError, UsageFault

_OWNER_ONLY = 0o600
_LARGEST = 1 << 24


def read_small(path: Path) -> bytes:
    """A key, passphrase or state file. Raises ToolError when it cannot be read or is far too large to be one."""
    try:
        with path.open("rb") as file:
            return _read_small(file, str(path))
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}.") from error


def read_small_input() -> bytes:
    """Standard input, as a small file. Raises ToolError when it is far too large to be one."""
    return _read_small(sys.stdin.buffer, "standard input")


def _read_small(file: BinaryIO, name: str) -> bytes:
    content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ToolError(f"{name} is far too large for what it should be.")
    return content


def check_place(path: Path, taken: Set[Path]) -> None:
    """Refuse, before any work, a place that cannot be written or is `taken` (resolved). Raises UsageFault."""
    if path.is_dir():
        raise UsageFault(f"{path} is a folder; name a file.")
    if not path.resolve().parent.is_dir():
        raise UsageFault(f"{path} cannot be written: its folder does not exist.")
    if path.resolve() in taken:
        raise UsageFault(f"{path} is named twice, or is one of the files to read; name another one.")


def write_new(path: Path, content: str) -> None:
    """Write a file that must not exist yet, whole or not at all.

    Raises UsageFault when it exists, or when its folder is missing.
    """
    draft = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        _write_new(draft, content, path)
        try:
            os.link(draft, path)
        except FileExistsError as error:
            raise _exists(path) from error
        except OSError:
            _write_new(path, content, path)  # a stick may know no second name for a file
    finally:
        draft.unlink(missing_ok=True)


def _write_new(path: Path, content: str, named: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError as error:
        raise _exists(named) from error
    except OSError as error:
        raise UsageFault(f"{named} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode())
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _exists(path: Path) -> UsageFault:
    return UsageFault(f"{path} exists already and is not overwritten; choose another name.")


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
