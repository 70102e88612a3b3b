"""Writes down what came of the mails, many in one statement, and keeps the leases of what is in hand."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from math import ceil

from flask import Flask
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import LEASE_AT_MOST, State
from proca_web.domain.words import Alarm
from proca_web.jobs.mail.gauge import Gauge
from proca_web.jobs.mail.hand import Back, Done, Held
from proca_web.jobs.mail.post import BEGIN_WITHIN, Post
from proca_web.services import heartbeats
from proca_web.services.instance import alarms, sends
from proca_web.services.signatures import mailing, settling
from proca_web.services.signatures.mailing import DueMail
from proca_web.services.staff import outbox
from proca_web.services.staff.outbox import DueNotice

RENEW_SECONDS = 60.0
_RENEW_EVERY = timedelta(seconds=RENEW_SECONDS)  # by the clock that leases are counted by, too
_NOTED_EVERY_SECONDS = 60.0
# A server that restarts is back by then, and nobody is woken.
_NOTHING_TAKEN_FOR = timedelta(minutes=5)


class Settler:
    """Keeps the books of one mail server. Inside the app's context."""

    def __init__(self, app: Flask, post: Post, name: str) -> None:
        self._app = app
        self._post = post
        self._name = name
        self.gauge = Gauge(post.crew, name)
        self._taken_noted = float("-inf")
        self._renewed, self._renewed_at = clock.monotonic(), clock.now()

    def settle(self) -> None:
        """Write down what is done. Raises what the database raises: it is tried again then."""
        done = self._post.hand.take_done()
        try:
            self._write(done)
        except BaseException:
            self._post.hand.put_again(done)
            raise

    def keep(self, cut: Callable[[Held], None]) -> None:
        """Once a minute: another ten minutes for what is ours, an hour at most; what nobody takes up goes back."""
        if clock.monotonic() - self._renewed < RENEW_SECONDS and clock.now() - self._renewed_at < _RENEW_EVERY:
            return
        self._renewed, self._renewed_at = clock.monotonic(), clock.now()
        self._post.hand_back(older_than=BEGIN_WITHIN)
        self.renew()
        too_long = clock.monotonic() - LEASE_AT_MOST.total_seconds()
        for held in self._post.hand.all():
            if held.begun_at is not None and held.mail is not None and held.begun_at < too_long:
                cut(held)

    def renew(self) -> None:
        """Another ten minutes for everything in hand; what somebody else has decided about is not begun any more."""
        for state in mailing.LEASED:
            mine = {due.action_id: held for held, due in self._mails() if due.state is state}
            if mine:
                with writing() as session:
                    ours = mailing.renew(session, state, sorted(mine), clock.now())
                self._post.drop([held for action, held in mine.items() if action not in ours])

    def _mails(self) -> list[tuple[Held, DueMail]]:
        """Supporters' mails in hand; of one whose thread has died the lease ends, and the housekeeping finds it."""
        too_old = clock.monotonic() - LEASE_AT_MOST.total_seconds()
        held = self._post.hand.all()
        return [(one, one.due) for one in held if isinstance(one.due, DueMail) and one.claimed_at > too_old]

    def _write(self, done: Done) -> None:
        sent = [held for held, outcome in done.outcomes if outcome is Outcome.SENT]
        mails = {held: held.due for held in sent if isinstance(held.due, DueMail)}
        if mails or done.backs:
            with writing() as session:
                settling.settle_sent(session, mails.values(), clock.now())
                _hand_back(session, done.backs)
                sends.add(session, self._name, _ended(mails, Outcome.SENT))
            self._post.hand.settled([*mails, *(back.held for back in done.backs)])
            done.backs, done.outcomes = [], [each for each in done.outcomes if each[0] not in mails]
        for held, outcome in list(done.outcomes):
            self._settle_one(held, outcome)
            if outcome is Outcome.FAULT:
                self._set_aside(held.due, held.fault)
            self._post.hand.settled([held])
            done.outcomes.remove((held, outcome))
        if sent and clock.monotonic() - self._taken_noted >= _NOTED_EVERY_SECONDS:
            with writing() as session:
                heartbeats.taken(session, self._name, clock.now())
            self._taken_noted = clock.monotonic()
        if done.fault:
            self._note_fault(done.fault)
            done.fault = ""

    def _settle_one(self, held: Held, outcome: Outcome) -> None:
        due = held.due
        with writing() as session:
            sends.add(session, self._name, {(held.provider, outcome): 1})
            if isinstance(due, DueMail):
                settling.settle(session, due, outcome, self._name, clock.now())
            else:
                outbox.settle(session, due, outcome, clock.now())

    def _set_aside(self, due: DueMail | DueNotice, reason: str) -> None:
        """Our own fault with one mail: told, and nothing is counted."""
        with writing() as session:
            if isinstance(due, DueMail):
                name = f"mail of the page {mailing.page_name(session, due.page_id)}"
                alarms.raise_(session, Alarm.MAIL, clock.now(), fault=f"{name} was set aside ({reason})")
            else:
                name = f"mail to staff, {due.kind}"
            heartbeats.set_aside(session, name, reason, clock.now())
        self._app.logger.critical("mail: %s was set aside (%s)", name, reason)

    def _note_fault(self, fault: str) -> None:
        """What is wrong with the server is on `check` until it takes a mail, and an alarm when that takes long."""
        now = clock.now()
        with writing() as session:
            heartbeats.set_aside(session, self._name, fault, now)
            taken_at = heartbeats.last_taken(session, self._name)
            if taken_at is None or now - taken_at > _NOTHING_TAKEN_FOR:
                alarms.raise_(session, Alarm.MAIL, now, fault=f"{self._name} ({fault})")
        self._taken_noted = float("-inf")


def _ended(helds: Iterable[Held], outcome: Outcome) -> Counter[tuple[str, Outcome]]:
    return Counter((held.provider, outcome) for held in helds)


def _hand_back(session: Session, backs: Sequence[Back]) -> None:
    groups: dict[tuple[State, int], list[int]] = {}
    for back in backs:
        due = back.held.due
        if isinstance(due, DueNotice):
            outbox.hand_back(session, due)
        else:
            groups.setdefault((due.state, ceil(back.seconds)), []).append(due.action_id)
    for (state, seconds), actions in sorted(groups.items()):
        later = clock.now() + timedelta(seconds=seconds) if seconds else None
        mailing.hand_back(session, state, sorted(actions), later)
