"""What two people changed in one form: what each place was, what is saved now, what is typed. Pure.

What only one of them touched is merged; what both changed is theirs to choose between. Nothing is overwritten unseen.
"""

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_MARK_LENGTH = 10
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_COMPARED = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """One place, before and after."""

    place: str
    before: str
    after: str


@dataclass(frozen=True)
class Merged:
    """The form as both together leave it; where both changed a place it holds what is typed, until they choose."""

    typed: dict[str, str]
    both: list[Change] = field(default_factory=list)  # saved meanwhile → typed
    theirs: list[Change] = field(default_factory=list)  # typed without seeing it → saved meanwhile
    mine: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a text: in both versions, or in one of them."""

    text: str
    is_new: bool = False
    is_gone: bool = False


def marks(form: Mapping[str, str]) -> dict[str, str]:
    """A short mark of each place: what a form carries along, to know later what it began with."""
    return {place: _mark(text) for place, text in form.items()}


def merge(begun: Mapping[str, str], saved: Mapping[str, str], typed: Mapping[str, str]) -> Merged:
    """What is typed over what was saved meanwhile; `begun`: the marks of what the form began with."""
    merged = Merged(dict(typed))
    for place, mine in typed.items():
        theirs, mark = saved.get(place, ""), begun.get(place)
        if mine == theirs:
            continue
        if mark == _mark(mine):
            merged.typed[place] = theirs
            merged.theirs.append(Change(place, mine, theirs))
        elif mark == _mark(theirs):
            merged.mine.append(Change(place, theirs, mine))
        else:
            merged.both.append(Change(place, theirs, mine))
    return merged


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """The places that differ, in the order of the form."""
    return [
        Change(place, before.get(place, ""), text) for place, text in after.items() if text != before.get(place, "")
    ]


def pieces(before: str, after: str) -> list[Piece]:
    """Both texts in one row of pieces, by words; what is gone stands before what is new."""
    if len(before) + len(after) > _MOST_COMPARED:
        return [*_of(before, is_gone=True), *_of(after, is_new=True)]
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    found: list[Piece] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=len(old) > 2000).get_opcodes():
        if what == "equal":
            found += _of("".join(old[a:b]))
        else:
            found += [*_of("".join(old[a:b]), is_gone=True), *_of("".join(new[c:d]), is_new=True)]
    return found


def _of(text: str, *, is_new: bool = False, is_gone: bool = False) -> Iterator[Piece]:
    if text:
        yield Piece(text, is_new=is_new, is_gone=is_gone)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_LENGTH]
