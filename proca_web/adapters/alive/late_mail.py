"""How late confirmation mails are, for pages: asked of the database at most every ten seconds and process.

Where they are hours late a signature would be worth nothing to who gives it: pages that mail a link then take a pause.
"""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.config import Settings
from proca_web.domain.errors import MailStalled
from proca_web.domain.transient import State
from proca_web.services.petitions import mail_delay

LOOK_EVERY_SECONDS = 10.0
RETRY_AFTER_SECONDS = 3600
_EXTENSION = "proca_late_mail"
_NOTHING_KNOWN = (0.0, timedelta(0))


@dataclass(frozen=True, slots=True)
class LateMail:
    """The delay, and from which delay on pages take a pause."""

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


def require_moving(app: Flask) -> None:
    """Raise MailStalled where a link would come hours late, Unavailable where nobody can say."""
    if now(app).is_stalled:
        raise MailStalled


def now(app: Flask) -> LateMail:
    """The delay as it was a moment ago. Raises Unavailable."""
    until, _ = app.extensions.get(_EXTENSION, _NOTHING_KNOWN)
    if monotonic() >= until:
        with reading() as session:
            delay = mail_delay.of(session, State.TO_SEND, clock.now())
        app.extensions[_EXTENSION] = (monotonic() + LOOK_EVERY_SECONDS, delay)
    return as_known(app)


def as_known(app: Flask) -> LateMail:
    """The delay as this process last saw it; nothing is asked."""
    settings: Settings = app.extensions["proca_settings"]
    _, delay = app.extensions.get(_EXTENSION, _NOTHING_KNOWN)
    return LateMail(delay, settings.mail_stalled)
