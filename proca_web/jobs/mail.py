"""Send what is due: confirmations first, then thank-yous, then what staff must know.

In a worker this has a thread of its own: a server that hangs holds up neither release nor count, health or the end.
Nothing is claimed but over an open connection; what was claimed and not begun is handed back.
"""

import threading
from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from proca_web.adapters import clock, logs, mailer
from proca_web.adapters.alive import trouble
from proca_web.adapters.database import direct_write, give_back, reading, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.adapters.mailer import Transport
from proca_web.domain.errors import Unavailable
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import Event, State
from proca_web.domain.words import Alarm
from proca_web.jobs import staff_mail
from proca_web.jobs.hand import Hand
from proca_web.services import heartbeats
from proca_web.services.instance import alarms
from proca_web.services.signatures import mailing, settling
from proca_web.services.signatures.mailing import DueMail, PageOfMail

MOST_ROUNDS = 10_000
LOOK_EVERY_SECONDS = 5.0
_NOTED_EVERY_SECONDS = 60.0
_TRIES_TO_SETTLE = 5
# A server that restarts is back by then, and nobody is woken.
_NOTHING_TAKEN_FOR = timedelta(minutes=5)
_EXTENSION = "proca_mail"
_MAKING = threading.Lock()


def send_mail(app: Flask) -> None:
    """Send every mail that is due; where mail has a thread of its own, tell that thread."""
    room_of(app).send()


def room_of(app: Flask) -> "Mailroom":
    """The app's mail room."""
    with _MAKING:
        room: Mailroom = app.extensions.setdefault(_EXTENSION, Mailroom(app))
    return room


class Mailroom:
    """One process's mail: one mail after the other, over one transport."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._one_run = threading.Lock()
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._hand: Hand | None = None
        self._taken_noted = float("-inf")
        self.transport = Transport(app)

    def start(self) -> None:
        """From now on mail has a thread of its own in this process."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._keep_sending, name="mail", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End after the mail at hand, or without it when that takes longer; what was not begun is handed back."""
        self._stopping.set()
        self._due.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(seconds)
        if self._hand is not None:
            with self._app.app_context():
                self._hand.give_back()

    def send(self) -> None:
        """Send what is due now, or wake the thread that does."""
        if self._thread is not None:
            self._due.set()
        else:
            self._run()

    def _keep_sending(self) -> None:
        while not self._stopping.is_set():
            self._due.wait(LOOK_EVERY_SECONDS)
            self._due.clear()
            try:
                self._run()
            except Unavailable as error:
                trouble.met(self._app, error)
                self._app.logger.error("mail waits: %s", error)
            except Exception as error:
                logs.unexpected(self._app.logger, error, "mail")

    def _run(self) -> None:
        with self._one_run, self._app.app_context():
            if not clock.is_right(self._app):
                return
            pages: dict[int, PageOfMail] = {}
            try:
                for state in (State.TO_SEND, State.THANKS_TO_SEND):
                    for _ in range(MOST_ROUNDS):
                        if self._stopping.is_set() or not self._send_batch(state, pages):
                            break
                staff_mail.send_notices(self._app, self.transport, self._stopping)
            finally:
                self.transport.close()
            self._note_fault()

    def _send_batch(self, state: State, pages: dict[int, PageOfMail]) -> bool:
        """Whether there may be more."""
        with reading() as session:
            if not mailing.is_due(session, state, clock.now()):
                return False
        if not self.transport.is_ready():
            return False
        with writing() as session:
            mails, lost = mailing.claim(session, keyring_of(self._app), state, clock.now())
        if lost:
            self._app.logger.critical("mail: the keyring does not open %s waiting addresses", len(lost))
        if not mails:
            return bool(lost)
        with Hand(self._app, mails, self.transport.abort) as self._hand:
            sent = [self._send_one(self._hand, due, pages) for due in mails]
        self._hand = None
        return any(sent)

    def _send_one(self, hand: Hand, due: DueMail, pages: dict[int, PageOfMail]) -> bool:
        """Whether it was tried: not when we stop, when there is no connection, or when somebody else decided."""
        if self._stopping.is_set() or not self.transport.is_ready() or not hand.begin(due):
            return False
        outcome = self._outcome(due, pages)
        self._surely(lambda: self._settle(due, outcome))
        hand.finish(due)
        return True

    def _outcome(self, due: DueMail, pages: dict[int, PageOfMail]) -> Outcome:
        try:
            if due.page_id not in pages:
                with reading() as session:
                    pages[due.page_id] = mailing.page_of(session, due.page_id)
            return self.transport.hand_over(mailer.write(self._app, due, pages[due.page_id]))
        except Exception as error:
            self.transport.abort()  # in the middle of who knows what
            self._set_aside(due, pages, error)
            return Outcome.FAULT

    def _set_aside(self, due: DueMail, pages: dict[int, PageOfMail], error: Exception) -> None:
        page = pages[due.page_id].name if due.page_id in pages else str(due.page_id)
        name, reason = f"mail of the page {page}", type(error).__name__
        self._app.logger.critical("mail: %s was set aside (%s)", name, reason)
        with writing() as session:
            heartbeats.set_aside(session, name, reason, clock.now())
            alarms.raise_(session, Alarm.MAIL, clock.now(), fault=f"{name} was set aside ({reason})")

    def _note_fault(self) -> None:
        """What is wrong with the transport is on `check` until it takes a mail, and an alarm when that takes long."""
        fault, name, now = self.transport.take_fault(), self.transport.name, clock.now()
        if fault:
            with writing() as session:
                heartbeats.set_aside(session, name, fault, now)
                taken_at = heartbeats.last_taken(session, name)
                if taken_at is None or now - taken_at > _NOTHING_TAKEN_FOR:
                    alarms.raise_(session, Alarm.MAIL, now, fault=f"{name} ({fault})")
            self._taken_noted = float("-inf")

    def _settle(self, due: DueMail, outcome: Outcome) -> None:
        """Write the outcome down at once; the usual one by the shortest way, mail is what limits a campaign."""
        if settling.only_waits(due, outcome):
            with direct_write(one_statement=True) as direct:
                settling.wait(direct, due.action_id, Event.SENT, clock.now(), due.confirm_days)
        else:
            with writing() as session:
                settling.settle(session, due, outcome, self.transport.name, clock.now())
        if outcome is Outcome.SENT and clock.monotonic() - self._taken_noted >= _NOTED_EVERY_SECONDS:
            with writing() as session:
                heartbeats.taken(session, self.transport.name, clock.now())
            self._taken_noted = clock.monotonic()

    def _surely(self, act: Callable[[], None]) -> None:
        """A database that restarts gets a few seconds: what is not written down is sent again after its lease."""
        for again in range(1, _TRIES_TO_SETTLE):
            try:
                act()
            except Exception:
                give_back()  # the connection, which may be dead
                self._stopping.wait(0.1 * 2**again)
            else:
                return
        act()
