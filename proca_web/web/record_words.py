"""Entries of an org's record as people read them: a sentence, and the facts beside it."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import groupby

from flask import Flask
from flask_babel import gettext
from markupsafe import Markup, escape

from proca_web.domain import record
from proca_web.domain.record import Subject
from proca_web.models import AuditEntry
from proca_web.web.presentation import isolated


class _Facts(dict[str, Markup]):
    """What a sentence names and an entry of before does not hold stays empty."""

    def __missing__(self, name: str) -> Markup:
        return Markup()


def init_app(app: Flask) -> None:
    """Make the filters known to Jinja."""
    app.jinja_env.filters.update(told=told, facts_of=facts_of, by_day=by_day, subject_name=subject_name)


def told(entry: AuditEntry) -> Markup:
    """Who did what, as a sentence; by the event's own word where there is none for it."""
    who = isolated(entry.actor or gettext("Somebody on the server"))
    parts = _Facts({name: isolated(value) for name, value in record.facts(entry.detail).items()})
    parts["who"] = Markup("<strong>{}</strong>").format(who)
    sentence = record.SENTENCES.get(entry.event)
    if sentence is None:
        return Markup("{}: {}").format(parts["who"], entry.event)
    return escape(gettext(sentence.text)) % parts


def facts_of(entry: AuditEntry) -> list[tuple[str, str]]:
    """What the entry says beside its sentence."""
    facts: Mapping[str, str] = record.facts(entry.detail)
    return [(name, value) for name, value in facts.items() if name != "detail"]


def by_day(entries: Iterable[AuditEntry]) -> list[tuple[date, list[AuditEntry]]]:
    """The entries in their order, day by day (UTC)."""
    return [(day, list(of_day)) for day, of_day in groupby(entries, lambda entry: entry.at.date())]


def subject_name(subject: Subject) -> str:
    """What an entry can be about, as a choice."""
    name: str = gettext(record.NAMES[subject])
    return name
