"""Files that belong to somebody else: what this user may not do, whose they are, and which command to run as whom.

No advice here gives a file away that its owner needs, or anything above the folders that are this instance's own.
"""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from proca_web.config import Settings

_READ, _WRITE, _ENTER = os.R_OK, os.W_OK, os.X_OK
_FOLDER = _READ | _WRITE | _ENTER
_VERBS = {_READ: "read", _ENTER: "look into"}
_COMMAND = "python3 -m proca_web …"


def faults(settings: Settings, *, making: bool = False) -> list[str]:
    """What of this instance the user of this process may not use; `making`: what is not there yet will be made."""
    found: dict[str, None] = {}
    for path, needed in _needed(settings, making=making):
        fault = _fault(path, needed, making=making)
        if fault:
            found[fault] = None
    if not found:
        found |= dict.fromkeys(_anothers(settings, making=making))
    return list(found)


def _anothers(settings: Settings, *, making: bool) -> Iterator[str]:
    """What root could read or make, and should not: the service's own user could not use it afterwards."""
    folder, key = settings.data_dir, settings.home_key_file
    if not settings.home_key and key.is_file() and (owner := key.stat().st_uid) not in (0, os.geteuid()):
        yield f"{key} belongs to {_name(owner)}, who could not use what others make beside it; {_run_as(owner)}"
    elif making and os.geteuid() == 0 and _is_for_another(folder):
        owner = folder.stat().st_uid
        yield f"{folder} is for {_name(owner)}, who could not use what root makes in it; {_run_as(owner)}"


def sentence(path: Path) -> str:
    """Why this user may not do what was tried with that file, and what to do."""
    for folder in reversed(path.absolute().parents):
        if not _may(folder, _ENTER):
            return _may_not("look into", folder, is_ours=False)
    return _may_not("use", path if os.path.lexists(path) else path.absolute().parent, is_ours=True)


def _needed(settings: Settings, *, making: bool) -> Iterator[tuple[Path, int]]:
    """What this instance uses, its folder first: that may be nobody's where everything lies elsewhere."""
    files = [Path(make_url(url).database or "") for url in (settings.database_url, settings.queue_url) if _is_file(url)]
    folders = [
        settings.keyring_dir,
        *(settings.keyring_dir / part for part in ("campaigns", "guard")),
        settings.worker_key_dir,
    ]
    secret = [] if settings.home_key else [settings.home_key_file]
    if making or any(path.is_relative_to(settings.data_dir) for path in (*files, *folders, *secret)):
        is_written = making or any(file.parent == settings.data_dir for file in files)
        yield settings.data_dir, _FOLDER if is_written else _ENTER
    yield from ((path, _READ) for path in secret)
    yield from ((folder, _FOLDER) for folder in (*folders, *(file.parent for file in files)))
    yield from ((file, _READ | _WRITE) for file in files)


def _is_file(url: str) -> bool:
    return url.startswith("sqlite:///")


def _fault(path: Path, needed: int, *, making: bool) -> str:
    for folder in reversed(path.parents):
        if not _may(folder, _ENTER):
            return _may_not("look into", folder, is_ours=False)
    if not path.exists():
        nearest = next(folder for folder in path.parents if folder.exists())
        return _may_not("make anything in", nearest, is_ours=False) if making and not _may(nearest, _WRITE) else ""
    if _may(path, needed):
        return ""
    return _may_not(_VERBS.get(needed, "read and write"), path, is_ours=True)


def _may(path: Path, needed: int) -> bool:
    """Whether this user may; of what is not there nobody can say no."""
    return os.access(path, needed, effective_ids=True) or not path.exists()


def _may_not(verb: str, path: Path, *, is_ours: bool) -> str:
    me, owner = os.geteuid(), path.stat().st_uid
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"{path} is mounted read-only for this process; make it writable (systemd: ReadWritePaths=)"
    said = f"{_name(me)} may not {verb} {path}, which belongs to {_name(owner)}"
    if owner == me:
        return f"{said}; run: chmod u+rwX {path}"
    if owner != 0:
        return f"{said}; {_run_as(owner)}"
    if is_ours:
        give = f"chown {'-R ' if path.is_dir() else ''}{_name(me)} {path}"
        return f"{said}; if {_name(me)} is who runs the service, run as root: {give}; else run the command as root"
    return f"{said}; run the command as root, or keep the data in a folder of {_name(me)}"


def _is_for_another(folder: Path) -> bool:
    """Whether a folder was prepared for somebody with an account here; in a container the number alone says little."""
    owner = folder.stat().st_uid if folder.is_dir() else 0
    return owner != 0 and _account(owner) is not None


def _run_as(uid: int) -> str:
    account = _account(uid) or f"'#{uid}'"
    return f"run the command as that user: sudo -u {account} {_COMMAND}"


def _name(uid: int) -> str:
    return _account(uid) or f"user {uid}"


def _account(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
