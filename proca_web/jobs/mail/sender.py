"""One connection to the mail server and the thread that speaks over it; it never sees the database."""

import smtplib
import threading
from collections.abc import Callable

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.mail.extension import connect
from proca_web.adapters.mail.smtp import SafeConnection
from proca_web.domain.delivery.answers import Wish
from proca_web.domain.outcome import Outcome
from proca_web.jobs.mail.hand import Held
from proca_web.jobs.mail.post import Post

Connects = Callable[[], SafeConnection]
OLDEST_SECONDS = 300.0
# Servers hang up on who is refused too often: Postfix after twenty.
MOST_REFUSALS = 8


class Sender:
    """Takes mails up and hands them over, as long as there are any."""

    def __init__(self, app: Flask, post: Post, org: str = "", own: Connects | None = None) -> None:
        self._app = app
        self._post = post
        self._own = own  # to the server of its room, whatever the org has by now
        self._whose = f"mail of {org}" if org else "mail"
        self._from: str = app.config["MAIL_DEFAULT_SENDER"]
        self._connection: SafeConnection | None = None
        self._opened = 0.0
        self._refusals = 0
        self.held: Held | None = None

    def start(self, number: int) -> None:
        """From now on, in a thread of its own."""
        self._post.crew.join(self)
        threading.Thread(target=self._run, name=f"mail-{number}", daemon=True).start()

    def cut(self) -> None:
        """End its connection, whoever waits for an answer on it."""
        connection = self._connection
        if connection is not None:
            connection.cut()

    def is_open(self) -> bool:
        """Whether a connection is open that may carry another mail; opens one where there is none."""
        if self._connection is not None and self._is_used_up(self._connection):
            self.close()
        return self._connection is not None or self._open()

    def hand_over(self, held: Held) -> None:
        """Hand one mail over and tell what was said."""
        connection = self._connection
        assert connection is not None
        assert held.mail is not None
        carried, self.held = connection.num_emails, held
        try:
            reply = connection.deliver(held.mail.sender or self._from, held.mail)
        except (OSError, smtplib.SMTPException) as error:
            self._lost(held, Outcome.UNSURE if connection.is_dot_unanswered else Outcome.CUT, error)
            return
        except Exception as error:
            self._lost(held, Outcome.FAULT, error)  # in the middle of who knows what
            return
        self._refusals = 0 if reply.outcome is Outcome.SENT else self._refusals + 1
        if reply.wish is not Wish.NOTHING:
            if self._post.is_news(reply.wish):
                self._app.logger.warning("%s: the server wants %s", self._whose, reply.wish.value)
        elif reply.outcome is Outcome.ANSWERED:
            self._app.logger.error("%s: the server failed us (%s)", self._whose, reply.outcome.value)
        if self._post.answered(held, reply, carried):
            self._tell_rest("sending", reply.wish.value)

    def close(self) -> None:
        """End the connection, if one is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._post.crew.disconnected(self)
            connection.close()

    def _run(self) -> None:
        with self._app.app_context():
            try:
                while self.is_open():
                    held = self._post.take(self)
                    if held is None:
                        break
                    self.hand_over(held)
            finally:
                self.close()
                self._post.crew.leave(self)
                self._post.work.set()

    def _open(self) -> bool:
        try:
            connection = self._own() if self._own is not None else connect("")
            connection.__enter__()
        except Exception as error:  # settings that no library takes are a connection that fails, too
            if self._post.no_connection(self, type(error).__name__):
                self._tell_rest("connecting", type(error).__name__)
            elif self._post.is_news(Wish.FEWER_CONNECTIONS):
                self._app.logger.warning(
                    "%s: no further connection (%s); others work", self._whose, type(error).__name__
                )
            return False
        self._connection, self._opened, self._refusals = connection, clock.monotonic(), 0
        self._post.crew.connected(self)
        self._post.work.set()
        return True

    def _lost(self, held: Held, outcome: Outcome, error: Exception) -> None:
        if not self._post.is_stopping:
            kind = type(error).__name__
            self._app.logger.error("%s: the server failed us (%s, %s)", self._whose, kind, outcome.value)
        connection, self._connection = self._connection, None
        if connection is not None and connection.host is not None:
            connection.host.close()
        if self._post.lost(held, outcome, type(error).__name__):
            self._tell_rest("sending", type(error).__name__)
        self._post.crew.disconnected(self)

    def _is_used_up(self, connection: SafeConnection) -> bool:
        now = clock.monotonic()
        return (
            connection.is_over
            or connection.num_emails >= self._post.governor.mails_each(now)
            or now - self._opened > OLDEST_SECONDS
            or self._refusals >= MOST_REFUSALS
        )

    def _tell_rest(self, step: str, why: str) -> None:
        pause = self._post.governor.closed_for(clock.monotonic())
        self._app.logger.critical("%s: %s failed (%s); a pause of %d s", self._whose, step, why, round(pause))
