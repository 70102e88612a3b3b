"""What in a public comment would let strangers reach somebody: a mail address, or a telephone number.

Numbers of laws, books and people, dates and degrees are none. What is found is never repeated.
"""

import re

from proca_web.domain.people import characters

_ADDRESS = re.compile(r"[\w.+'-]@\w")
# Long runs of digits that are no telephone numbers: books, years, dates, hours, numbers in thousands.
_OTHERS = re.compile(
    r"\bISBN(?:-1[03])?:?\s*[\dX](?:[ -]?[\dX]){9,12}"
    r"|(?<![\d./-])(?:19|20)\d\d(?:-\d\d-\d\d| ?[/-] ?(?:19|20)\d\d)(?![\d./-])"
    r"|(?<![\d./])\d\d?([./-])\d\d?\1(?:19|20)\d\d(?!\d)"
    r"|(?<![\d./-])\d\d?([./-])\d\d?\2\d\d(?![./-]?\d)"
    r"|(?<!\d)[0-2]?\d[.:][0-5]\d ?- ?[0-2]?\d[.:][0-5]\d(?![./-]?\d)"
    r"|(?<![\d.,+])[1-9]\d{0,2}(?:(?:\.\d{3}){2,}|(?:,\d{3}){2,}|(?: 000){2,})(?!\d)",
    re.IGNORECASE,
)
_GAP = r"[ ()./-]{0,3}"
# As numbers are written for others to dial: from abroad, from another town, or as in North America.
_DIALLED = re.compile(
    rf"(?<!\d)(?<!\d[ .,/:-])(?:\+{_GAP}[1-9]|0(?![.,]))(?:{_GAP}\d){{7,}}"
    r"|(?<![\d.,/-])(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[.-]\d{4}(?![\d-])"
)
# Without a 0 or + in front, the word before it says what a number is.
_NAMED = re.compile(
    r"\b(?:tel|telefon|telephone|téléphone|teléfono|telefono|phone|fon|call|ring|mobile|mobil|cell|handy|sms|whatsapp"
    rf"|viber|signal|fax)\b[^\d\n]{{0,12}}\d(?:{_GAP}\d){{6,}}",
    re.IGNORECASE,
)


def holds_address(text: str) -> bool:
    """Whether it holds what looks like a mail address."""
    return _ADDRESS.search(characters.plain(text)) is not None


def holds_telephone(text: str) -> bool:
    """Whether it holds what looks like a telephone number: +49 30 1234567, 030 1234567, or "call 12 34 56 78"."""
    rest = _OTHERS.sub("x", characters.plain(text))
    return (_DIALLED.search(rest) or _NAMED.search(rest)) is not None
