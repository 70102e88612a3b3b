"""Rows as lines of CSV (RFC 4180). What any of the usual separators would split is quoted, not only at a comma."""

import re
from collections.abc import Sequence

# The csv module quotes for the one separator it writes; a spreadsheet may be set to another one.
_NEEDS_QUOTES = re.compile(r'[,;\t"\r\n]')
_SPECIAL = re.compile(r'[;\t"\r\n]')


def csv_line(cells: Sequence[str]) -> str:
    """The cells as one line with its CRLF."""
    joined = ",".join(cells)
    if joined and joined.count(",") < len(cells) and not _SPECIAL.search(joined):
        return f"{joined}\r\n"
    return ",".join(map(_quoted, cells)) + "\r\n" if joined else '""\r\n'


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell
