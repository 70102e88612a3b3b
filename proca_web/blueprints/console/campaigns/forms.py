"""What is typed about campaigns and pages."""

import json
from collections.abc import Iterable, Mapping

from werkzeug.datastructures import MultiDict
from wtforms import Form, StringField

from proca_web.services.petitions.making.writing import typed as page_places

_MOST_DIGITS = 18


class PageForm(Form):
    """Beside the places of the page: what is to be done with them, and what the form began with."""

    do = StringField(default="save")
    begun = StringField(default="")
    draft = StringField(default="")


class EndForm(Form):
    """What people read once it is over."""

    closed_text = StringField(default="")


class CopyForm(Form):
    """Which page to copy, to where, or into which language."""

    page = StringField(default="")
    to = StringField(default="here")
    locale = StringField(default="")


class ElsewhereForm(Form):
    """How many signed elsewhere: where, how many, when they were counted."""

    label = StringField(default="")
    number = StringField(default="")
    day = StringField(default="")


def typed(form: MultiDict[str, str], places: Iterable[str]) -> dict[str, str]:
    """What stands in these places, without what a browser adds; a box that is not ticked says nothing."""
    return page_places.without_ends({place: form.get(place, "") for place in places})


def number(text: str) -> int:
    """A number that a form carries along; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def begun(text: str) -> dict[str, str]:
    """The marks that a form carries along; nothing, if they are not ours."""
    try:
        read = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(read, Mapping):
        return {}
    return {str(place): str(mark) for place, mark in read.items()}
