"""How each language sorts: CLDR's root order for letters with marks, and what a language puts elsewhere.

Enough for lists of names in the languages of Europe; a library with all of UTS 10 would weigh more than the pages.
"""

import unicodedata
from collections.abc import Callable

Key = tuple[tuple[tuple[int, int], ...], str]

# "c<č" puts č behind all words with c; "d<dž<đ" first dž, then đ; "ä=æ" sorts æ as ä.
_TAILORED = {
    "az": "c<ç e<ə g<ğ h<x<ı k<q o<ö s<ş u<ü",
    "be": "е=ё и<і у<ў",
    "bs": "c<č<ć d<dž<đ l<lj n<nj s<š z<ž",
    "cs": "c<č h<ch r<ř s<š z<ž",
    "cy": "c<ch d<dd f<ff g<ng l<ll p<ph r<rh t<th",
    "da": "z<æ<ø<å æ=ä ø=ö å=aa y=ü",
    "eo": "c<ĉ g<ĝ h<ĥ j<ĵ s<ŝ u<ŭ",
    "es": "n<ñ",
    "et": "s<š<z<ž w<õ<ä<ö<ü",
    "fi": "z<å<ä<ö ä=æ ö=ø",
    "hr": "c<č<ć d<dž<đ l<lj n<nj s<š z<ž",
    "hu": "c<cs d<dz<dzs g<gy l<ly n<ny o<ö s<sz t<ty u<ü z<zs ö=ő ü=ű",
    "is": "a<á d<ð e<é i<í o<ó u<ú y<ý z<þ<æ<ö<å æ=ä ö=ø",
    "lt": "c<č i=y s<š z<ž",
    "lv": "a<ā c<č e<ē g<ģ i<y<ī k<ķ l<ļ n<ņ o<ō r<ŗ s<š u<ū z<ž",
    "mk": "д<ѓ з<ѕ и<ј л<љ н<њ т<ќ ч<џ",
    "mt": "b<ċ f<ġ g<għ h<ħ y<ż",
    "pl": "a<ą c<ć e<ę l<ł n<ń o<ó s<ś z<ź<ż",
    "ro": "a<ă<â i<î s<ș t<ț ș=ş ț=ţ",
    "ru": "е=ё",
    "sk": "a<ä c<č h<ch o<ô s<š z<ž",
    "sl": "c<č<ć d<đ s<š z<ž",
    "sq": "c<ç d<dh e<ë g<gj l<ll n<nj r<rr s<sh t<th x<xh z<zh",
    "sr": "д<ђ и<ј л<љ н<њ т<ћ ч<џ",
    "sv": "z<å<ä<ö ä=æ ö=ø y=ü",
    "tr": "c<ç g<ğ h<ı o<ö s<ş u<ü",
    "uk": "г<ґ е<є и<і<ї",
}
_TAILORED |= dict.fromkeys(("nb", "nn", "no", "fo", "kl"), _TAILORED["da"])
_TAILORED |= dict.fromkeys(("sh", "sr_Latn"), _TAILORED["hr"])
# Letters that Unicode does not take apart and the root order sorts as others.
_ROOT = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h"}
_ROOT |= {"ı": "i", "ə": "e", "ς": "σ"}
_BEFORE_LETTERS = " _-–—,;:!?.'’‘\"“”()[]{}@*/\\&#%"


def key(tag: str) -> Callable[[str], Key]:
    """The sort key of a language: letters first, then the marks on them, then capitals."""
    rules = _rules(_TAILORED.get(tag.replace("-", "_"), "") or _TAILORED.get(tag.replace("-", "_").split("_")[0], ""))
    dotless = tag[:2] in ("tr", "az")
    return lambda text: _key(text, rules, dotless)


def _rules(tailored: str) -> dict[str, tuple[int, int]]:
    rules: dict[str, tuple[int, int]] = {}
    for rule in tailored.split():
        if "=" in rule:
            letter, same = rule.split("=")
            rules[same] = rules.get(letter, (ord(letter), 0))
            continue
        base, *behind = rule.split("<")
        rules |= {letter: (ord(base), step) for step, letter in enumerate(behind, 1)}
    return rules


def _key(text: str, rules: dict[str, tuple[int, int]], dotless: bool) -> Key:
    lower = text.replace("I", "ı").replace("İ", "i").lower() if dotless else text.lower()
    lower = unicodedata.normalize("NFC", lower)
    weights: list[tuple[int, int]] = []
    place = 0
    while place < len(lower):
        length = next((n for n in (3, 2, 1) if lower[place : place + n] in rules), 0)
        part = lower[place : place + (length or 1)]
        weights += [rules[part]] if length else _root(part)
        place += len(part)
    return tuple(weights), f"{unicodedata.normalize('NFD', lower)} {text.swapcase()}"


def _root(character: str) -> list[tuple[int, int]]:
    if character in _BEFORE_LETTERS:
        return [(0, _BEFORE_LETTERS.index(character))]
    if "\u02b0" <= character <= "\u02ff":  # ʼ and the like count for nothing
        return []
    if not character.isalnum():
        return [(0, ord(character))]
    base = unicodedata.normalize("NFD", character)[0]
    # Beyond Latin and Greek a letter with a mark is a letter of its own.
    return [(ord(letter), 0) for letter in _ROOT.get(character, base if ord(base) < 0x400 else character)]
