"""What of a typed form passes: each place read into what is stored, every fault a sentence at its place."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from proca_web.domain.errors import BadSetting, FieldsRefused
from proca_web.domain.messages import LANGUAGES, N_, Message
from proca_web.domain.people.contact import ALWAYS_REQUIRED, FIELDS
from proca_web.domain.people.countries import COUNTRIES
from proca_web.domain.words import CommentPolicy, ConsentStyle
from proca_web.services.petitions import names
from proca_web.services.petitions.making.writing import typed as form

LONGEST = {
    **{"title": 200, "addressee": 200, "demand": 500, "body": 20_000, "hero_alt": 300, "closed_text": 1000},
    **{"thanks_text": 2000, "next_step_label": 80, "next_step_url": 500, "share": 280, "question": 500, "text": 200},
}
MOST_PEOPLE = 10**9
NO_NUMBER = N_("Enter a number of people, from 1 to a thousand million.")
_LINES = ("demand", "body", "closed_text", "thanks_text")
_EMPTY = {
    "title": N_("Write a title: it is the first thing people read."),
    "demand": N_("Write what you ask, in one or two sentences."),
}
_TOO_LONG = N_("This has %(count)s characters; there is room for %(most)s.")
_CONTROL = N_("There are signs in this text that nobody can see or print. Please type it anew instead of pasting it.")
_NUMBER = re.compile(r"[0-9]{1,12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = "%Y-%m-%dT%H:%M"


@dataclass
class Written:
    """What is to be stored, by attribute; a place that does not pass has none, and its sentence in `faults`."""

    page: dict[str, Any] = field(default_factory=dict)
    campaign: dict[str, Any] = field(default_factory=dict)
    slug: str = ""
    faults: dict[str, Message] = field(default_factory=dict)

    def refuse(self, only: Iterable[str]) -> None:
        """Raise FieldsRefused where one of these places does not pass."""
        faults = {place: self.faults[place] for place in only if place in self.faults}
        if faults:
            raise FieldsRefused(faults)


def read(typed: Mapping[str, str], before: Mapping[str, str], zone: str, now: datetime) -> Written:
    """A whole form, read; `before`: what it held when nothing was typed, as an old date may stay as it is."""
    written = Written()
    _texts(typed, written)
    _asked(typed, written)
    _milestones(typed, written)
    _choices(typed, before, written)
    if "goal_kind" in typed:
        _dates(typed, before, zone, now, written)
        _numbers(typed, written)
    return written


def _texts(typed: Mapping[str, str], written: Written) -> None:
    for place in form.PLAIN:
        written.page[place] = _text(place, place, typed, written)
    if typed["next_step_url"]:
        _try(
            "next_step_url",
            lambda: names.check_link(typed["next_step_url"]),
            N_("This is no web address; it begins with https:// or http://"),
            written,
        )
        if not typed["next_step_label"]:
            written.faults.setdefault("next_step_label", Message(N_("Write what the link to the next step is called.")))
    elif typed["next_step_label"]:
        written.faults.setdefault("next_step_url", Message(N_("Enter where the next step leads, or leave both empty.")))
    said = {name: _text(f"share_{name}", "share", typed, written) for name in form.CHANNELS}
    written.page["share_texts"] = {name: text for name, text in said.items() if text}
    asks = [place.removeprefix("question_") for place in typed if place.startswith("question_")]
    own = {each: _text(f"question_{each}", "question", typed, written) for each in asks}
    written.page["questions"] = {each: text for each, text in own.items() if text}


def text_fault(kind: str, text: str) -> Message | None:
    """What is wrong with a text of a kind: signs of control are refused; any language passes, either way it runs."""
    if len(text) > LONGEST[kind]:
        return Message(_TOO_LONG, {"count": len(text), "most": LONGEST[kind]})
    try:
        (names.check_lines if kind in _LINES else names.check_line)(kind, text)
    except BadSetting:
        return Message(_CONTROL)
    return None


def _text(place: str, kind: str, typed: Mapping[str, str], written: Written) -> str:
    text = typed[place]
    fault = Message(_EMPTY[place]) if place in _EMPTY and not text else text_fault(kind, text)
    if fault is not None:
        written.faults[place] = fault
    return text


def _asked(typed: Mapping[str, str], written: Written) -> None:
    says = dict.fromkeys(ALWAYS_REQUIRED, form.NEEDED)
    for place in form.ASKED:
        says[place.removeprefix("ask_")] = _one_of(place, (form.OFF, form.OPTIONAL, form.NEEDED), typed, written)
    written.page["fields"] = [each for each in FIELDS if says[each] != form.OFF]
    written.page["required"] = sorted(each for each in FIELDS if says[each] == form.NEEDED)


def _milestones(typed: Mapping[str, str], written: Written) -> None:
    found: list[dict[str, Any]] = []
    for n in range(1, form.MOST_MILESTONES + 1):
        number, on_day, text = (f"milestone_{n}_{what}" for what in ("number", "day", "text"))
        if not any(typed[place] for place in (number, on_day, text)):
            continue
        said = _text(text, "text", typed, written)
        if bool(typed[number]) is bool(typed[on_day]):
            written.faults[number] = Message(N_("Enter a number of people or a day, one of them."))
        elif not said:
            written.faults.setdefault(text, Message(N_("Write what happens then.")))
        elif typed[number]:
            found.append({"number": _people(number, typed, written), "text": said})
        else:
            if day(typed[on_day]) is None:
                written.faults[on_day] = Message(N_("This is no day; write it like 2027-03-31."))
            found.append({"day": typed[on_day], "text": said})
    written.page["milestones"] = found


def day(text: str) -> date | None:
    """A day as browsers send it, or None."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _choices(typed: Mapping[str, str], before: Mapping[str, str], written: Written) -> None:
    languages = {*LANGUAGES, before.get("locale", "")}
    written.page["locale"] = _one_of("locale", languages, typed, written)
    written.page["comment"] = _one_of("comment", list(CommentPolicy), typed, written)
    written.page["consent_style"] = _one_of("consent_style", list(ConsentStyle), typed, written)
    written.page["default_country"] = _one_of("default_country", {"", *COUNTRIES}, typed, written)
    written.page["double_opt_in"] = typed["double_opt_in"] == form.YES
    written.page["hero_id"] = int(typed["hero"]) if _NUMBER.fullmatch(typed["hero"]) else None
    written.slug = typed["slug"]
    if written.slug:
        _try(
            "slug",
            lambda: names.check_name(written.slug),
            N_("Use small letters, digits and single dashes, at most 64."),
            written,
        )


def _dates(typed: Mapping[str, str], before: Mapping[str, str], zone: str, now: datetime, written: Written) -> None:
    moments = {place: _moment(place, typed, zone, written) for place in ("opens_at", "closes_at")}
    opens, closes = moments["opens_at"], moments["closes_at"]
    if opens and closes and closes <= opens:
        written.faults["closes_at"] = Message(N_("It would close before it opens. Choose a later day."))
    elif closes and closes <= now and typed["closes_at"] != before.get("closes_at"):
        written.faults["closes_at"] = Message(
            N_("This is over already. Choose a day to come, or close it with its button.")
        )
    written.campaign |= moments


def _moment(place: str, typed: Mapping[str, str], zone: str, written: Written) -> datetime | None:
    if not typed[place]:
        return None
    local: datetime | None
    try:
        local = datetime.strptime(typed[place][:16], _CLOCK).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        local = None
    if local is None or not 2000 <= local.year <= 2200:
        written.faults[place] = Message(N_("This is no day and hour; write it like 2027-03-31T23:59."))
        return None
    return local.astimezone(ZoneInfo("UTC"))


def _numbers(typed: Mapping[str, str], written: Written) -> None:
    kind = _one_of("goal_kind", (form.MOVES, form.FIXED), typed, written)
    written.campaign["goal"] = _people("goal", typed, written) if kind == form.FIXED else 0
    days = int(typed["confirm_days"]) if _NUMBER.fullmatch(typed["confirm_days"]) else 0
    if not 7 <= days <= 30:
        written.faults["confirm_days"] = Message(N_("Enter a number of days from 7 to 30."))
    written.campaign["confirm_days"] = days
    written.campaign["reminder"] = typed["reminder"] == form.YES


def _people(place: str, typed: Mapping[str, str], written: Written) -> int:
    number = int(typed[place]) if _NUMBER.fullmatch(typed[place]) else 0
    if not 1 <= number <= MOST_PEOPLE:
        written.faults[place] = Message(NO_NUMBER)
    return number


def _one_of(place: str, choices: Iterable[str], typed: Mapping[str, str], written: Written) -> str:
    if typed[place] not in set(choices):
        written.faults[place] = Message(N_("Choose one of these."))
    return typed[place]


def _try(place: str, check: Callable[[], object], sentence: str, written: Written) -> None:
    try:
        check()
    except (BadSetting, ValueError):
        written.faults.setdefault(place, Message(sentence))
