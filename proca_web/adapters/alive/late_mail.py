"""How late confirmation mails are, for pages: asked of the database at most every ten seconds and process.

Where they are hours late a signature would be worth nothing to who gives it: pages that mail a link
then take a pause, those of the orgs that use that mail server.
"""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.adapters.mail import routes
from proca_web.config import Settings
from proca_web.domain.transient import State
from proca_web.services.petitions import mail_delay
from proca_web.services.petitions.transports import Delays

LOOK_EVERY_SECONDS = 10.0
RETRY_AFTER_SECONDS = 3600
_EXTENSION = "proca_late_mail"
_NOTHING_KNOWN = (0.0, Delays({}))


@dataclass(frozen=True, slots=True)
class LateMail:
    """The delay of one mail server, and from which delay on pages take a pause."""

    delay: timedelta
    stalled: timedelta

    @property
    def is_stalled(self) -> bool:
        """Whether pages that mail a link pause."""
        return self.delay > self.stalled

    @property
    def is_told(self) -> bool:
        """Whether it is worth a word to people."""
        return self.delay > mail_delay.TOLD_TO_SIGNERS


@dataclass(frozen=True, slots=True)
class LateMails:
    """The delays of all mail servers."""

    delays: Delays
    stalled: timedelta

    def of(self, org: str) -> LateMail:
        """How late the mails of that org's pages are."""
        return LateMail(self.delays.of(org), self.stalled)

    def is_stalled(self, org: str) -> bool:
        """Whether pages of that org pause, where they mail a link."""
        return self.of(org).is_stalled


def now(app: Flask) -> LateMails:
    """The delays as they were a moment ago. Raises Unavailable."""
    until, _ = app.extensions.get(_EXTENSION, _NOTHING_KNOWN)
    if monotonic() >= until:
        with reading() as session:
            delays = mail_delay.of(session, State.TO_SEND, clock.now(), routes.own(app))
        app.extensions[_EXTENSION] = (monotonic() + LOOK_EVERY_SECONDS, delays)
    return as_known(app)


def as_known(app: Flask) -> LateMails:
    """The delays as this process last saw them; nothing is asked."""
    settings: Settings = app.extensions["proca_settings"]
    _, delays = app.extensions.get(_EXTENSION, _NOTHING_KNOWN)
    return LateMails(delays, settings.mail_stalled)
