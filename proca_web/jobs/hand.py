"""What one run of the mail has claimed: its leases are renewed while a mail is under way, an hour at most."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import TracebackType

from flask import Flask

from proca_web.adapters import clock, logs
from proca_web.adapters.database import writing
from proca_web.domain.transient import LEASE_AT_MOST
from proca_web.services.signatures import mailing
from proca_web.services.signatures.mailing import DueMail

RENEW_EVERY = timedelta(minutes=2)


class Hand:
    """The mails in hand. Leaving gives back what was not begun; `cut` ends a mail that takes longer than an hour."""

    def __init__(self, app: Flask, mails: Sequence[DueMail], cut: Callable[[], None]) -> None:
        self._app = app
        self._state = mails[0].state
        self._left = {due.action_id for due in mails}
        self._begun: int | None = None
        self._begun_at = self._renewed_at = clock.now()
        self._cut = cut
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> "Hand":
        threading.Thread(target=self._keep_leases, name="leases", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self.give_back()

    def begin(self, due: DueMail) -> bool:
        """Take one mail up. False: somebody else has decided, or the row is given back."""
        if clock.now() - self._renewed_at >= RENEW_EVERY:
            self.renew()
        with self._lock:
            if due.action_id not in self._left:
                return False
            self._begun, self._begun_at = due.action_id, clock.now()
            return True

    def finish(self, due: DueMail) -> None:
        """That mail's outcome is written down."""
        with self._lock:
            self._left.discard(due.action_id)
            self._begun = None

    def give_back(self) -> None:
        """Everything that was not begun is to be sent at once, by whoever comes next."""
        with self._lock:
            rest = sorted(self._left - {self._begun})
            self._left.difference_update(rest)
        if rest:
            with writing() as session:
                mailing.hand_back(session, self._state, rest)

    def renew(self) -> None:
        """Another ten minutes for what is still ours."""
        with self._lock:
            left = sorted(self._left)
        now = clock.now()
        with writing() as session:
            ours = mailing.renew(session, self._state, left, now) if left else set()
        with self._lock:
            self._left &= ours
            self._renewed_at = now

    def _keep_leases(self) -> None:
        while not self._over.wait(RENEW_EVERY.total_seconds()):
            try:
                if clock.now() - self._begun_at > LEASE_AT_MOST:
                    self._cut()
                    return
                with self._app.app_context():
                    self.renew()
            except Exception as error:
                logs.unexpected(self._app.logger, error, "leases")
