"""Whether a name is really a link: mail programs and phones make one of whatever looks like a host."""

import re
import unicodedata

from proca_web.domain.people.countries import COUNTRIES

_SURELY = re.compile(r"(?i)://|\bwww\.")
_DOTTED = re.compile(r"([\w-]+)\.(?=([^\W\d_]{2,}))")
# Endings that make a link in capitals too, also behind a single letter: x.com is a host, J.Smith is not.
_ENDINGS = frozenset(
    re.findall(
        r"\w+",
        "com net org info biz xyz online shop site store top club app dev vip icu website tech blog cloud link click "
        "buzz news email agency casino bet porn sex xxx mobi edu gov mil int aero coop museum onion example test "
        "рф укр бел срб онлайн сайт",
    )
)
_COUNTRY_ENDINGS = frozenset(code.lower() for code in COUNTRIES) | {"uk", "eu", "su", "ac"}


def holds_link(text: str) -> bool:
    """Whether a text holds a web address; `St.John`, `Ma.Teresa` and `J.Smith` are names, `Evil.Com` is not."""
    bare = text if text.isascii() else _bare(text)
    if _SURELY.search(bare):
        return True
    return any(_is_host(before, after) for before, after in _DOTTED.findall(bare))


def _bare(text: str) -> str:
    # Vowel signs and the like are marks on letters: a word is as long as its letters are many.
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c)[0] not in "MC")


def _is_host(before: str, after: str) -> bool:
    ending = after.casefold()
    if ending in _ENDINGS:
        return True
    if len(before) == 1:  # an initial
        return False
    # A capital after the dot begins the next name of somebody in a hurry.
    return ending in _COUNTRY_ENDINGS or not after[0].isupper()
