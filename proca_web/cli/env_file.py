"""A file of settings that a shell, Docker's `--env-file` and systemd's `EnvironmentFile=` read alike.

They disagree about quotes, `$`, `#`, `~`, backslashes, spaces and more. A value that has any of these lies in a file of
its own, beside, and `NAME_FILE` leads to it.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

_ALIKE = re.compile(r"[A-Za-z0-9:/@._+=%,-]*")


def write(file: Path, values: Mapping[str, str]) -> list[str]:
    """Write it, its owner's alone; the names whose values not all three can read: their folder has such a name."""
    lines, unlike = [], []
    for name, value in sorted(values.items()):
        own = file.parent / f"{file.name}.d" / name
        if _ALIKE.fullmatch(value):
            lines.append(f"{name}={value}")
        elif _ALIKE.fullmatch(str(own)):
            own.parent.mkdir(mode=0o700, exist_ok=True)
            _write(own, value)
            lines.append(f"{name}_FILE={own}")
        else:
            lines.append(f"{name}={' '.join(value.splitlines())}")
            unlike.append(name)
    _write(file, "".join(f"{line}\n" for line in lines))
    return unlike


def value_of(file: Path, name: str) -> str | None:
    """What such a file says of a setting; None when it is not there or says nothing."""
    try:
        lines = file.read_text("utf-8").splitlines()
        values = dict(line.split("=", 1) for line in lines if "=" in line)
        own = values.get(f"{name}_FILE")
        return Path(own).read_text("utf-8") if own else values.get(name)
    except FileNotFoundError:
        return None


def _write(file: Path, content: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        opened.write(content)
