"""Reading an opened copy on the org's premises: every plaintext counts as hostile, a browser may have written it.

The rules are protocol 3's; one broken rule sets aside that row and nothing else. Never shows what a copy holds.
"""

import json
import unicodedata
from types import NoneType
from typing import Any

from proca_web.domain.rows.plaintext import ADDRESS_NAMES, BUCKETS, PROCA_NAMES

MOST_MEMBERS = 64
DEEPEST = 3
LONGEST_TEXT = 2000
_PLAIN = {str, bool, NoneType, dict}
_PLAIN_META = {*_PLAIN, int}
_NOTHING: dict[str, Any] = {}
_PLAIN_JSON = json.JSONDecoder()


class PlaintextRefused(ValueError):
    """An opened copy breaks the rules of protocol 3; the message names the rule and shows nothing of the content."""


def read(plaintext: bytes) -> dict[str, Any]:
    """Parse an opened copy. Raises PlaintextRefused for anything protocol 3 does not allow, RecursionError included."""
    if len(plaintext) > BUCKETS[-1]:
        raise PlaintextRefused("longer than 8 KiB")
    try:
        text = plaintext.rstrip(b" ").decode("utf-8")
        content = _read_plain(text)
        if content is not None:
            return content
        content = _JSON.decode(text)
    except PlaintextRefused:
        raise
    except UnicodeDecodeError as error:
        raise PlaintextRefused("not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise PlaintextRefused("not JSON") from error
    if not isinstance(content, dict):
        raise PlaintextRefused("not one JSON object")
    if _count(content, 1) > MOST_MEMBERS:
        raise PlaintextRefused("more than 64 members")
    # Short, printable and without escapes as a whole: then every text in it is. Nearly all copies are.
    if len(text) > LONGEST_TEXT or "\\" in text or not text.isprintable():
        _check_texts(content, "")
    return content


def _read_plain(text: str) -> dict[str, Any] | None:
    """The quick way for what nearly all copies are: short, printable, without escapes, `_meta` and address in it.

    Then `":` stands once for each member, so that a name that stands twice shows in the count; and what holds for the
    text as a whole holds for every text in it. None: take the long way, which says what is wrong.
    """
    if len(text) > LONGEST_TEXT or "\\" in text or not text.isprintable():
        return None
    try:
        content, end = _PLAIN_JSON.raw_decode(text)
    except ValueError:
        return None
    if end != len(text) or type(content) is not dict:
        return None
    meta, address = content.get("_meta"), content.get("address", _NOTHING)
    if type(meta) is not dict or type(address) is not dict or text.count("{") != (3 if address else 2):
        return None
    members = len(content) + len(meta) + len(address)
    own = [*map(type, meta.values())]
    plain = (
        members <= MOST_MEMBERS
        and members == text.count('":')
        and _PLAIN.issuperset(map(type, content.values()))
        and _PLAIN.issuperset(map(type, address.values()))
        and own.count(int) == 1
        and type(meta.get("v")) is int
        and meta["v"] == 1
        and _PLAIN_META.issuperset(own)
    )
    return content if plain else None


def fields(content: dict[str, Any]) -> dict[str, str]:
    """The contact of an opened copy under our field names: `contact_json` the other way round.

    A field that is missing or null is left out. Raises PlaintextRefused when a known field is not text.
    """
    address = content.get("address")
    if address is None:
        return _texts(content, PROCA_NAMES)
    if not isinstance(address, dict):
        raise PlaintextRefused("the address is not an object")
    return _texts(content, PROCA_NAMES) | _texts(address, ADDRESS_NAMES)


def _texts(content: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    texts = {}
    for ours, theirs in names.items():
        value = content.get(theirs)
        if isinstance(value, str):
            texts[ours] = value
        elif value is not None:
            raise PlaintextRefused(f"{theirs} is not text")
    return texts


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise PlaintextRefused("a name stands twice")
    return members


def _no_constant(_: str) -> Any:
    raise PlaintextRefused("a number that is no number")


def _count(members: dict[str, Any] | list[Any], depth: int) -> int:
    """The number of members in an object or list and below; refuses depth and numbers that no reader agrees on."""
    if depth > DEEPEST:
        raise PlaintextRefused("nested deeper than 3")
    count = len(members)
    for item in members.values() if isinstance(members, dict) else members:
        if isinstance(item, str) or item is None:
            continue
        if isinstance(item, (dict, list)):
            count += _count(item, depth + 1)
        elif not -(2**53) <= item <= 2**53:
            raise PlaintextRefused("a number out of range")
    return count


def _check_texts(value: Any, name: str) -> None:
    """Check every text below `value`, which stands under `name`; members' names are texts too."""
    if isinstance(value, str):
        check_text(value, newline=name == "comment")
    elif isinstance(value, list):
        for item in value:
            _check_texts(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(key, newline=False)
            _check_texts(item, key)


_JSON = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)


def check_text(text: str, *, newline: bool) -> None:
    """Refuse a text of over 2,000 characters, with a lone surrogate or a control character (PlaintextRefused)."""
    if len(text) > LONGEST_TEXT:
        raise PlaintextRefused("a text longer than 2,000 characters")
    if text.isprintable():
        return
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            raise PlaintextRefused("a lone surrogate")
        if category == "Cc" and not (newline and character == "\n"):
            raise PlaintextRefused("a control character")
