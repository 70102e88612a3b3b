"""A page's mails with made-up values: for the preview in the console, and as a test to whoever writes them.

Made by the very code that writes to supporters. A test's links lead back to the console: nobody can confirm by them.
"""

import hashlib
from dataclasses import replace
from datetime import datetime

from flask import Flask
from flask_babel import force_locale, gettext

from proca_web.adapters import links
from proca_web.adapters.mail.forms import Forms
from proca_web.adapters.mail.letters import Mail
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.pages import mail_words
from proca_web.domain.pages.mail_words import MailWords
from proca_web.domain.transient import State
from proca_web.services.petitions.making.mail_pages import PageOfMail
from proca_web.services.signatures.mailing import DueMail
from proca_web.services.staff.outbox import DueNotice

NAME, ADDRESS, PEOPLE = "Kim", "kim@example.org", 413
_TOKEN = bytes(32)
_STATES = {PageMail.CONFIRM: State.SENDING, PageMail.THANK_YOU: State.THANKS_SENDING}


def suggested(kind: PageMail, locale: str) -> MailWords:
    """The house's words in a page's language."""
    with force_locale(locale):
        return mail_words.suggested(kind, gettext)


def preview(forms: Forms, page: PageOfMail, kind: PageMail, now: datetime) -> Mail:
    """A mail of the page to somebody made up."""
    return forms.write(_due(kind, ADDRESS), _with_people(page), now.timestamp())


def test(forms: Forms, app: Flask, page: PageOfMail, notice: DueNotice, now: datetime) -> Mail:
    """A mail of the page to a member of staff, which its subject says to be a test."""
    kind = PageMail(notice.detail["mail"])
    back = links.url(app, "mails.index", org=page.org_name, campaign=page.campaign_name)
    due = replace(_due(kind, notice.email), testing=True, action_ref=hashlib.sha256(notice.once.encode()).digest()[:16])
    return forms.write_with(due, _with_people(page), now.timestamp(), back, back)


def _due(kind: PageMail, email: str) -> DueMail:
    waiting = Waiting(email, NAME, _TOKEN)
    return DueMail(0, _STATES[kind], 0, bytes(16), repeat=False, testing=False, confirm_days=14, waiting=waiting)


def _with_people(page: PageOfMail) -> PageOfMail:
    """Before anybody has signed, a number that can be looked at."""
    return page if page.people else replace(page, people=PEOPLE)
