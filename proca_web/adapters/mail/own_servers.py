"""The mail servers that orgs entered for themselves, as this process last saw them: looked for every few seconds.

What PROCA_MAIL_TRANSPORTS says of an org goes before them (`routes`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from flask import Flask

from proca_web.adapters.database import reading
from proca_web.config.transports import Transport
from proca_web.models import OrgTransport
from proca_web.services.petitions.settings import own_transports, passwords
from proca_web.services.petitions.settings.passwords import Place

LOOK_EVERY_SECONDS = 10.0
_EXTENSION = "proca_own_servers"


class PasswordLost(OSError):
    """No secret key of this instance opens the password, or it was meant for another server."""


@dataclass(frozen=True, slots=True)
class OwnServer(Transport):
    """A mail server that an org entered itself; its password stays sealed until a connection is made."""

    number: int = 0
    seal: bytes = field(default=b"", repr=False)

    def password_under(self, keys: tuple[str, ...]) -> str:
        """Its password, for the connection alone. Raises PasswordLost."""
        if not self.seal:
            return ""
        found = passwords.open_(self.seal, Place(self.org, self.server, self.port, self.username), keys)
        if found is None:
            raise PasswordLost("the password of a mail server cannot be opened")
        return found[0]


def of_row(org: str, row: OrgTransport) -> OwnServer:
    """A row as a mail server."""
    return OwnServer(
        org=org,
        server=row.server,
        port=row.port,
        tls=row.tls,
        username=row.username,
        sender=row.mail_from,
        number=row.id,
        seal=row.seal or b"",
    )


def known(app: Flask) -> Mapping[str, OwnServer]:
    """Those in use, by the org's name, as they were seen last."""
    if _EXTENSION not in app.extensions:
        look(app)
    servers: Mapping[str, OwnServer] = app.extensions[_EXTENSION][1]
    return servers


def look_again(app: Flask) -> None:
    """Look, if that is long ago; outside of any transaction. Raises Unavailable."""
    if monotonic() >= app.extensions.get(_EXTENSION, (0.0, {}))[0]:
        look(app)


def look(app: Flask) -> None:
    """Look now. Raises Unavailable."""
    with app.app_context(), reading() as session:
        servers = {org: of_row(org, row) for org, row in own_transports.in_use(session).items()}
    app.extensions[_EXTENSION] = (monotonic() + LOOK_EVERY_SECONDS, servers)
