"""Which rows were opened already: in this run, and with a state file in earlier ones. Flat: a bit for each `seq`.

An org's copies count 1, 2, 3, …; so a set of numbers is a row of bits, whatever order and filters the exports had, and
a row that was set aside (a key was missing) can still be imported later.
"""

import json
from pathlib import Path
from typing import Any

from proca_web.domain.rows.export_columns import ExportRow
from proca_web.org_tool import drafts, files
from proca_web.org_tool.errors import RowKnown, RowRefused, ToolError

FORMAT = "proca-org-state"
ERASURES = "erasures"
_BLOCK = 1024
_MOST_BLOCKS = 1 << 16  # 67 million rows, or 20 MB
_LONGEST_SEQ = 18


class SeenSeqs:
    """A set of `seq` numbers in blocks of bits. Should it ever grow past its bound, all numbers below count as seen."""

    __slots__ = ("below", "blocks", "last")

    def __init__(self) -> None:
        self.blocks: dict[int, int] = {}
        self.below = 0
        self.last = 0

    def __contains__(self, seq: int) -> bool:
        return seq < self.below or bool(self.blocks.get(seq // _BLOCK, 0) >> seq % _BLOCK & 1)

    def take(self, seq: int) -> bool:
        """Note a number; False when it was seen already."""
        if seq in self:
            return False
        self.join(seq // _BLOCK, 1 << seq % _BLOCK)
        self.last = max(self.last, seq)
        return True

    def join(self, block: int, bits: int) -> None:
        """Note the numbers of a block, given as bits."""
        self.blocks[block] = self.blocks.get(block, 0) | bits
        if len(self.blocks) > _MOST_BLOCKS:
            for lowest in sorted(self.blocks)[: _MOST_BLOCKS // 2]:
                del self.blocks[lowest]
                self.below = max(self.below, (lowest + 1) * _BLOCK)


class Imports:
    """The rows of this run and of earlier ones, by org and by the key they were sealed to."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._before = _load(path) if path is not None and path.exists() else {}
        self._now: dict[tuple[str, str], SeenSeqs] = {}

    def take(self, row: ExportRow, org: str) -> None:
        """Note an opened row. Raises RowKnown when an earlier run had it, RowRefused when it stands twice in this."""
        seq, stream = _read_seq(row.seq), (org, row.public_key or ERASURES)
        if self._before and seq in self._before.get(stream, ()):
            raise RowKnown
        seen = self._now.get(stream)
        if seen is None:
            seen = self._now[stream] = SeenSeqs()
        if not seen.take(seq):
            raise RowRefused("the row stands a second time in this run (same seq)")

    def save(self) -> None:
        """Remember this run's rows in the state file, if there is one; the file is replaced in one step."""
        if self._path is None:
            return
        for stream, seen in self._now.items():
            kept = self._before.setdefault(stream, SeenSeqs())
            for block, bits in seen.blocks.items():
                kept.join(block, bits)
            kept.below, kept.last = max(kept.below, seen.below), max(kept.last, seen.last)
        self._now.clear()
        drafts.replace(self._path, _dump(self._before))


def _read_seq(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_SEQ) or text.startswith("0"):
        raise RowRefused("seq is not a whole number")
    return int(text)


def _dump(streams: dict[tuple[str, str], SeenSeqs]) -> str:
    orgs: dict[str, dict[str, Any]] = {}
    for (org, stream), seen in sorted(streams.items()):
        blocks = {str(block): f"{bits:x}" for block, bits in sorted(seen.blocks.items())}
        orgs.setdefault(org, {})[stream] = {"last": seen.last, "below": seen.below, "blocks": blocks}
    return json.dumps({"format": FORMAT, "version": 1, "block": _BLOCK, "orgs": orgs}, indent=1) + "\n"


def _load(path: Path) -> dict[tuple[str, str], SeenSeqs]:
    try:
        content = json.loads(files.read_small(path))
        if (content["format"], content["version"], content["block"]) != (FORMAT, 1, _BLOCK):
            raise ValueError
        return {
            (org, stream): _load_stream(entry)
            for org, streams in content["orgs"].items()
            for stream, entry in streams.items()
        }
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ToolError(f"{path} is not a state file of proca-org, or it is damaged; name another one.") from error


def _load_stream(entry: dict[str, Any]) -> SeenSeqs:
    seen = SeenSeqs()
    seen.below, seen.last = int(entry["below"]), int(entry["last"])
    for block, bits in entry["blocks"].items():
        seen.join(int(block), int(bits, 16) & (1 << _BLOCK) - 1)
    return seen
