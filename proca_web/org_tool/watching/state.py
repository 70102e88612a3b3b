"""What `watch` remembers between runs: the newest head it saw and the Home keys it saw with it. Holds no secret."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError, KeyLogRefused
from proca_web.crypto.keys.key_log import Head, Home
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool import drafts, files
from proca_web.org_tool.errors import ToolError

FORMAT = "proca-org-watch"


@dataclass(frozen=True, slots=True)
class Remembered:
    """A head and the Homes up to the trusted one, as (identity, box), oldest first."""

    head: Head
    homes: Sequence[tuple[bytes, bytes]]

    def successor_of(self, pin: str) -> str:
        """Whom to trust where this Home (a fingerprint) is pinned: it, or the one accepted in its place."""
        names = [fingerprint(identity) for identity, _ in self.homes]
        return names[-1] if pin in names else pin


def load(path: Path) -> Remembered | None:
    """What was remembered; None on the first run. Raises ToolError when the file is damaged or another one."""
    if not path.exists():
        return None
    try:
        content = json.loads(files.read_small(path))
        if (content["format"], content["version"]) != (FORMAT, 1):
            raise ValueError
        homes = [_home(home) for home in content["homes"]]
        return Remembered(Head.of(content["head"]), homes)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, EncodingError, KeyLogRefused) as error:
        raise ToolError(
            f"{path} is not a state file of `proca-org watch`, or it is damaged. Restore it from a backup: without it a"
            " rewritten key log goes unnoticed. Or name a new one, and compare the code it prints with another partner."
        ) from error


def save(path: Path, head: Head, homes: Sequence[Home]) -> None:
    """Remember; the file is replaced in one step."""
    content = {
        "format": FORMAT,
        "version": 1,
        "head": head.as_json(),
        "homes": [{"identity": encode(home.identity), "box": encode(home.box)} for home in homes],
    }
    drafts.replace(path, json.dumps(content, indent=1) + "\n")


def _home(content: Any) -> tuple[bytes, bytes]:
    return decode(content["identity"], 32), decode(content["box"], 32)
