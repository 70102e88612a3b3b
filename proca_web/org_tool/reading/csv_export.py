"""Reading the CSV export. A line is a row: no field of an export holds a raw line break, so lines are split fast."""

import csv
from collections.abc import Callable, Iterable, Iterator

from proca_web.domain.rows.export_columns import ENCRYPTED, ExportRow
from proca_web.org_tool.errors import ToolError
from proca_web.org_tool.reading.lines import ENDLESS, REQUIRED, Damaged, is_endless

Entry = tuple[int, ExportRow | Damaged]


def read_header(line: bytes, source: str) -> list[str]:
    """The column names of the first line. Raises ToolError when this is not an encrypted export."""
    try:
        names = split(line.decode("utf-8-sig").rstrip("\r\n"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ToolError(f"{source}: this is not an encrypted export: its first line is no CSV header.") from error
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise ToolError(_not_ours(source, names, missing))
    if len(set(names)) != len(names):
        raise ToolError(f"{source}: a column stands twice in the header; use the export as it was downloaded.")
    return names


def _not_ours(source: str, names: list[str], missing: list[str]) -> str:
    if len(names) == 1 and ";" in names[0]:
        return f"{source}: a spreadsheet saved this file with semicolons; use the export as it was downloaded."
    shown = ", ".join(missing[:5]) + (", …" if len(missing) > len(missing[:5]) else "")
    return f"{source}: this is not an encrypted export: columns are missing in its header ({shown})."


def rows(lines: Iterable[tuple[int, bytes]], header: list[str]) -> Iterator[Entry]:
    """Each line with its number, as an ExportRow or as Damaged; unknown columns are passed over."""
    width, arrange = len(header), _arrangement(header)
    for number, raw in lines:
        line = raw.rstrip(b"\r\n")
        if not line:
            continue
        if is_endless(raw):
            yield number, ENDLESS
            continue
        try:
            cells = split(line.decode())
        except UnicodeDecodeError:
            cells = line.decode(errors="replace").split(",")
            yield number, Damaged("the line is not UTF-8", arrange(_fit(cells, width)))
        except csv.Error:
            cells = line.decode(errors="replace").split(",")
            yield number, Damaged("the line is cut, or its quotes are broken", arrange(_fit(cells, width)))
        else:
            if len(cells) == width:
                yield number, ExportRow._make(arrange(cells))
            else:
                reason = "the line is cut" if len(cells) < width else "the line has more cells than columns"
                yield number, Damaged(reason, arrange(_fit(cells, width)))


def split(line: str) -> list[str]:
    """The cells of one line. Raises csv.Error for quotes that do not close."""
    # The csv module walks through a payload of 1,400 characters one by one; a line without quotes need not wait for it.
    return line.split(",") if '"' not in line else next(csv.reader([line], strict=True))


def _fit(cells: list[str], width: int) -> list[str]:
    return [*cells[:width], *[""] * (width - len(cells))]


def _arrangement(header: list[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """What brings a line's cells into the order of ENCRYPTED; a column the file lacks becomes empty."""
    if tuple(header) == ENCRYPTED:
        return tuple
    places = [header.index(name) if name in header else None for name in ENCRYPTED]
    return lambda cells: tuple("" if place is None else cells[place] for place in places)
