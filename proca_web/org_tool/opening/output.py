"""The opened rows as a file: CSV with the formula guard, or NDJSON with the exact text. Whole lines only."""

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from proca_web.domain.rows.export_columns import DECRYPTED
from proca_web.domain.rows.formula import guard_all
from proca_web.org_tool.files import Draft

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Format(Protocol):
    """How rows look: what stands before the first one, and one row's line."""

    header: bytes

    def render(self, cells: Sequence[str]) -> bytes:
        """A row, its cells in DECRYPTED order, as a line."""


class _Line:
    """What csv.writer writes to: hands the line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


class CsvFormat:
    """RFC 4180 in UTF-8; with `excel` a byte-order mark first, without which Excel misreads accents."""

    def __init__(self, *, excel: bool = False) -> None:
        self._writer = csv.writer(_Line(), lineterminator="\r\n")
        self.header = (b"\xef\xbb\xbf" if excel else b"") + self.render(DECRYPTED)

    def render(self, cells: Sequence[str]) -> bytes:
        """A row as a CSV line, guarded against formulas."""
        guarded = guard_all(cells)
        line = ",".join(guarded)
        if line.count(",") < len(cells) and not ('"' in line or "\r" in line or "\n" in line):
            return f"{line}\r\n".encode()  # the csv module would say the same, and look at every character for it
        quoted: str = self._writer.writerow(guarded)
        return quoted.encode()


class NdjsonFormat:
    """One JSON object a line, the columns' names as its members, every value the exact text."""

    header = b""

    def render(self, cells: Sequence[str]) -> bytes:
        """A row as a JSON line."""
        row = dict(zip(DECRYPTED, cells, strict=True))
        return _JSON.encode(row).encode() + b"\n"


class Output:
    """Where opened rows go: a file that appears whole at the end, or standard output (`path` None)."""

    def __init__(self, path: Path | None, form: Format) -> None:
        self.render = form.render
        self._header: bytes | None = form.header
        self._draft = Draft(path) if path is not None else None
        self._stdout = sys.stdout.buffer
        self._write = self._draft.write if self._draft is not None else self._stdout.write

    def write(self, line: bytes) -> None:
        """Add a line; the header goes before the first one, so that nothing is written when no row opens."""
        if self._header is not None:
            self._write(self._header)
            self._header = None
        self._write(line)

    def commit(self) -> None:
        """All rows are there: put the file in its place."""
        self.write(b"")
        if self._draft is not None:
            self._draft.commit()
        else:
            self._stdout.flush()

    def discard(self) -> None:
        """Leave no file; safe after `commit`."""
        if self._draft is not None:
            self._draft.discard()
