"""Spreadsheets run a cell that begins like a formula; here such a cell gets an apostrophe (design 7)."""

import re
from collections.abc import Iterable

_STARTS = frozenset("=+-@＝＋－＠\t\r\n")
_PHONE = re.compile(r"[+0-9 ()-]+")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def guard(cell: str) -> str:
    """The cell as a spreadsheet may safely show it; a telephone number stays as it is."""
    if cell and cell[0] in _STARTS and not _PHONE.fullmatch(cell):
        return "'" + cell
    return cell


def guard_all(cells: Iterable[str]) -> list[str]:
    """A row of cells, each guarded."""
    return ["'" + cell if cell and cell[0] in _STARTS and not _PHONE.fullmatch(cell) else cell for cell in cells]


def guard_encrypted(cell: str) -> str:
    """As `guard`, but keys and payloads stay whole, though base64url may begin with a dash."""
    return cell if _BASE64URL.fullmatch(cell) else guard(cell)
