"""What stands in an org's record, in words for people: one sentence for each event, and what it is about.

An event that has no sentence here is shown by its own word, so that nothing is left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from proca_web.domain.messages import N_
from proca_web.domain.words import KeyEvent


class Subject(StrEnum):
    """What an entry is about; people choose by it."""

    SIGNING_IN = "signing-in"
    PEOPLE = "people"
    KEYS = "keys"
    DOWNLOADS = "downloads"
    SETTINGS = "settings"


NAMES = {
    Subject.SIGNING_IN: N_("Signing in"),
    Subject.PEOPLE: N_("People and roles"),
    Subject.KEYS: N_("Keys"),
    Subject.DOWNLOADS: N_("Downloads"),
    Subject.SETTINGS: N_("Settings"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """Who did what; `%(who)s` and the facts of the entry stand in it, `%(detail)s` where it is a text alone."""

    subject: Subject
    text: str


_OF_KEYS = {
    KeyEvent.REGISTERED: N_("%(who)s entered the new key %(detail)s"),
    KeyEvent.PROVEN: N_("%(who)s proved to hold the key %(detail)s"),
    KeyEvent.DISCARDED: N_("%(who)s discarded the key %(detail)s"),
    KeyEvent.ACTIVATED: N_("%(who)s put the key %(detail)s into use"),
    KeyEvent.REVOKED: N_("%(who)s revoked the key %(detail)s"),
    KeyEvent.CHANGE_OPENED: N_("%(who)s asked for the key %(detail)s, which the one before did not sign for"),
    KeyEvent.CHANGE_APPROVED: N_("%(who)s agreed to the key %(detail)s as the second person"),
    KeyEvent.CHANGE_CANCELLED: N_("%(who)s stopped the change to the key %(detail)s"),
}
SENTENCES: dict[str, Sentence] = {
    **{event.told: Sentence(Subject.KEYS, text) for event, text in _OF_KEYS.items()},
    "export": Sentence(Subject.DOWNLOADS, N_("%(who)s downloaded what people signed")),
}


def events_about(subject: Subject) -> list[str]:
    """The events that this choice holds."""
    return [event for event, sentence in SENTENCES.items() if sentence.subject is subject]


def facts(detail: str) -> Mapping[str, str]:
    """What an entry says beside its sentence, by name; a pair is what was before and after."""
    try:
        read = json.loads(detail)
    except ValueError:
        return {"detail": detail} if detail else {}
    if not isinstance(read, dict):
        return {"detail": detail}
    return {str(name): _shown(value) for name, value in read.items() if value not in ("", None, {}, [])}


def _shown(value: object) -> str:
    if isinstance(value, list):
        return " → ".join(str(each) if each not in ("", None) else "–" for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return str(value)
