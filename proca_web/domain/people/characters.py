"""Characters before any rule: what nobody can see is taken away, what only looks alike becomes the usual character.

Letters of people's own languages stay as they are. Nothing here refuses anything.
"""

import re
import unicodedata

# Default_Ignorable_Code_Point (UAX 44), the annotation characters, and the place holder that dictation leaves behind.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# No database and no mail takes these: NUL, lone surrogates, and code points that never become characters.
_NO_TEXT = re.compile(
    "[\0\ud800-\udfff\ufdd0-\ufdef" + "".join(chr(p << 16 | 0xFFFE) + chr(p << 16 | 0xFFFF) for p in range(17)) + "]"
)
# Flags of England, Scotland and Wales: a black flag spelt out in tag characters (UTS 51, ED-14a, RGI).
_FLAG = re.compile(
    "\U0001f3f4(?:{})".format(
        "|".join(
            "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
            for region in ("gbeng", "gbsct", "gbwls")
        )
    )
)
JOINERS = "\u200c\u200d"
_VARIANTS = "\ufe0e\ufe0f"
_KEYCAP = "\u20e3"
_KEYS = frozenset("0123456789#*")
# Blocks of the scripts whose letters change shape where they are joined: Arabic, those of India and their neighbours.
_SHAPING = ((0x0600, 0x109F), (0x1700, 0x1CFF), (0xA800, 0xABFF), (0x10A00, 0x11FFF), (0x1E900, 0x1E95F))
# What takes part in emoji though it is no symbol by category: ℹ ‼ ⁉ 〰 and the tones of skin.
_ALSO_EMOJI = frozenset("\u2139\u203c\u2049\u3030\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"), "-")
# What keyboards and word processors make of an apostrophe, a dot or a dash; ’ is the apostrophe in print and stays.
_NAME_MARKS = _DASHES | {
    **dict.fromkeys(map(ord, "`´‘‛′‵ʹ՚\u1fbf\u1fbd\u1ffe\u0384＇"), "'"),
    **dict.fromkeys(map(ord, "•∙⋅‧"), "·"),
    **{ord("．"): ".", ord("，"): ",", ord("／"): "/", ord("："): ":"},
}


def is_text(typed: str) -> bool:
    """Whether a database and a mail can hold it: no NUL, lone surrogate or code point that is no character."""
    return _NO_TEXT.search(typed) is None


def visible(typed: str) -> str:
    """NFC, without what nobody can see. Joiners stay between letters they shape, and whatever makes up an emoji."""
    text = unicodedata.normalize("NFC", typed)
    if not _UNSEEN.search(text):
        return text
    kept: list[str] = []
    start = 0
    for flag in _FLAG.finditer(text):
        _keep_visible(text[start : flag.start()], kept)
        kept.append(flag[0])
        start = flag.end()
    _keep_visible(text[start:], kept)
    return unicodedata.normalize("NFC", "".join(kept))


def usual_marks(text: str) -> str:
    """A name with the usual apostrophe, dash and dot for those that only look alike."""
    return text.translate(_NAME_MARKS)


def plain(text: str) -> str:
    """Full-width letters, dashes and the digits of any script in ASCII: for numbers, codes and addresses."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKC", text.translate(_DASHES))
    return "".join(_digit(character) for character in folded)


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _keep_visible(text: str, kept: list[str]) -> None:
    after, nexts = "", []
    for character in reversed(text):
        nexts.append(after)
        after = after if _UNSEEN.match(character) else character
    for place, (character, following) in enumerate(zip(text, reversed(nexts), strict=True)):
        is_keycap = text.startswith(_KEYCAP, place + 1)
        if not _UNSEEN.match(character) or _has_a_part(character, kept[-1] if kept else "", following, is_keycap):
            kept.append(character)


def _has_a_part(character: str, before: str, after: str, is_keycap: bool) -> bool:
    """Whether an unseen character changes what is seen: it joins letters, joins emoji, or says how one looks."""
    if character in _VARIANTS:
        return is_keycap if before in _KEYS else _is_emoji(before)
    if character not in JOINERS:
        return False
    if _is_shaped(before):
        return _is_shaped(after)
    return character == "\u200d" and (_is_emoji(before) or before == "\ufe0f") and _is_emoji(after)


def _is_emoji(character: str) -> bool:
    if not character or character.isascii():
        return False
    # Emoji newer than our Unicode tables count as unassigned; their blocks are known.
    is_symbol = unicodedata.category(character) in ("So", "Sm") or 0x1F000 <= ord(character) <= 0x1FBFF
    return is_symbol or character in _ALSO_EMOJI


def _is_shaped(character: str) -> bool:
    return (
        bool(character)
        and unicodedata.category(character)[0] in "LM"
        and any(first <= ord(character) <= last for first, last in _SHAPING)
    )
