"""Files of an org: small ones are read with a limit; new ones are their owner's alone, and never half written."""

import os
import secrets
import sys
from collections.abc import Set
from pathlib import Path
from typing import BinaryIO

from proca_web.org_tool.drafts import is_direct
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
    if is_direct(path):
        return
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
