"""What stands in an org's record, in words for people: one sentence for each event, and what it is about.

An event that has no sentence here is shown by its own word, so that nothing is left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from proca_web.domain.messages import N_
from proca_web.domain.staff_words import AccountEvent, FactorEvent, StaffEvent
from proca_web.domain.words import KeyEvent


class Subject(StrEnum):
    """What an entry is about; people choose by it."""

    SIGNING_IN = "signing-in"
    PEOPLE = "people"
    KEYS = "keys"
    DOWNLOADS = "downloads"


NAMES = {
    Subject.SIGNING_IN: N_("Signing in"),
    Subject.PEOPLE: N_("People and roles"),
    Subject.KEYS: N_("Keys"),
    Subject.DOWNLOADS: N_("Downloads"),
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
_OF_PEOPLE = {
    StaffEvent.INVITED: N_("%(who)s invited %(invited)s as %(role)s"),
    StaffEvent.INVITED_AGAIN: N_("%(who)s sent the invitation of %(invited)s as %(role)s again"),
    StaffEvent.INVITATION_WITHDRAWN: N_("%(who)s withdrew the invitation of %(invited)s"),
    StaffEvent.INVITATION_DECLINED: N_("The invitation of %(invited)s was declined"),
    StaffEvent.JOINED: N_("%(who)s joined as %(role)s"),
    StaffEvent.ADDED: N_("%(who)s added %(person)s as %(role)s"),
    StaffEvent.ROLE_CHANGED: N_("%(who)s changed the role of %(person)s: %(before)s → %(role)s"),
    StaffEvent.REMOVED: N_("%(who)s took %(person)s, %(before)s, off the organisation"),
    StaffEvent.LEFT: N_("%(who)s left; was %(before)s"),
    StaffEvent.ACCOUNT_LOCKED: N_("%(who)s locked the account of %(person)s"),
    StaffEvent.ACCOUNT_UNLOCKED: N_("%(who)s unlocked the account of %(person)s"),
    StaffEvent.SESSIONS_ENDED: N_("%(who)s signed %(person)s out everywhere"),
    StaffEvent.ORG_MADE: N_("%(who)s made the organisation %(org)s"),
    StaffEvent.ORG_LOCKED: N_("%(who)s locked the organisation %(org)s"),
    StaffEvent.ORG_UNLOCKED: N_("%(who)s unlocked the organisation %(org)s"),
}
_OF_ACCOUNTS = {
    AccountEvent.SIGNED_IN: N_("%(who)s signed in"),
    AccountEvent.SIGNED_OUT: N_("%(who)s signed out"),
    AccountEvent.SESSIONS_ENDED: N_("%(who)s ended sessions of their own"),
    AccountEvent.TRIED: N_("Somebody tried %(tries)s times to sign in as %(who)s, in vain"),
    AccountEvent.NAME: N_("%(who)s has another name: %(before)s → %(after)s"),
    AccountEvent.PASSWORD: N_("%(who)s chose a new password"),
    AccountEvent.RESET_DONE: N_("%(who)s chose a new password by mail"),
    AccountEvent.ADDRESS_ASKED: N_("%(who)s asked to have the address %(to)s"),
    AccountEvent.ADDRESS: N_("%(who)s has another address: %(before)s → %(after)s"),
    AccountEvent.ADDRESS_REFUSED: N_("The new address of %(who)s was refused by mail"),
}
_OF_SECOND_STEPS = {
    FactorEvent.APP: N_("%(who)s set up an app as second step"),
    FactorEvent.APP_OFF: N_("%(who)s took the app off as second step"),
    FactorEvent.PASSKEY: N_("%(who)s added a passkey"),
    FactorEvent.PASSKEY_OFF: N_("%(who)s took a passkey off"),
    FactorEvent.CODES: N_("%(who)s made new recovery codes"),
    FactorEvent.CODE_USED: N_("%(who)s used a recovery code"),
    FactorEvent.RESET_ASKED: N_("%(who)s asked to have the second step of %(user)s switched off"),
    FactorEvent.RESET_CANCELLED: N_("%(who)s kept the second step of %(user)s on"),
    FactorEvent.RESET_DONE: N_("The second step of %(user)s was switched off"),
}
SENTENCES: dict[str, Sentence] = {
    **{event.told: Sentence(Subject.KEYS, text) for event, text in _OF_KEYS.items()},
    **{event.told: Sentence(Subject.PEOPLE, text) for event, text in _OF_PEOPLE.items()},
    **{event.told: Sentence(Subject.SIGNING_IN, text) for event, text in _OF_ACCOUNTS.items()},
    **{str(event): Sentence(Subject.SIGNING_IN, text) for event, text in _OF_SECOND_STEPS.items()},
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
