"""Mails to staff, written from one text file each: its first line is the subject, the rest are paragraphs.

They name keys, pages and staff, never a supporter, and hold no link that acts: what is to be done is done in the
console, or with a button on the page that a link leads to.
"""

from email.utils import make_msgid

from flask import Flask
from flask_babel import force_locale

from proca_web.adapters import links
from proca_web.adapters.mail.letters import Letter
from proca_web.config import Settings
from proca_web.domain.words import StaffEvent
from proca_web.services.staff import joining
from proca_web.services.staff.outbox import DueNotice


def write(app: Flask, notice: DueNotice) -> Letter:
    """The letter that a notice stands for."""
    with force_locale("en"):
        values = {"notice": notice, "detail": notice.detail, **_addresses(app, notice)}
        subject_of, _, event = notice.kind.partition("-")
        names = (f"email/staff/{notice.kind}.txt", f"email/staff/{subject_of}/{event}.txt")
        text = app.jinja_env.select_template(names).render(values)
        subject, _, body = text.strip().partition("\n")
        paragraphs = [" ".join(part.split()) for part in body.split("\n\n") if part.strip()]
        html = app.jinja_env.get_template("email/staff/_paragraphs.html").render(
            values, subject=subject, paragraphs=paragraphs
        )
    sender = app.config["MAIL_DEFAULT_SENDER"]
    letter = Letter(
        subject=subject,
        recipients=[notice.email],
        body="\n\n".join(paragraphs) + "\n",
        html=html,
        sender=sender,
    )
    letter.msgId = make_msgid(domain=sender.rpartition("@")[2])
    return letter


def _addresses(app: Flask, notice: DueNotice) -> dict[str, str]:
    """Where the mail leads. What opens an invitation is made here and now: it waits nowhere."""
    found = {name: links.url(app, f"{name}.index", org=notice.org) for name in ("keys", "people")} | {"invitation": ""}
    if notice.kind == StaffEvent.INVITED.told:
        settings: Settings = app.extensions["proca_settings"]
        about = notice.detail["invitation"], notice.detail["role"], notice.email
        found["invitation"] = links.url(app, "invitation.show", token=joining.token(settings.secret_key, *about))
    return {f"{name}_url": url for name, url in found.items()} | {"console_url": links.url(app, "start.index")}
