"""The opened rows as a file: CSV with the formula guard, or NDJSON with the exact text. Whole lines only."""

import json
import sys
from pathlib import Path
from typing import Protocol

from proca_web.domain.rows.csv_lines import csv_line
from proca_web.domain.rows.export_columns import DECRYPTED, DecryptedRow
from proca_web.domain.rows.formula import guard
from proca_web.org_tool.drafts import Draft

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Format(Protocol):
    """How rows look: what stands before the first one, and one row's line."""

    header: bytes

    def render(self, row: DecryptedRow) -> bytes:
        """A row as a line."""


class CsvFormat:
    """RFC 4180 in UTF-8; with `excel` a byte-order mark first, without which Excel misreads accents."""

    def __init__(self, *, excel: bool = False) -> None:
        self.header = (b"\xef\xbb\xbf" if excel else b"") + csv_line(DECRYPTED).encode()

    def render(self, row: DecryptedRow) -> bytes:
        """A row as a CSV line, guarded against formulas."""
        return csv_line(guard(row)).encode()


class NdjsonFormat:
    """One JSON object a line, the columns' names as its members, every value the exact text."""

    header = b""

    def render(self, row: DecryptedRow) -> bytes:
        """A row as a JSON line."""
        return _JSON.encode(row._asdict()).encode() + b"\n"


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
