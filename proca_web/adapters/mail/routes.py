"""The ways that mails leave: the instance's mail server, and one of its own for each org that has one."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask

from proca_web.adapters.mail import own_servers
from proca_web.config import Settings
from proca_web.config.transports import Transport
from proca_web.domain.delivery import servers
from proca_web.domain.delivery.servers import Wishes


@dataclass(frozen=True, slots=True)
class Route:
    """One mail server, and the addresses that mails have there. `org` is empty for the instance's."""

    org: str
    server: str
    port: int
    connections: int
    of_instance: str
    own: str = ""

    @property
    def name(self) -> str:
        """By which it is known among the relays, and to operators."""
        relay = f"{self.server}:{self.port}"
        return f"{relay} of {self.org}" if self.org else relay

    @property
    def ceiling(self) -> Wishes:
        """How many connections there may be, and how many mails over each."""
        return servers.ceiling(self.server, self.connections)

    def address(self, of_org: str) -> str:
        """From whom mails of an org are: what stands beside its mail server, what the operator gave it, or ours."""
        return self.own or of_org or self.of_instance


def own(app: Flask) -> Mapping[str, Transport]:
    """The mail servers of orgs' own, by the org's name: what the operator set goes before what the org entered."""
    settings: Settings = app.extensions["proca_settings"]
    return {**own_servers.known(app), **settings.transports}


def is_set_by_operator(app: Flask, org: str) -> bool:
    """Whether whoever runs the site set a mail server for this org: then no other is used."""
    settings: Settings = app.extensions["proca_settings"]
    return org in settings.transports


def every(app: Flask) -> list[Route]:
    """All routes, the instance's first."""
    return [of(app, name) for name in ("", *own(app))]


def of(app: Flask, org: str) -> Route:
    """The route of that org's mails; the instance's where it has none of its own."""
    settings: Settings = app.extensions["proca_settings"]
    mail, transport = settings.mail, own(app).get(org) if org else None
    if transport is None:
        return Route("", mail.server, mail.port, mail.connections, mail.sender)
    connections = transport.connections or mail.connections
    return Route(org, transport.server, transport.port, connections, mail.sender, transport.sender)
