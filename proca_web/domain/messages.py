"""Sentences for people, kept untranslated until a page shows them. A message never repeats what somebody typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The languages whose catalogue is complete; a page speaks one of them, or its words would be read in a wrong voice.
LANGUAGES = ("en", "de")
# Those of the console and of mails to staff, which have a catalogue of their own: half a screen is never translated.
STAFF_LANGUAGES = ("en",)


@dataclass(frozen=True, slots=True)
class Message:
    """A gettext text with its values, translated by the page that shows it."""

    text: str
    values: Mapping[str, str | int] = field(default_factory=dict)


def N_(text: str) -> str:
    """Mark a text for the translation catalogues."""
    return text
