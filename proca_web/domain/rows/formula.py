"""Spreadsheets run what begins like a formula; here it gets an apostrophe before its sign (design 7).

A file that is split at another separator than the comma begins cells in the middle of ours: after each `;`, `|`, comma,
tab or line break, after spaces and quotes too. All of them are looked at, whatever the reader's separator is.
"""

import re
from collections.abc import Iterable

_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫"
_LIVE = re.compile(rf"(^|[;,|\t\r\n])([\s\"\u200b\ufeff]*)(?=[{_SIGNS}])")
_PLUS = ("+", "-")
_CONTROLS = ("\t", "\r", "\n")
_PHONE = re.compile(r"[+0-9 ()-]+")
_PHONE_OR_BASE64URL = re.compile(rf"{_PHONE.pattern}|[A-Za-z0-9_-]+")


def guard(cells: Iterable[str]) -> list[str]:
    """The cells as a spreadsheet may safely show them; a telephone number stays as it is."""
    return _guard(cells, _PHONE)


def guard_sealed(cells: Iterable[str]) -> list[str]:
    """The same for a row that was not opened: its keys and payloads may begin with a dash, and stay as they are."""
    return _guard(cells, _PHONE_OR_BASE64URL)


def guard_json(text: str) -> str:
    """JSON with `;`, `|`, tab and each sign that could begin a formula as escapes, which every JSON reader undoes."""
    live = _LIVE.sub(lambda found: f"{found[0]}\0", text)
    return re.sub("\0(.)", lambda found: f"\\u{ord(found[1]):04x}", escape_separators(live))


def escape_separators(json_text: str) -> str:
    """JSON whose texts hold no `;`, `|` and no tab, as in the encrypted CSV: no spreadsheet splits a cell there."""
    return json_text.replace(";", "\\u003b").replace("|", "\\u007c").replace("\t", "\\u0009")


def _guard(cells: Iterable[str], harmless: re.Pattern[str]) -> list[str]:
    row = [*cells]
    # Most rows hold nothing to look at twice, but a telephone number.
    joined = "\n".join(["" if cell.startswith(_PLUS) and harmless.fullmatch(cell) else cell for cell in row])
    if not (_LIVE.search(joined) or "\t" in joined or "\r" in joined or joined.count("\n") >= len(row)):
        return row
    return [cell if harmless.fullmatch(cell) else _defuse(cell) for cell in row]


def _defuse(cell: str) -> str:
    return ("'" if cell.startswith(_CONTROLS) else "") + _LIVE.sub(r"\1\2'", cell)
