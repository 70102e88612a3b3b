"""Exports that a spreadsheet has saved again: told by what it does to a file, so that nobody suspects an attack."""

import re
from collections.abc import Callable

from proca_web.domain.rows.export_columns import ExportRow
from proca_web.org_tool.reading.lines import REQUIRED, Damaged

AGAIN = "download it again, and open it without a spreadsheet in between"
_TIMES = ("created_at", "given_at", "sign_key_not_before", "sign_key_not_after")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?", re.ASCII)
_YES_NO = ("testing", "repeat", "opt_in")
_WORDS = frozenset(("true", "false", "wahr", "falsch", "vrai", "faux", "verdadero", "falso", "prawda", "fałsz"))
_NUMBERS = ("seq", "action_id")
_NUMBER = re.compile(r"\d+([.,\u00a0\u202f' ]\d+)+|\d([.,]\d+)?E\+\d+", re.ASCII)


def saved_again(first_line: bytes) -> str | None:
    """How a spreadsheet wrote a file that begins so; None: no spreadsheet did, as far as this line shows."""
    if b"s\0e\0q" in first_line[:12]:
        return "as UTF-16"
    text = first_line.decode("utf-8-sig", errors="replace").strip("\r\n").lower()
    if re.fullmatch(r'"?sep=.?"?', text):
        return "with a line sep="
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if set(REQUIRED) <= {cell.strip('" ') for cell in text.split(separator)}:
            return f"with {name}"
    return None


def reason(row: ExportRow | Damaged) -> str | None:
    """Why a row fails that a spreadsheet has changed; None where nothing looks like one. Asked of failing rows only."""
    if isinstance(row, Damaged):
        return None
    for columns, is_changed in _SIGNS:
        for column in columns:
            if is_changed(getattr(row, column)):
                return f"a spreadsheet has saved this file again and changed {column}; {AGAIN}"
    return None


_SIGNS: tuple[tuple[tuple[str, ...], Callable[[str], object]], ...] = (
    (_TIMES, lambda text: any(map(str.isdigit, text)) and not _TIME.fullmatch(text)),
    (_YES_NO, lambda text: text not in ("true", "false", "") and text.lower() in _WORDS),
    (_NUMBERS, _NUMBER.fullmatch),
)
