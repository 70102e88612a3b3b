"""Mails to staff that are due, one after the other; one that cannot be written is set aside."""

import threading

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.mailer import Transport
from proca_web.adapters.notices import write
from proca_web.domain.outcome import Outcome
from proca_web.services import heartbeats
from proca_web.services.staff import outbox
from proca_web.services.staff.outbox import DueNotice

MOST_MAILS = 1000


def send_notices(app: Flask, transport: Transport, stopping: threading.Event) -> None:
    """Send the mails to staff that are due; inside the app's context."""
    for _ in range(MOST_MAILS):
        with reading() as session:
            if stopping.is_set() or not outbox.is_due(session, clock.now()):
                return
        if not transport.is_ready():
            return
        with writing() as session:
            notice = outbox.claim(session, clock.now())
        if notice is None:
            return
        outcome = _send(app, transport, notice)
        with writing() as session:
            outbox.settle(session, notice, outcome, clock.now())


def _send(app: Flask, transport: Transport, notice: DueNotice) -> Outcome:
    try:
        return transport.hand_over(write(app, notice))
    except Exception as error:
        transport.abort()
        app.logger.critical("mail: a notice %s was set aside (%s)", notice.kind, type(error).__name__)
        with writing() as session:
            heartbeats.set_aside(session, f"mail to staff, {notice.kind}", type(error).__name__, clock.now())
        return Outcome.FAULT
