"""Results in the making: a file appears whole at its place, or not at all, and a killed run leaves nothing readable.

Where the file system knows files without a name, a draft has none until it is finished. Elsewhere, and for the blink in
between, its name begins with a dot and it is locked while its run lives; the next run removes it.
"""

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from proca_web.org_tool.errors import UsageFault

try:
    import fcntl
except ImportError:  # a system without such locks: drafts are as good there, what a kill leaves is not told apart
    fcntl = None  # type: ignore[assignment]

_OWNER_ONLY = 0o600
_LONGEST_NAME = 100
_UNNAMED = getattr(os, "O_TMPFILE", 0)
_OUR_STREAM = re.compile(r"/dev/(stdout|stderr)|(?:/dev|/proc/self)/fd/(\d{1,9})", re.ASCII)
_STREAMS = {"stdout": 1, "stderr": 2}


def is_direct(path: Path) -> bool:
    """Whether a place is written to as it is: a pipe, a device, one of this process's own streams."""
    return _own_stream(path) is not None or (path.exists() and not path.is_file())


class Draft:
    """A file in the making beside its place: `commit` puts it there whole, `discard` leaves no trace.

    A place that is no ordinary file (a pipe, /dev/null) is written to directly. Raises UsageFault when it cannot be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._target = path.resolve()
        self._direct = is_direct(path)
        self._draft = self._target.with_name(f".{self._target.name[:_LONGEST_NAME]}.{secrets.token_hex(4)}.part")
        self._named = False
        try:
            descriptor = self._open()
        except OSError as error:
            raise UsageFault(f"{path} cannot be written: {error.strerror}.") from error
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 18)

    def write(self, content: bytes) -> None:
        """Add to the draft."""
        self._file.write(content)

    def commit(self) -> None:
        """Put the finished file in its place, replacing an older one in one step."""
        self._file.flush()
        if not self._direct:
            os.fsync(self._file.fileno())
            if not self._named:
                self._give_name()
            if fcntl is None:
                self._file.close()  # such systems move no open file
            self._draft.replace(self._target)
        self._file.close()

    def discard(self) -> None:
        """Remove the draft; safe after `commit`."""
        with suppress(OSError):  # what was still to be written is not wanted any more
            self._file.close()
        if self._named:
            self._draft.unlink(missing_ok=True)

    def _open(self) -> int:
        if self._direct:
            number = _own_stream(self.path)
            return os.open(self.path, os.O_WRONLY) if number is None else os.dup(number)
        descriptor = _open_unnamed(self._target.parent)
        if descriptor is None:
            descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
            self._named = True
        _lock(descriptor)
        return descriptor

    def _give_name(self) -> None:
        descriptor = self._file.fileno()
        # With a folder's number, whichever, the link is followed to the file; the path itself is absolute.
        os.link(f"/proc/self/fd/{descriptor}", self._draft, src_dir_fd=descriptor, follow_symlinks=True)
        self._named = True


def replace(path: Path, content: str) -> None:
    """Write a small file whole or not at all, over an older one."""
    draft = Draft(path)
    try:
        draft.write(content.encode())
        draft.commit()
    finally:
        draft.discard()


def remove_leftovers(path: Path) -> list[Path]:
    """Remove the drafts for this place that killed runs of ours left behind; which they were."""
    if fcntl is None or is_direct(path):
        return []
    target = path.resolve()
    name = re.compile(rf"\.{re.escape(target.name[:_LONGEST_NAME])}\.[0-9a-f]{{8}}\.part")
    with suppress(OSError):
        return [found for found in target.parent.iterdir() if name.fullmatch(found.name) and _remove_dead(found)]
    return []


def _remove_dead(draft: Path) -> bool:
    with suppress(OSError):
        descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            about = os.fstat(descriptor)
            if stat.S_ISREG(about.st_mode) and about.st_uid == os.getuid() and _lock(descriptor):
                draft.unlink()
                return True
        finally:
            os.close(descriptor)
    return False


def _lock(descriptor: int) -> bool:
    """Hold the file until it is closed; False when another process holds it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _open_unnamed(folder: Path) -> int | None:
    """A file without a name that can get one later; None where the system has no such thing."""
    if not _UNNAMED:
        return None
    try:
        descriptor = os.open(folder, _UNNAMED | os.O_WRONLY, _OWNER_ONLY)
    except OSError:
        return None
    if os.path.exists(f"/proc/self/fd/{descriptor}"):
        return descriptor
    os.close(descriptor)
    return None


def _own_stream(path: Path) -> int | None:
    found = _OUR_STREAM.fullmatch(str(path))
    return None if found is None else _STREAMS[found[1]] if found[1] else int(found[2])
