"""The From domains of this instance: who sends by way of which mail server."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.senders.resolver import OFF
from proca_web.config import Settings
from proca_web.domain.senders.sender import Sender, domain_of
from proca_web.models import Org


def senders(app: Flask, session: Session) -> list[Sender]:
    """Each From domain with the domain of its envelope and its mail server; none in the demo, whose mails stay here."""
    settings = _settings(app)
    if settings.mailbox_dir is not None:
        return []
    addresses = session.scalars(select(Org.mail_from).where(Org.mail_from != "")).all()
    return sorted({_sender(settings, address) for address in (settings.mail.sender, *addresses)})


def sender_of(app: Flask, org: Org) -> Sender:
    """What an org's mails go out as."""
    settings = _settings(app)
    return _sender(settings, address_of(app, org))


def address_of(app: Flask, org: Org) -> str:
    """An org's From address."""
    return org.mail_from or _settings(app).mail.sender


def is_asked(app: Flask) -> bool:
    """Whether a name server is ever asked: not in the demo, and not where the operator has switched it off."""
    settings = _settings(app)
    return settings.mailbox_dir is None and settings.mail.resolver != OFF


def _sender(settings: Settings, address: str) -> Sender:
    envelope = settings.bounces.envelope or settings.mail.sender
    return Sender(domain_of(address), domain_of(envelope), settings.mail.server.lower().rstrip("."))


def _settings(app: Flask) -> Settings:
    settings: Settings = app.extensions["proca_settings"]
    return settings
