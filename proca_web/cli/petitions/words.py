"""The words of a page that commands take beside its settings: to whom, milestones, consents, sharing, thanks."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from proca_web.domain.errors import BadSetting
from proca_web.models import ActionPage
from proca_web.services.petitions.making.writing import checking
from proca_web.services.petitions.making.writing import typed as form

F = TypeVar("F", bound=Callable[..., Any])
_TEXTS = ("addressee", "closed_text", "thanks_text")
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
)


def options(command: F) -> F:
    """The options of a command that makes or changes a page."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def taken(given: dict[str, Any]) -> dict[str, Any]:
    """These words, out of what was given, unread."""
    words = {name: given.pop(name, None) for name in (*_TEXTS, *_PAIRS)}
    return {name: said for name, said in words.items() if said not in (None, ())}


def put(page: ActionPage, words: dict[str, Any]) -> None:
    """On a page, these words; an empty text for several takes them all off. Raises BadSetting."""
    for name, said in words.items():
        setattr(page, name, _text(name, said) if name in _TEXTS else _several(name, said))


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
