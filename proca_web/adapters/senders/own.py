"""The From domains of this instance: who sends by way of which mail server."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.mail import routes
from proca_web.adapters.senders.resolver import OFF
from proca_web.config import Settings
from proca_web.domain.senders.sender import Sender, domain_of
from proca_web.models import Org


def senders(app: Flask, session: Session) -> list[Sender]:
    """Each From domain with the domain of its envelope and its mail server; none in the demo, whose mails stay here."""
    settings = _settings(app)
    if settings.mailbox_dir is not None:
        return []
    with_own = (Org.mail_from != "") | Org.name.in_(routes.own(app))
    orgs = session.execute(select(Org.name, Org.mail_from).where(with_own)).all()
    of_orgs = {_sender(app, name, mail_from) for name, mail_from in orgs}
    return sorted({_sender(app, "", ""), *of_orgs})


def sender_of(app: Flask, org: Org) -> Sender:
    """What an org's mails go out as."""
    return _sender(app, org.name, org.mail_from)


def address_of(app: Flask, org: Org) -> str:
    """An org's From address."""
    return routes.of(app, org.name).address(org.mail_from)


def is_asked(app: Flask) -> bool:
    """Whether a name server is ever asked: not in the demo, and not where the operator has switched it off."""
    settings = _settings(app)
    return settings.mailbox_dir is None and settings.mail.resolver != OFF


def _sender(app: Flask, org: str, mail_from: str) -> Sender:
    route, settings = routes.of(app, org), _settings(app)
    address = route.address(mail_from)
    # By an org's own server the envelope is its From address.
    envelope = address if route.org else settings.bounces.envelope or settings.mail.sender
    return Sender(domain_of(address), domain_of(envelope), route.server.lower().rstrip("."))


def _settings(app: Flask) -> Settings:
    settings: Settings = app.extensions["proca_settings"]
    return settings
