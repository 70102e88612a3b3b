"""One typed value at a time: bring it into one form, or say what is wrong with it. Never echoes the value."""

import re
import unicodedata
from datetime import date

from email_validator import EmailNotValidError, validate_email

from proca_web.domain.messages import N_, Message
from proca_web.domain.people.countries import COUNTRIES, is_postcode

_MARKUP = re.compile(r"<\s*[a-zA-Z/!?]")
# A single letter before the dot is an initial (J.Smith), not a host.
_LINK = re.compile(r"(?i)://|\bwww\.|[\w-]\w\.[^\W\d_]{2,}")
_PHONE = re.compile(r"[+]?[0-9 ()-]+")
_PHONE_INSIDE = re.compile(r"\d(?:[ ()./-]{0,3}\d){7,}")
# Long runs of digits that are no telephone numbers: years, dates, round numbers.
_NO_PHONE = re.compile(
    r"\b(?:(?:19|20)\d\d(?:-\d\d-\d\d| ?[/–-] ?(?:19|20)\d\d)"
    r"|\d\d?[./]\d\d?[./](?:19|20)\d\d"
    r"|\d{1,3}(?:[ .,]000){2,})\b"
)
_EMAIL_FORBIDDEN = set(' ,;:"<>()[]\\')
_LONGEST_EMAIL = 254
_INVISIBLE = {"Cc", "Cf", "Cs", "Co"}
# Joiners are letters' parts in Persian and Indic names; every other invisible format character is refused.
_JOINERS = {"\u200c", "\u200d"}


class Refused(ValueError):
    """This value does not pass; `message` says what to do."""

    def __init__(self, text: str, **values: str | int) -> None:
        super().__init__(text)
        self.message = Message(text, values)


def clean(typed: str, *, longest: int, lines: bool = False) -> str:
    """NFC text without outer or doubled spaces. Refuses control characters, markup and too long a text."""
    # Most of what people type is plain; the rest takes the long way.
    text = " ".join(typed.split()) if typed.isascii() and typed.isprintable() else _normalise(typed, lines=lines)
    if len(text) > longest:
        raise Refused(N_("Please use at most %(longest)s characters."), longest=longest)
    if _MARKUP.search(text):
        raise Refused(N_("Please write plain text, without HTML."))
    return text


def _normalise(typed: str, *, lines: bool) -> str:
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n"))
    if not lines:
        text = text.replace("\n", " ")
    text = text.replace("\t", " ")
    if any(_is_invisible(character) for character in text if not (lines and character == "\n")):
        raise Refused(N_("Please remove the invisible control characters."))
    return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def _is_invisible(character: str) -> bool:
    # A letter or emoji newer than our Unicode tables counts as unassigned; only code points that never become one go.
    is_never_assigned = ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return is_never_assigned or (unicodedata.category(character) in _INVISIBLE and character not in _JOINERS)


def name(typed: str) -> str:
    """A person's name: letters of any script, spaces and , ' ’ . - ; no links, at most 64 characters."""
    text = clean(typed, longest=64)
    if not text:
        return text
    if _LINK.search("".join(character for character in text if not _is_mark(character))):
        raise Refused(N_("A name cannot hold a web address. If it holds none, please put a space after the dot."))
    if not text[0].isalpha() or not all(map(_is_name_part, text, " " + text)):
        raise Refused(N_("Please use letters, spaces and , ' . - only, beginning with a letter."))
    return text


def _is_name_part(character: str, before: str) -> bool:
    if character in _JOINERS:
        return unicodedata.category(before)[0] in "LM"
    return unicodedata.category(character)[0] in "LM" or character in " ,'’.-"


def _is_mark(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character)[0] == "M"


def email(typed: str) -> str:
    """One mail address, its domain in ASCII (IDNA). Refuses lists, quotes, comments and impossible domains."""
    text = typed.strip()
    if not text:
        return text
    if len(text) > _LONGEST_EMAIL or unicodedata.normalize("NFKC", text) != text or _EMAIL_FORBIDDEN & set(text):
        raise Refused(N_("Please write one e-mail address, like anna@example.org."))
    try:
        parsed = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise Refused(N_("Please write one e-mail address, like anna@example.org.")) from error
    address = f"{parsed.local_part}@{parsed.ascii_domain}"
    if len(address) > _LONGEST_EMAIL:
        raise Refused(N_("Please write one e-mail address, like anna@example.org."))
    return address


def phone(typed: str) -> str:
    """A telephone number as people write it, at most 20 characters."""
    text = clean(typed, longest=20)
    if text and not _PHONE.fullmatch(text):
        raise Refused(N_("Please use digits, spaces, + ( ) - only."))
    return text


def country(typed: str) -> str:
    """An ISO 3166-1 alpha-2 code."""
    text = typed.strip()
    text = text.upper() if text.isascii() else text
    if text and text not in COUNTRIES:
        raise Refused(N_("Please choose a country from the list."))
    return text


def postcode(typed: str, of_country: str | None) -> str:
    """A postcode in capitals; checked against its country's pattern only."""
    text = clean(typed, longest=10).upper()
    if text and not is_postcode(text, of_country):
        raise Refused(N_("This does not look like a postcode of that country."))
    return text


def birth_date(typed: str, today: date) -> str:
    """A date of birth as YYYY-MM-DD, between 1900 and today."""
    text = typed.strip()
    if not text:
        return text
    try:
        born = date.fromisoformat(text)
    except ValueError as error:
        raise Refused(N_("Please write the date as year-month-day, like 1990-01-31.")) from error
    if not date(1900, 1, 1) <= born <= today:
        raise Refused(N_("Please check the year."))
    return born.isoformat()


def comment(typed: str, *, public: bool) -> str:
    """Free text of at most 1,000 characters. A public one may hold no mail address or telephone number."""
    text = clean(typed, longest=1000, lines=True)
    if public and (re.search(r"\S[@＠]\S", text) or _PHONE_INSIDE.search(_NO_PHONE.sub("x", text))):
        raise Refused(N_("This comment is public: please leave out e-mail addresses and telephone numbers."))
    return text
