"""Where a signature came from, as campaigns name it: four short words of the query, and no referrer."""

from collections.abc import Mapping

UTM = ("source", "medium", "campaign", "content")
LONGEST = 64


def read_utm(query: Mapping[str, str]) -> dict[str, str]:
    """`utm_source`, `_medium`, `_campaign`, `_content`: printable text on one line, at most 64 characters each."""
    return {name: _short(query.get(f"utm_{name}", "")) for name in UTM}


def _short(typed: str) -> str:
    text = "".join(character if character.isprintable() else " " for character in typed)
    return " ".join(text.split())[:LONGEST].strip()
