"""Rows that were set aside, each with its reason: a CSV file, or lines on stderr. Never holds anything decrypted."""

from pathlib import Path

import click

from proca_web.domain.rows.csv_lines import csv_line
from proca_web.domain.rows.export_columns import ENCRYPTED, ExportRow
from proca_web.domain.rows.formula import guard_json, guard_sealed
from proca_web.org_tool.drafts import Draft
from proca_web.org_tool.reading.lines import Damaged

_CUSTOM = ENCRYPTED.index("custom_fields")


class Quarantine:
    """Takes rows that were set aside; `path` None: their reasons go to stderr. No row, no file.

    The file has the encrypted rows' own columns after the reason, so it can be given to `decrypt` again.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._draft: Draft | None = None

    def add(self, source: str, number: int, entry: ExportRow | Damaged, reason: str) -> None:
        """Set a row aside; `number` is its line in `source`."""
        if self.path is None:
            click.echo(f"{source}, line {number}: {reason}", err=True)
            return
        if self._draft is None:
            self._draft = Draft(self.path)
            self._draft.write(_line(["reason", *ENCRYPTED]))
        self._draft.write(_line([reason, *_cells(entry)]))

    def commit(self) -> None:
        """Put the file in its place, if there is one."""
        if self._draft is not None:
            self._draft.commit()

    def discard(self) -> None:
        """Leave no file; safe after `commit`."""
        if self._draft is not None:
            self._draft.discard()


def _cells(entry: ExportRow | Damaged) -> list[str]:
    cells = entry.cells if isinstance(entry, Damaged) else entry
    # A raw line break would make two rows of one; the CSV export has none, an NDJSON message may.
    flat = [cell.replace("\r", " ").replace("\n", " ") for cell in cells]
    guarded = guard_sealed(flat)
    if len(flat) > _CUSTOM:  # JSON has escapes for it, so that the row can be opened later as it was
        guarded[_CUSTOM] = guard_json(flat[_CUSTOM])
    return guarded


def _line(cells: list[str]) -> bytes:
    return csv_line(cells).encode(errors="replace")
