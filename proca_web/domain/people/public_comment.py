"""A comment that its writer was told is public: the comment itself, and a first name only where somebody ticked so.

Both stand in the action's metadata in clear. A comment whose form did not say that it is shown has no `NAME` beside it,
not even an empty one, and is shown nowhere.
"""

import json
from collections.abc import Mapping

COMMENT, NAME = "comment", "comment_name"
TOLD, NAMED = "comment_is_shown", "comment_named"  # fields of the form
SIGN_OF_TOLD = f'"{NAME}":'  # in the JSON of no other metadata: quotes within a text are escaped there


def metadata(form: Mapping[str, str], comment: str, first_name: str) -> dict[str, str]:
    """What the action holds of a public comment; nothing without one."""
    if not comment:
        return {}
    if form.get(TOLD) != "yes":
        return {COMMENT: comment}
    return {COMMENT: comment, NAME: first_name if form.get(NAMED) == "yes" else ""}


def read(custom_fields: str) -> tuple[str, str]:
    """Comment and first name, each empty where there is none."""
    held = json.loads(custom_fields)
    return held.get(COMMENT, ""), held.get(NAME, "")
