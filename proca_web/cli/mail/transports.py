"""What `check` says of the mail servers: the instance's, and those of orgs' own."""

from flask import Flask
from sqlalchemy import select

from proca_web.adapters.database import reading
from proca_web.adapters.mail import own_servers, routes
from proca_web.adapters.mail.routes import Route
from proca_web.adapters.mail.trying import send_test
from proca_web.cli.mail.said import Said
from proca_web.config import transports as setting
from proca_web.domain.delivery import servers
from proca_web.models import Org
from proca_web.services.petitions import transports
from proca_web.services.petitions.settings import own_transports


def check(app: Flask) -> Said:
    """What is wrong with the settings of mail servers, without speaking to any."""
    own_servers.look(app)
    own = routes.own(app)
    with reading() as session:
        unknown = transports.unknown(session, own)
        fallen_back = [org for org in transports.fallen_back(session, own) if not own_transports.gave_up(session, org)]
    faults = [
        *setting.password_faults(own),
        *(f"{setting.NAME} names {org}, which is no organisation here" for org in unknown),
        *(
            f"mails of {org} leave by the instance's mail server: {setting.NAME} does not name it any more"
            for org in fallen_back
        ),
        *(
            f"{setting.NAME} [{org}] has no from, and {org} no --mail-from: its mails come from PROCA_MAIL_FROM"
            for org, transport in own.items()
            if org not in unknown and not (transport.sender or _mail_from(org))
        ),
    ]
    notes = [
        _of(route, note) for route in routes.every(app) for note in servers.in_words(route.server, route.connections)
    ]
    return faults, notes


def try_out(app: Flask, address: str, org: str | None) -> Said:
    """Send a test mail by the mail server of that org, or by each there is."""
    chosen = [route for route in routes.every(app) if org is None or route.org == org]
    if not chosen:
        return [f"{org} has no mail server of its own: {setting.NAME} does not name it"], []
    faults, notes = list[str](), list[str]()
    for route in chosen:
        tried = send_test(address, route, route.address(_mail_from(route.org)))
        faults += tried.faults
        if not tried.faults:
            notes.append(_of(route, servers.measured(route.server, route.connections, tried.seconds)))
    return faults, notes


def _mail_from(org: str) -> str:
    with reading() as session:
        return session.scalar(select(Org.mail_from).where(Org.name == org)) or ""


def _of(route: Route, note: str) -> str:
    return f"{route.name}: {note}" if route.org else note
