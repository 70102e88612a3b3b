"""Postcodes as people write them, brought to the form their country uses. Checked against that country only."""

import re

# A country's postcode, ~ where it is broken in two; and the mark that is written there.
_SHAPES = {
    "AT": (r"(\d{4})", ""),
    "BE": (r"(\d{4})", ""),
    "BG": (r"(\d{4})", ""),
    "CA": (r"([A-Z]\d[A-Z])~(\d[A-Z]\d)", " "),
    "CH": (r"(\d{4})", ""),
    "CZ": (r"(\d{3})~(\d{2})", " "),
    "DE": (r"(\d{5})", ""),
    "DK": (r"(\d{4})", ""),
    "EE": (r"(\d{5})", ""),
    "ES": (r"(\d{5})", ""),
    "FI": (r"(\d{5})", ""),
    "FR": (r"(\d{5})", ""),
    "GB": (r"([A-Z]{1,2}\d[A-Z0-9]?|GIR)~(\d[A-Z]{2})", " "),
    "GR": (r"(\d{3})~(\d{2})", " "),
    "HR": (r"(\d{5})", ""),
    "HU": (r"(\d{4})", ""),
    "IE": (r"([A-Z]\d[0-9W])~([A-Z0-9]{4})", " "),
    "IT": (r"(\d{5})", ""),
    "JP": (r"(\d{3})~(\d{4})", "-"),
    "LU": (r"(\d{4})", ""),
    "NL": (r"(\d{4})~([A-Z]{2})", " "),
    "NO": (r"(\d{4})", ""),
    "PL": (r"(\d{2})~(\d{3})", "-"),
    "PT": (r"(\d{4})(?:~(\d{3}))?", "-"),
    "RO": (r"(\d{6})", ""),
    "SE": (r"(\d{3})~(\d{2})", " "),
    "SI": (r"(\d{4})", ""),
    "SK": (r"(\d{3})~(\d{2})", " "),
    "US": (r"(\d{5})(?:~(\d{4}))?", "-"),
}
_BREAK = "[./_,·-]?"
SHAPES = {
    country: (re.compile(pattern.replace("~", _BREAK), re.ASCII), mark) for country, (pattern, mark) in _SHAPES.items()
}
# Signs that stand before a postcode on letters from abroad, beside the two letters of the country.
_SIGNS = {
    "AT": "A",
    "BE": "B",
    "DE": "D",
    "EE": "EST",
    "ES": "E",
    "FI": "FIN",
    "FR": "F",
    "GB": "UK",
    "GR": "EL",
    "HU": "H",
    "IE": "IRL",
    "IT": "I",
    "JP": "〒",
    "LU": "L",
    "NO": "N",
    "PT": "P",
    "SE": "S",
    "SI": "SLO",
    "US": "USA",
}
_ANYWHERE = re.compile(r"[A-Z0-9][A-Z0-9 -]{0,9}")


def in_form(text: str, country: str) -> str | None:
    """An upper-case ASCII text as a postcode of the country, in its usual form; None where it is none."""
    if country not in SHAPES:
        return text if _ANYWHERE.fullmatch(text) else None
    pattern, mark = SHAPES[country]
    together = text.replace(" ", "")
    for prefix in ("", country, _SIGNS.get(country, "")):
        rest = re.sub(rf"^{prefix}{_BREAK}", "", together) if prefix else together
        found = pattern.fullmatch(rest)
        if found:
            return mark.join(part for part in found.groups() if part)
    return None
