"""What stands in an org's record, in words for people: one sentence for each event, and what it is about.

An event that has no sentence here is shown by its own word, so that nothing is left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.messages import N_
from proca_web.domain.staff_words import AccountEvent, FactorEvent, InstanceEvent, StaffEvent
from proca_web.domain.words import KeyEvent


class Subject(StrEnum):
    """What an entry is about; people choose by it."""

    SIGNING_IN = "signing-in"
    PEOPLE = "people"
    KEYS = "keys"
    DOWNLOADS = "downloads"
    CAMPAIGNS = "campaigns"
    SETTINGS = "settings"


NAMES = {
    Subject.SIGNING_IN: N_("Signing in"),
    Subject.PEOPLE: N_("People and roles"),
    Subject.KEYS: N_("Keys"),
    Subject.DOWNLOADS: N_("Downloads"),
    Subject.CAMPAIGNS: N_("Campaigns and pages"),
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
_OF_CAMPAIGNS = {
    CampaignEvent.CAMPAIGN_MADE: N_("%(who)s made the campaign %(campaign)s"),
    CampaignEvent.CAMPAIGN_EDITED: N_("%(who)s changed the campaign %(campaign)s: %(changes)s"),
    CampaignEvent.CAMPAIGN_COPIED: N_("%(who)s copied the campaign %(before)s as %(campaign)s"),
    CampaignEvent.CAMPAIGN_PAUSED: N_("%(who)s paused the campaign %(campaign)s"),
    CampaignEvent.CAMPAIGN_REOPENED: N_("%(who)s reopened the campaign %(campaign)s"),
    CampaignEvent.CAMPAIGN_CLOSED: N_("%(who)s closed the campaign %(campaign)s"),
    CampaignEvent.CAMPAIGN_DELETED: N_("%(who)s deleted the campaign %(campaign)s"),
    CampaignEvent.PAGE_MADE: N_("%(who)s made the page %(page)s"),
    CampaignEvent.PAGE_EDITED: N_("%(who)s changed the page %(page)s: %(changes)s"),
    CampaignEvent.PAGE_COPIED: N_("%(who)s copied the page %(before)s as %(page)s"),
    CampaignEvent.PAGE_LIVE: N_("%(who)s let the page %(page)s go live"),
    CampaignEvent.PAGE_PAUSED: N_("%(who)s paused the page %(page)s"),
    CampaignEvent.PAGE_REOPENED: N_("%(who)s reopened the page %(page)s"),
    CampaignEvent.PAGE_CLOSED: N_("%(who)s closed the page %(page)s"),
    CampaignEvent.PAGE_DELETED: N_("%(who)s deleted the page %(page)s"),
    CampaignEvent.ADDRESS_CHANGED: N_("%(who)s gave the page %(page)s another address: %(changes)s"),
    CampaignEvent.WORDING_CHANGED: N_("%(who)s changed what people agree to on the page %(page)s"),
    CampaignEvent.DRAFT_LINK: N_("%(who)s made a link to the draft of the page %(page)s"),
    CampaignEvent.MAIL_EDITED: N_("%(who)s changed the words of a mail of the page %(page)s: %(mail)s"),
    CampaignEvent.MAIL_TESTED: N_("%(who)s had a mail of the page %(page)s sent as a test: %(mail)s"),
    CampaignEvent.TICKED: N_("%(who)s ticked a step of the launch of the page %(page)s: %(step)s"),
    CampaignEvent.ELSEWHERE_ADDED: N_(
        "%(who)s added people collected elsewhere for the campaign %(campaign)s: %(label)s, %(number)s"
    ),
    CampaignEvent.ELSEWHERE_REMOVED: N_(
        "%(who)s took off people collected elsewhere for the campaign %(campaign)s: %(label)s, %(number)s"
    ),
    CampaignEvent.PARTNER_INVITED: N_("%(who)s invited %(partner)s into the campaign %(campaign)s"),
    CampaignEvent.PARTNER_JOINED: N_("%(who)s had %(partner)s join the campaign %(campaign)s"),
    CampaignEvent.PARTNER_DECLINED: N_("%(who)s declined for %(partner)s to join the campaign %(campaign)s"),
    CampaignEvent.PARTNER_WITHDRAWN: N_(
        "%(who)s took back the invitation of %(partner)s into the campaign %(campaign)s"
    ),
    CampaignEvent.PARTNER_APPROVED: N_("%(who)s approved the page %(page)s of %(partner)s"),
    CampaignEvent.PARTNER_ENDED: N_("%(who)s ended the part of %(partner)s in the campaign %(campaign)s"),
    CampaignEvent.TERMS_CHANGED: N_("%(who)s changed who gets a copy in the campaign %(campaign)s: %(changes)s"),
    CampaignEvent.NEWS_ADDED: N_("%(who)s told news on the page %(page)s: %(title)s"),
    CampaignEvent.NEWS_EDITED: N_("%(who)s changed news on the page %(page)s: %(title)s"),
    CampaignEvent.NEWS_REMOVED: N_("%(who)s took news off the page %(page)s: %(title)s"),
    CampaignEvent.COMMENT_SHOWN: N_("%(who)s let a comment be read on the page %(page)s"),
    CampaignEvent.COMMENT_HIDDEN: N_("%(who)s hid a comment on the page %(page)s"),
}
_OF_SETTINGS = {
    CampaignEvent.SETTINGS_CHANGED: N_("%(who)s changed the settings: %(changes)s"),
    CampaignEvent.PICTURE_CHANGED: N_("%(who)s changed the logo"),
    CampaignEvent.SERVER_TESTED: N_("%(who)s tested the mail server %(server)s"),
    CampaignEvent.SERVER_USED: N_("%(who)s had mails leave through the mail server %(server)s"),
    CampaignEvent.SERVER_REMOVED: N_("%(who)s had mails leave through the mail server of this site again"),
    CampaignEvent.BANNER_CHANGED: N_("%(who)s changed the notice on all pages: %(banner)s"),
    InstanceEvent.MAIL_TRIED.told: N_("%(who)s tried this site’s mail server"),
}
SENTENCES: dict[str, Sentence] = {
    **{event.told: Sentence(Subject.KEYS, text) for event, text in _OF_KEYS.items()},
    **{event.told: Sentence(Subject.PEOPLE, text) for event, text in _OF_PEOPLE.items()},
    **{event.told: Sentence(Subject.SIGNING_IN, text) for event, text in _OF_ACCOUNTS.items()},
    **{str(event): Sentence(Subject.SIGNING_IN, text) for event, text in _OF_SECOND_STEPS.items()},
    **{str(event): Sentence(Subject.CAMPAIGNS, text) for event, text in _OF_CAMPAIGNS.items()},
    **{str(event): Sentence(Subject.SETTINGS, text) for event, text in _OF_SETTINGS.items()},
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
        return ", ".join(f"{name} {_shown(each)}" for name, each in value.items())
    return str(value)
