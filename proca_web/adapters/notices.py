"""Mails to staff, written from one text file each: its first line is the subject, the rest are paragraphs.

They name keys and pages, never a supporter, and hold no link that acts: what is to be done is done in the console.
"""

from email.utils import make_msgid

from flask import Flask
from flask_babel import force_locale

from proca_web.adapters import links
from proca_web.adapters.mail.letters import Letter
from proca_web.services.staff.outbox import DueNotice


def write(app: Flask, notice: DueNotice) -> Letter:
    """The letter that a notice stands for."""
    keys_url = links.url(app, "keys.index", org=notice.org)
    with force_locale("en"):
        values = {"notice": notice, "detail": notice.detail, "keys_url": keys_url, **_about_second_step(app, notice)}
        text = app.jinja_env.get_template(f"email/staff/{notice.kind}.txt").render(values)
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


def _about_second_step(app: Flask, notice: DueNotice) -> dict[str, str]:
    """Where somebody looks at their own second step, and where an owner looks at another's."""
    person = notice.detail.get("user_id")
    reset = links.url(app, "second_factor.reset", org=notice.org, user_id=person) if person else ""
    return {"step_url": links.url(app, "second_factor.index"), "reset_url": reset}
