"""What commands take of a page beside its settings: to whom, milestones, consents, picture, sender of its mails."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from proca_web.cli.petitions import files
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import BadSetting
from proca_web.models import ActionPage
from proca_web.services.petitions.making import mail_texts
from proca_web.services.petitions.making.writing import checking
from proca_web.services.petitions.making.writing import typed as form
from proca_web.services.petitions.showing import pictures

F = TypeVar("F", bound=Callable[..., Any])
_TEXTS = ("addressee", "closed_text", "thanks_text", "hero_alt")
_OTHERS = ("mail_name", "mail_reply_to", "position", "hero")
_PAIRS = ("milestones", "share_texts", "questions")
_OPTIONS = (
    click.option("--addressee", help="to whom: a person or a body"),
    click.option("--closed-text", help="what people read once it is over"),
    click.option("--thanks-text", help="what people read once they have confirmed"),
    click.option("--milestone", "milestones", multiple=True, help="like 1000=TEXT or 2027-03-31=TEXT; all of them"),
    click.option("--share", "share_texts", multiple=True, help="like whatsapp=TEXT or other=TEXT; all of them"),
    click.option(
        "--question", "questions", multiple=True, help="like opt_in=TEXT: own words of a consent; all of them"
    ),
    click.option("--hero", type=files.PICTURE, help="its picture: a file of at most 5 MB, JPEG, PNG, WebP or GIF"),
    click.option("--hero-alt", help="what is seen on the picture, in the language of the page"),
    click.option("--mail-name", help="sender name of its mails; empty: the organisation's"),
    click.option("--mail-reply-to", help="where answers to its mails go; empty: the organisation's"),
    click.option("--position", type=click.IntRange(0, 10_000), help="its place among the pages of the campaign"),
)


def options(command: F) -> F:
    """The options of a command that makes or changes a page."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def taken(given: dict[str, Any]) -> dict[str, Any]:
    """These words, out of what was given, unread."""
    words = {name: given.pop(name, None) for name in (*_TEXTS, *_PAIRS, *_OTHERS)}
    words["hero"] = files.drawn(PictureKind.HERO, words["hero"]) or None
    return {name: said for name, said in words.items() if said not in (None, ())}


def put(session: Session, page: ActionPage, words: dict[str, Any], now: datetime) -> None:
    """On a page, these words; an empty text for several takes them all off. Raises BadSetting."""
    for name, said in words.items():
        if name in _TEXTS:
            setattr(page, name, _text(name, said))
        elif name in _PAIRS:
            setattr(page, name, _several(name, said))
        elif name == "hero":
            page.hero_id = pictures.store(session, page.org_id, PictureKind.HERO, said, now).id
        else:
            setattr(page, name, said)
    _check_sender(page)
    if page.hero_id is not None and not page.hero_alt.strip():
        raise BadSetting("who cannot see the picture needs it in words: say them with --hero-alt")


def _check_sender(page: ActionPage) -> None:
    sender, faults = mail_texts.checked_sender(page.mail_name or "", page.mail_reply_to or "")
    for fault in faults.values():
        raise BadSetting(fault.text % fault.values if fault.values else fault.text)
    page.mail_name, page.mail_reply_to = sender.values()


def _several(name: str, said: Sequence[str]) -> dict[str, str] | list[dict[str, Any]]:
    read = [_pair(name, each) for each in said if each]
    return _milestones(read) if name == "milestones" else dict(read)


def _pair(name: str, given: str) -> tuple[str, str]:
    what, parted, text = given.partition("=")
    if not parted or not what:
        raise BadSetting(f"{given!r} is not of the form WHAT=TEXT")
    kind = {"milestones": "text", "share_texts": "share", "questions": "question"}[name]
    if name == "share_texts" and what not in form.CHANNELS:
        raise BadSetting(f"{what!r} is no channel; there are {', '.join(form.CHANNELS)}")
    return what, _text(kind, text)


def _text(kind: str, text: str) -> str:
    fault = checking.text_fault(kind, text)
    if fault is not None:
        raise BadSetting(fault.text % fault.values if fault.values else fault.text)
    return text


def _milestones(read: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    if len(read) > form.MOST_MILESTONES:
        raise BadSetting(f"a page has at most {form.MOST_MILESTONES} milestones")
    return [_milestone(when, text) for when, text in read]


def _milestone(when: str, text: str) -> dict[str, Any]:
    if when.isascii() and when.isdigit() and 1 <= int(when) <= checking.MOST_PEOPLE:
        return {"number": int(when), "text": text}
    if checking.day(when) is None:
        raise BadSetting(f"{when!r} is neither a number of people nor a day like 2027-03-31")
    return {"day": when, "text": text}
