"""Spreadsheets run a cell that begins like a formula; here such a cell gets an apostrophe (design 7)."""

import re
from collections.abc import Iterable

_STARTS = frozenset("=+-@＝＋－＠\t\r\n")
_PHONE = re.compile(r"[+0-9 ()-]+")
_PHONE_OR_BASE64URL = re.compile(rf"{_PHONE.pattern}|[A-Za-z0-9_-]+")


def guard(cells: Iterable[str]) -> list[str]:
    """The cells as a spreadsheet may safely show them; a telephone number stays as it is."""
    return _guard(cells, _PHONE)


def guard_sealed(cells: Iterable[str]) -> list[str]:
    """The same for a row that was not opened: its keys and payloads may begin with a dash, and stay as they are."""
    return _guard(cells, _PHONE_OR_BASE64URL)


def _guard(cells: Iterable[str], harmless: re.Pattern[str]) -> list[str]:
    return ["'" + cell if cell and cell[0] in _STARTS and not harmless.fullmatch(cell) else cell for cell in cells]
