"""The front door: `python3 -m proca_web <command>` on a fresh clone. Standard library only.

It has `.venv` made beside the checkout, once, then runs the command inside it.
"""

from __future__ import annotations  # an older Python must get as far as the sentence that it is too old

import fcntl
import hashlib
import os
import sys
from pathlib import Path

OLDEST = (3, 11)


def main() -> None:
    """Run a command, in the project's own environment when this is a checkout."""
    if sys.version_info < OLDEST:
        _stop(f"proca_web needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}")
    root = Path(__file__).resolve().parent.parent
    venv = root / ".venv"
    if (root / "pyproject.toml").is_file():
        wanted = "test" if sys.argv[1:2] == ["test"] else "run"
        try:
            _prepare(root, venv, wanted)
        except KeyboardInterrupt:
            _stop("interrupted; the next start goes on", 130)
        except PermissionError as error:
            runs = f"{_owner(root)}, to whom {root} belongs, must run there once: python3 -m proca_web --version"
            _stop(f"this user may not write {error.filename}; {runs}")
        if Path(sys.prefix).resolve() != venv.resolve():
            python = str(venv / "bin" / "python")
            os.execv(python, [python, "-m", "proca_web", *sys.argv[1:]])
    from proca_web.cli import main as run

    run()


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return f"user {path.stat().st_uid}"


def _prepare(root: Path, venv: Path, wanted: str) -> None:
    """Make the environment complete for `wanted`; two commands at once take turns."""
    if _is_ready(root, venv, wanted):
        return
    turn = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not _is_ready(root, venv, wanted):
            from proca_web import environment

            environment.make(root, venv, wanted)
            _stamp_file(venv, wanted).write_text(_stamp(root, wanted))
    finally:
        os.close(turn)


def _is_ready(root: Path, venv: Path, wanted: str) -> bool:
    stamps = {"run": ("run", "test"), "test": ("test",)}[wanted]
    return any(
        _stamp_file(venv, name).is_file() and _stamp_file(venv, name).read_text() == _stamp(root, name)
        for name in stamps
    )


def _stamp_file(venv: Path, wanted: str) -> Path:
    return venv / f".proca-{wanted}"


def _stamp(root: Path, wanted: str) -> str:
    """Changes when the requirements, the project's own metadata or its place change."""
    parts = [root / "proca_web" / "requirements" / f"{wanted}.txt", root / "pyproject.toml"]
    content = str(root).encode() + b"".join(part.read_bytes() for part in parts)
    return hashlib.sha256(content).hexdigest()


def _stop(text: str, code: int = 1) -> None:
    print(text, file=sys.stderr, flush=True)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
