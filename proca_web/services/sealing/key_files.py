"""Files that hold one key each: made whole or not at all, never overwritten by another key, zeros before they go."""

import os
import secrets
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from proca_web.crypto.keys.home import sync_directory
from proca_web.domain.errors import KeyringAway


class InFolder(Protocol):
    """Something whose files lie in one folder."""

    directory: Path


_S = TypeVar("_S", bound=InFolder)
_P = ParamSpec("_P")
_R = TypeVar("_R")


def reached(act: Callable[Concatenate[_S, _P], _R]) -> Callable[Concatenate[_S, _P], _R]:
    """The same; where the folder is gone, full or not ours it raises KeyringAway, which names the folder."""

    @wraps(act)
    def reached(holder: _S, /, *args: _P.args, **named: _P.kwargs) -> _R:
        try:
            return act(holder, *args, **named)
        except OSError as error:
            raise KeyringAway(f"the keyring {holder.directory} ({error.strerror})") from error

    return reached


def write_new(path: Path, write: Callable[[int], object]) -> None:
    """Make a file whole or not at all; if somebody else made it meanwhile, theirs stays."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        try:
            write(descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    sync_directory(path.parent)


def destroy(path: Path) -> None:
    """Overwrite a key and remove its file; also what a process left of it that was killed while it made the key."""
    for file in (path, *path.parent.glob(f".{path.name}-*.new")):
        if file.exists():
            _overwrite(file)
            file.unlink(missing_ok=True)
    sync_directory(path.parent)


def _overwrite(file: Path) -> None:
    os.chmod(file, 0o600)
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, bytes(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
