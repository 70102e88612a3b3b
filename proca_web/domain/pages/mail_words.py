"""The words of a mail to supporters, as an org writes them: plain text with variables in braces, cut into blocks.

What stands in a variable is never read again: a name or title in braces, or one that looks like a link, stays text.
"""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from proca_web.domain.campaign_words import PageMail
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import N_
from proca_web.domain.people import text

LONGEST = {"subject": 120, "preheader": 150, "body": 4000}
# What a phone shows of a subject.
SHOWN_SUBJECT = 60
CONFIRM_LINK, SHARE_LINK, NUMBER = "confirm_link", "share_link", "number"
FIRST_NAME, TITLE, DEMAND, ADDRESSEE, ORG, DAYS = "first_name", "title", "demand", "addressee", "org", "days"
_ALWAYS = {
    FIRST_NAME: N_("First name, as typed"),
    TITLE: N_("Title of the page"),
    DEMAND: N_("What you ask, in one sentence"),
    ADDRESSEE: N_("To whom"),
    ORG: N_("Your organisation"),
}
# What each mail may hold, and what that is, in the order people read it.
VARIABLES: Mapping[PageMail, Mapping[str, str]] = {
    PageMail.CONFIRM: {
        CONFIRM_LINK: N_("The button, needed once, on a line of its own"),
        **_ALWAYS,
        DAYS: N_("How many days the link works"),
    },
    PageMail.THANK_YOU: {
        SHARE_LINK: N_("A button to share the page, on a line of its own"),
        **_ALWAYS,
        NUMBER: N_("How many people have signed by now"),
    },
}
NEEDED = {PageMail.CONFIRM: CONFIRM_LINK}
_LINKS = (CONFIRM_LINK, SHARE_LINK)
_PETITION = frozenset((TITLE, DEMAND, ADDRESSEE))
# Anything else in braces is text, should a row hold it.
_BRACED = re.compile(r"\{(" + "|".join(sorted({name for names in VARIABLES.values() for name in names})) + r")\}")
# Other programs write two braces, or spaces and capitals within; what was meant is plain.
_TYPED = re.compile(r"\{+\s*([^{}\n]*?)\s*\}+")
_WEB_ADDRESS = re.compile(r"(https?://[^\s<>\"{}]*[^\s<>\"{}.,;:!?)'’”])")
Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class MailWords:
    """A mail's subject, the first words that an inbox shows, and its text."""

    subject: str
    preheader: str
    body: str


class Look(StrEnum):
    """How a block is set: words, the petition itself, a button, or the number."""

    TEXT = "text"
    PETITION = "petition"
    BUTTON = "button"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text as it stands, a web address, or the name of a variable."""

    text: str = ""
    variable: str = ""
    is_address: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together."""

    look: Look
    lines: Sequence[Sequence[Piece]]

    @property
    def variable(self) -> str:
        """What a button or number is about."""
        return self.lines[0][0].variable


def checked(kind: PageMail, subject: str, preheader: str, body: str) -> MailWords:
    """The words, brought into one form. Raises FieldsRefused that says at each field what to do."""
    typed, faults, clean = {"subject": subject, "preheader": preheader, "body": body}, {}, {}
    for name, words in typed.items():
        try:
            clean[name] = _checked(kind, name, words)
        except text.Refused as refusal:
            faults[name] = refusal.message
    if faults:
        raise FieldsRefused(faults)
    return MailWords(**clean)


def _checked(kind: PageMail, name: str, typed: str) -> str:
    is_body = name == "body"
    words = text.clean(typed, longest=LONGEST[name], lines=is_body)
    words = re.sub(r"\n{3,}", "\n\n", _TYPED.sub(lambda found: "{" + found[1].lower() + "}", words))
    known = VARIABLES[kind]
    for word in _TYPED.findall(words):
        if word not in known:
            listed = ", ".join("{" + each + "}" for each in known if is_body or each not in _LINKS)
            raise text.Refused(N_("There is no {%(word)s}. You can put in: %(known)s."), word=word[:40], known=listed)
    if "{" in _BRACED.sub("", words) or "}" in _BRACED.sub("", words):
        raise text.Refused(N_("A brace stands alone here. Braces are for what is put in, like {first_name}."))
    if not words and name != "preheader":
        raise text.Refused(N_("Please write something here, or go back to the suggested text."))
    _check_links(kind, words, is_body=is_body)
    return words


def _check_links(kind: PageMail, words: str, *, is_body: bool) -> None:
    for link in (link for link in _LINKS if link in VARIABLES[kind]):
        braced, lines = "{" + link + "}", words.split("\n")
        number, alone = words.count(braced), lines.count(braced)
        if number and not is_body:
            raise text.Refused(N_("A link can stand in the text only. Please take %(link)s out here."), link=braced)
        if is_body and not number and NEEDED.get(kind) == link:
            raise text.Refused(N_("Please put in %(link)s: without it nobody can confirm."), link=braced)
        if number > 1 or number != alone:
            raise text.Refused(
                N_("Please put %(link)s once, on a line of its own: it becomes the button."), link=braced
            )


def suggested(kind: PageMail, translate: Translate, *, repeat: bool = False) -> MailWords:
    """The house's words, which a page has until an org writes its own; `repeat`: thanks to who had signed before."""
    hello = translate(N_("Hello %(name)s,")) % {"name": "{first_name}"}
    if kind is PageMail.CONFIRM:
        asked = translate(N_("Please confirm your signature under this petition by %(org)s:")) % {"org": "{org}"}
        counted = translate(
            N_("Your signature is not counted until you confirm it. Open this page and press the button:")
        )
        return MailWords(
            translate(N_("Please confirm: %(title)s")) % {"title": "{title}"},
            translate(N_("Your signature is not counted until you confirm it.")),
            f"{hello}\n\n{asked}\n\n{{addressee}}\n{{title}}\n{{demand}}\n\n{counted}\n\n{{confirm_link}}",
        )
    known = N_("you had already signed “%(title)s”, so you are counted once. Thank you for standing by it.")
    new = N_("thank you for signing “%(title)s”. Your signature is counted.")
    said = translate(known if repeat else new) % {"title": "{title}"}
    subject = N_("You had already signed: %(title)s") if repeat else N_("Thank you for signing: %(title)s")
    by_now, tell = translate(N_("Signatures by now:")), translate(N_("Please tell others about it:"))
    number = "" if repeat else f"\n\n{by_now}\n\n{{number}}"
    return MailWords(
        translate(subject) % {"title": "{title}"},
        translate(N_("Keep this mail: its links show and delete your signature.")),
        f"{hello}\n\n{said}{number}\n\n{tell}\n\n{{share_link}}",
    )


def pieces(line: str) -> list[Piece]:
    """One line, cut at its variables and web addresses."""
    found = []
    for at, words in enumerate(_BRACED.split(line)):
        if at % 2:
            found.append(Piece(variable=words))
            continue
        for nth, piece in enumerate(_WEB_ADDRESS.split(words)):
            found += [Piece(piece, is_address=bool(nth % 2))] if piece else []
    return found


def blocks(body: str, empty: Container[str] = ()) -> list[Block]:
    """A text, cut into blocks; a line that holds nothing but a variable that is empty is left out."""
    return list(_blocks(body, empty))


def _blocks(body: str, empty: Container[str]) -> Iterator[Block]:
    for paragraph in re.split(r"\n{2,}", body.strip()):
        lines = [pieces(line) for line in paragraph.split("\n")]
        lines = [line for line in lines if line and not (_alone(line) and _alone(line) in empty)]
        gathered: list[list[Piece]] = []
        for line in lines:
            if _alone(line) in (*_LINKS, NUMBER):
                yield from _gathered(gathered)
                gathered = []
                yield Block(Look.NUMBER if _alone(line) == NUMBER else Look.BUTTON, [line])
            else:
                gathered.append(line)
        yield from _gathered(gathered)


def _gathered(lines: list[list[Piece]]) -> Iterator[Block]:
    if lines:
        is_petition = all(_alone(line) in _PETITION for line in lines)
        yield Block(Look.PETITION if is_petition else Look.TEXT, lines)


def _alone(line: Sequence[Piece]) -> str:
    """The variable that is all there is in a line."""
    return line[0].variable if len(line) == 1 else ""
