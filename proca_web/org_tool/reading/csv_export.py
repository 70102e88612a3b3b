"""Reading the CSV export. A line is a row: no field of an export holds a raw line break, so lines are split fast."""

import csv
from collections.abc import Callable, Iterable, Iterator

from proca_web.domain.rows.export_columns import ENCRYPTED, END, ExportRow
from proca_web.org_tool.errors import ToolError
from proca_web.org_tool.reading import spreadsheets
from proca_web.org_tool.reading.completeness import Completeness, rows_of
from proca_web.org_tool.reading.lines import ENDLESS, REQUIRED, Damaged, is_endless

Entry = tuple[int, ExportRow | Damaged]
Arrange = Callable[[list[str]], tuple[str, ...]]
_TYPE = ENCRYPTED.index("action_type")
SET_ASIDE = "reason"  # the column a quarantine has before those of the export


def read_header(line: bytes, source: str) -> list[str]:
    """The column names of the first line. Raises ToolError when this is not an encrypted export."""
    saved = spreadsheets.saved_again(line)
    if saved is not None:
        raise ToolError(f"{source}: a spreadsheet has saved this file again ({saved}); {spreadsheets.AGAIN}.")
    try:
        names = split(line.decode("utf-8-sig").rstrip("\r\n"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ToolError(f"{source}: this is not an encrypted export: its first line is no CSV header.") from error
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        shown = ", ".join(missing[:5]) + (", …" if len(missing) > len(missing[:5]) else "")
        raise ToolError(f"{source}: this is not an encrypted export: columns are missing in its header ({shown}).")
    if len(set(names)) != len(names):
        raise ToolError(f"{source}: a column stands twice in the header; use the export as it was downloaded.")
    return names


def rows(lines: Iterable[tuple[int, bytes]], header: list[str], whole: Completeness) -> Iterator[Entry]:
    """Each line with its number, as an ExportRow or as Damaged; unknown columns are passed over.

    `whole` hears of every row and of the mark at the end. Rows that were set aside have none, they were never sent.
    """
    width, arrange = len(header), _arrangement(header)
    for number, raw in lines:
        line = raw.rstrip(b"\r\n")
        if not line:
            continue
        entry = ENDLESS if is_endless(raw) else _entry(line, width, arrange)
        if entry is None:
            continue
        if isinstance(entry, Damaged) and entry.cells[_TYPE : _TYPE + 1] == (END,):
            whole.mark(None)
            continue
        if isinstance(entry, ExportRow) and entry.is_end:
            whole.mark(rows_of(entry.custom_fields))
            continue
        whole.row(entry.seq if isinstance(entry, ExportRow) else "")
        yield number, entry
    if SET_ASIDE not in header:
        whole.end()


def _entry(line: bytes, width: int, arrange: Arrange) -> ExportRow | Damaged | None:
    """A line as a row; None: it is one of the empty rows that spreadsheets leave behind."""
    try:
        cells = split(line.decode())
    except (UnicodeDecodeError, csv.Error) as error:
        utf_8 = isinstance(error, csv.Error)
        reason = "the line is cut, or its quotes are broken" if utf_8 else "the line is not UTF-8"
        return Damaged(reason, arrange(_fit(line.decode(errors="replace").split(","), width)))
    if len(cells) == width:
        return ExportRow._make(arrange(cells)) if any(cells) else None
    reason = "the line is cut" if len(cells) < width else "the line has more cells than columns"
    return Damaged(reason, arrange(_fit(cells, width)))


def split(line: str) -> list[str]:
    """The cells of one line. Raises csv.Error for quotes that do not close."""
    # The csv module walks through a payload of 1,400 characters one by one; a line without quotes need not wait for it.
    return line.split(",") if '"' not in line else next(csv.reader([line], strict=True))


def _fit(cells: list[str], width: int) -> list[str]:
    return [*cells[:width], *[""] * (width - len(cells))]


def _arrangement(header: list[str]) -> Arrange:
    """What brings a line's cells into the order of ENCRYPTED; a column the file lacks becomes empty."""
    if tuple(header) == ENCRYPTED:
        return tuple
    places = [header.index(name) if name in header else None for name in ENCRYPTED]
    return lambda cells: tuple("" if place is None else cells[place] for place in places)
