"""Mails to staff, written from one text file each: its first line is the subject, the rest are paragraphs.

They name keys, pages and staff, never a supporter. What is to be done is done in the console, or behind a link to a
page with a button: what opens an invitation or a reader's own account is made here, when the mail leaves.
"""

from email.utils import make_msgid
from urllib.parse import urlsplit

from flask import Flask
from flask_babel import force_locale

from proca_web.adapters import links
from proca_web.adapters.database import reading
from proca_web.adapters.mail.letters import Letter
from proca_web.config import Settings
from proca_web.domain.messages import STAFF_LANGUAGES
from proca_web.domain.staff_words import AccountEvent, StaffEvent
from proca_web.services.petitions.making.coalition import joining as partnerships
from proca_web.services.staff import joining
from proca_web.services.staff.account import links as account_links
from proca_web.services.staff.outbox import DueNotice

_OF_LINKS = {
    AccountEvent.RESET.told: "forgot.reset",
    AccountEvent.ADDRESS_OF_BEFORE.told: "account.address",
    AccountEvent.NEW_ADDRESS.told: "account.address",
}


def write(app: Flask, notice: DueNotice) -> Letter:
    """The letter that a notice stands for."""
    with force_locale(notice.locale if notice.locale in STAFF_LANGUAGES else "en"):
        values = {"notice": notice, "detail": notice.detail, **_places(app, notice)}
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


def _places(app: Flask, notice: DueNotice) -> dict[str, str]:
    """Where the mail may lead."""
    return {
        "site": urlsplit(app.config["PUBLIC_URL"]).netloc,
        "keys_url": links.url(app, "keys.index", org=notice.org),
        "people_url": links.url(app, "people.index", org=notice.org),
        "console_url": links.url(app, "start.index"),
        "partnerships_url": links.url(app, "partnership.index", org=notice.org),
        "partners_url": _partners(app, notice),
        "account_url": links.url(app, "account.index"),
        "forgot_url": links.url(app, "forgot.ask"),
        "step_url": links.url(app, "second_factor.index"),
        "reset_url": _reset(app, notice),
        "link_url": _link(app, notice),
    }


def _reset(app: Flask, notice: DueNotice) -> str:
    """Where an owner looks at somebody's lost second step; empty where the mail is about none."""
    person = notice.detail.get("user_id")
    return links.url(app, "second_factor.reset", org=notice.org, user_id=person) if person else ""


def _partners(app: Flask, notice: DueNotice) -> str:
    """The partners of the campaign that a mail is about; empty where it is about none."""
    name = notice.detail.get("campaign_name")
    return links.url(app, "coalition.index", org=notice.org, campaign=name) if name else ""


def _link(app: Flask, notice: DueNotice) -> str:
    """The one address that acts, by a button of its page: of an invitation, or of the reader's own account."""
    settings: Settings = app.extensions["proca_settings"]
    if notice.kind == StaffEvent.INVITED.told:
        about = notice.detail["invitation"], notice.detail["role"], notice.email
        return links.url(app, "invitation.show", token=joining.token(settings.secret_key, *about))
    if "by_mail" in notice.detail:
        token = partnerships.token(settings.secret_key, int(notice.detail["by_mail"]), notice.email)
        return links.url(app, "partnership.show", token=token)
    endpoint = _OF_LINKS.get(notice.kind)
    if endpoint is None:
        return ""
    with reading() as session:
        token = account_links.token_of(session, settings.secret_key, int(notice.detail["link"]))
    return links.url(app, endpoint, token=token)
