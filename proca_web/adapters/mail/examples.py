"""A page's mails with made-up values: for the preview in the console, and as a test to whoever writes them.

Made by the very code that writes to supporters. A test's links lead back to the console: nobody can confirm by them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from flask import Flask

from proca_web.adapters import links
from proca_web.adapters.mail.forms import Forms
from proca_web.adapters.mail.letters import Mail
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.transient import State
from proca_web.services.signatures.mailing import DueMail, PageOfMail
from proca_web.services.staff.outbox import DueNotice

NAME, ADDRESS, PEOPLE = "Kim", "kim@example.org", 413
_TOKEN = bytes(32)
_STATES = {PageMail.CONFIRM: State.SENDING, PageMail.THANK_YOU: State.THANKS_SENDING}


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail as a mail program reads it."""

    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    logo: bytes


def preview(forms: Forms, page: PageOfMail, kind: PageMail, now: datetime) -> Shown:
    """A mail of the page to somebody made up."""
    return shown(forms.write(_due(kind, ADDRESS), _with_people(page), now.timestamp()))


def test(forms: Forms, app: Flask, page: PageOfMail, notice: DueNotice, now: datetime) -> Mail:
    """A mail of the page to a member of staff, which its subject says to be a test."""
    kind = PageMail(notice.detail["mail"])
    back = links.url(app, "mails.index", org=page.org_name, campaign=page.campaign_name)
    due = replace(_due(kind, notice.email), testing=True, action_ref=notice.once.encode())
    return forms.write_with(due, _with_people(page), now.timestamp(), back, back)


def shown(mail: Mail) -> Shown:
    """What a relay gets, read."""
    message = mail.wire.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    read = cast(EmailMessage, message_from_bytes(message, policy=policy.default))
    bodies = {kind: read.get_body((kind,)) for kind in ("plain", "html")}
    text, html = (body.get_content() if body is not None else "" for body in bodies.values())
    pictures = (bytes(part.get_content()) for part in read.walk() if part.get_content_type() == "image/png")
    return Shown(str(read["From"]), str(read["Reply-To"] or ""), str(read["Subject"]), text, html, next(pictures, b""))


def _due(kind: PageMail, email: str) -> DueMail:
    waiting = Waiting(email, NAME, _TOKEN)
    return DueMail(0, _STATES[kind], 0, bytes(16), repeat=False, testing=False, confirm_days=14, waiting=waiting)


def _with_people(page: PageOfMail) -> PageOfMail:
    """Before anybody has signed, a number that can be looked at."""
    return page if page.people else replace(page, people=PEOPLE)
