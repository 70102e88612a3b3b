"""What the address of a form says of a signature: four short words on where it came from, and whether it is a test.

Anybody can write such an address, and its words stand in files that people open with a spreadsheet: what a spreadsheet
could split or run does not come in.
"""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

UTM = ("source", "medium", "campaign", "content")
LONGEST = 64
_KEPT = frozenset(" _-.~:/")
_FORMULA_SIGNS = " =+-@＝＋－＠﹦﹢﹣﹫"


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came to the form. No referrer is kept, only the words its query has for campaigns."""

    utm: Mapping[str, str]
    testing: bool


def read_arrival(query: Mapping[str, str], referrer: str, ours: Collection[str]) -> Arrival:
    """The form's own query says it; where that names no source, the page it was sent from does, if its host is ours."""
    named = any(name.startswith("utm_") for name in query)
    return Arrival(read_utm(query if named else _query_of(referrer, ours)), is_testing(query))


def is_testing(query: Mapping[str, str]) -> bool:
    """Whether a form with this query makes a signature that is not counted."""
    return query.get("testing") in ("1", "true", "yes")


def read_utm(query: Mapping[str, str]) -> dict[str, str]:
    """Four words: letters, digits, space and `_ - . ~ : /`, at most 64 characters each; others become `_`."""
    return {name: _short(query.get(f"utm_{name}", "")) for name in UTM}


def _query_of(referrer: str, ours: Collection[str]) -> dict[str, str]:
    try:
        address = urlsplit(referrer)
        query = parse_qs(address.query) if address.netloc and address.netloc in ours else {}
    except ValueError:  # a header can hold anything
        return {}
    return {name: values[0] for name, values in query.items()}


def _short(typed: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in typed)
    words = " ".join(text.split()).lstrip(_FORMULA_SIGNS)[:LONGEST].strip()
    return "".join(character if _is_word(character) else "_" for character in words)


def _is_word(character: str) -> bool:
    # A mark is the rest of the letter before it, as Hindi and Thai write them.
    return character.isalnum() or character in _KEPT or unicodedata.category(character).startswith("M")
