"""What every request passes before a route or a database sees it: text is text, and a number in a path fits a row.

What a person typed into a field of a signature is answered beside that field instead (`domain/people/text`).
"""

from typing import Any

from flask import Flask, abort, current_app, request
from werkzeug.routing import IntegerConverter

from proca_web.domain.people import characters
from proca_web.domain.people.contact import FIELDS
from proca_web.web.access import UPLOADS

# The largest id of a row, on both databases.
_LARGEST = 2**63 - 1
_SAID_BESIDE_THE_FIELD = {"action_page.sign": frozenset((*FIELDS, "comment"))}

# There a secret must be noticed first; `secret_input.typed` then leaves out what is no text.
_LOOKED_AT_FOR_SECRETS = ("keys", "key_acts")


class RowNumber(IntegerConverter):
    """The number of a row in a path, in ASCII digits; there is nothing under any that a database cannot hold."""

    regex = "[0-9]{1,19}"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": _LARGEST, **kwargs})


def init_app(app: Flask) -> None:
    """Stand before every route; to be called before routes are registered."""
    app.url_map.converters["int"] = RowNumber
    app.before_request(_refuse_what_is_no_text)


def _refuse_what_is_no_text() -> None:
    in_path = (value for value in (request.view_args or {}).values() if isinstance(value, str))
    if not all(map(characters.is_text, in_path)):
        abort(404)
    if not all(map(characters.is_text, _sent())):
        abort(422)


def refuse_fields_of_no_text() -> None:
    """The same for a form with files, which is read once access is clear."""
    if not all(map(characters.is_text, _fields())):
        abort(422)


def _sent() -> list[str]:
    sent = [text for name, values in request.args.lists() for text in (name, *values)] if request.query_string else []
    takes_files = hasattr(current_app.view_functions.get(request.endpoint or ""), UPLOADS)
    return sent if takes_files or request.blueprint in _LOOKED_AT_FOR_SECRETS else sent + _fields()


def _fields() -> list[str]:
    beside = _SAID_BESIDE_THE_FIELD.get(request.endpoint or "", frozenset())
    return [text for name, values in request.form.lists() if name not in beside for text in values]
