"""A petition's fortnight in virtual time: people who do this and that, a relay that fails them, a worker that dies.

What happens to whom is drawn from one seed. Nobody waits for real time but for a relay that hangs, some hundredths.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from bench.relay import Answer, Relay, Talk
from proca_web.adapters.alive import trouble
from proca_web.adapters.database import direct_read, direct_write, reading, writing
from proca_web.adapters.keyring import waiting_of
from proca_web.crypto.encoding import decode
from proca_web.domain.errors import DiskFull, NoWorkerKey, Unavailable, UnknownToken
from proca_web.domain.pages import tracking
from proca_web.domain.pages.privacy import Consent
from proca_web.domain.people.contact import ContactData
from proca_web.domain.transient import Event
from proca_web.extensions import db, encryption
from proca_web.jobs import accept, release, sweep, worker_keys
from proca_web.jobs.mail.post_office import send_mail
from proca_web.jobs.mail.room import room_of
from proca_web.jobs.mail.settler import Settler
from proca_web.services.instance import ageing
from proca_web.services.petitions import facts, overview
from proca_web.services.signatures import accepting, confirming, signing
from proca_web.services.signatures.signing import Submission
from tests import worker
from tests.factories import FakeClock, World
from tests.jobs.mail.conftest import Moment
from tests.relay import CUT, mute

_ARRIVAL = tracking.read_arrival({}, "", ())
_LINK = re.compile(rb"/confirm/([A-Za-z0-9_-]+)")

# What the relay does to a mail of one person in twenty each; the number is how often, before it takes the mail.
_GONE, _DEFERRED, _BLOCKED = "550 5.1.1 unknown", "451 4.7.1 come back later", "550 5.7.1 blocked"
_CLOSED = Answer("421 4.3.2 closing", cut=True)
OF_PEOPLE: dict[str, tuple[str, Callable[[], Answer | str], int]] = {
    "no such mailbox": ("rcpt", lambda: _GONE, 1000),
    "refused at the end": ("dot", lambda: "554 5.1.1 unknown", 1000),
    "greylisted": ("rcpt", lambda: _DEFERRED, 1),
    "deferred for ever": ("rcpt", lambda: _DEFERRED, 1000),
    "blocked for a while": ("rcpt", lambda: _BLOCKED, 3),
    "dropped before the message": ("data", lambda: CUT, 2),
    "dropped after the message": ("dot", lambda: CUT, 1),
    "dropped after every message": ("dot", lambda: CUT, 1000),
    "dropped after the answer": ("dot", lambda: Answer("250 ok", cut=True), 1000),
    "hangs before the message": ("rcpt", mute, 1),
    "hangs after the message": ("dot", mute, 1),
    "closed in the middle": ("rcpt", lambda: _CLOSED, 1),
    "too fast": ("rcpt", lambda: "454 Throttling failure: Maximum sending rate exceeded.", 1),
}
NEVER_PRESSES, REJECTS, PRESSES_TWICE = "never presses", "rejects", "presses twice"
DOES = (NEVER_PRESSES, REJECTS, PRESSES_TWICE)


class KilledError(BaseException):
    """A worker is gone from one moment to the next."""


@dataclass
class Person:
    """One of the thousand: what befalls her mail, what she does, and when she got one."""

    fault: str
    does: str
    mails: list[datetime] = field(default_factory=list)
    thanks: int = 0
    token: bytes = b""
    presses_at: datetime | None = None


@dataclass
class Life:
    """All of it. `world` has its app, `clock` the wall's time and `moment` the mail's own."""

    world: World
    relay: Relay
    clock: FakeClock
    moment: Moment
    patch: pytest.MonkeyPatch
    random: Random
    people: list[Person] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    turns: int = 0
    leaps: list[datetime] = field(default_factory=list)
    wrong_by: timedelta = timedelta()
    is_away = is_sender_refused = False
    _failing: Callable[[], bool] = bool
    _fault: type[Unavailable] = Unavailable

    def begin(self) -> None:
        """The relay and the database listen to fate from now on."""
        self.relay.script = self._answer
        with self.world.app.app_context():
            event.listen(db.engine, "begin", self._database, insert=True)  # before it takes its turn to write

    def true_now(self) -> datetime:
        """The time, whatever this host believes."""
        return self.clock.moment - self.wrong_by

    def sign(self, number: int) -> None:
        """So many people sign; one in twenty each meets one of the faults, or does something else than confirm."""
        with self.world.app.app_context():
            worker.has_key(self.world.app)
            with reading() as session:
                page = facts.read(session, "trees", encryption.vouching, self.clock())
            drafts = []
            for _ in range(number):
                address = f"person{len(self.people)}@{self.random.choice('abcdefghij')}.example.org"
                self.people.append(Person(self._drawn(list(OF_PEOPLE)), self._drawn(list(DOES))))
                contact = ContactData(first_name="Zofia", last_name="Żółć", email=address)
                given = Submission(contact, Consent(True, True), "", _ARRIVAL, page.wording)
                with encryption.submission() as sealing:
                    drafts.append(signing.seal(sealing, waiting_of(self.world.app), page, given, self.clock()))
            with direct_write() as connection:
                for draft in drafts:
                    signing.write(connection, draft)

    def pass_by(self, distance: timedelta, fate: str = "") -> None:
        """Time passes, the worker works as far as fate lets it, people press what has come."""
        self.clock.moment += distance
        self.moment.forward(distance.total_seconds())
        with self._struck(fate):
            worker.has_key(self.world.app)
            for act in (accept.accept, send_mail, release.release, send_mail, *self._sweep(), send_mail):
                self._work(act)
                self.moment.forward(60)
            self._read_mails()
        self._press()

    def oldest_readable(self) -> timedelta:
        """For how long the oldest address that a worker can open could be."""
        with self.world.app.app_context(), reading() as session:
            _, oldest = overview.readable(session)
        return self.true_now() - oldest if oldest else timedelta(0)

    # Fate

    def _drawn(self, choices: list[str]) -> str:
        drawn = int(self.random.random() * 20)
        return choices[drawn] if drawn < len(choices) else ""

    @contextmanager
    def _struck(self, fate: str) -> Iterator[None]:
        self.happened[fate] += 1
        self.turns += 1
        with self.patch.context() as patch:
            match fate.split(":"):
                case ["relay away"]:
                    self.is_away = True
                case ["sender refused"]:
                    self.is_sender_refused = True
                case ["killed after the answer"]:
                    patch.setattr(Settler, "settle", self._dies(Settler.settle, after=self.random.randint(2, 8)))
                case ["killed while accepting"]:
                    patch.setattr(accepting, "accept", self._dies(accepting.accept, after=0, at_end=True))
                case ["killed before accepting"]:
                    patch.setattr(accept, "accept", lambda _app: None)
                case ["database restarts" | "disk full"]:
                    draws = Random(self.turns)  # how often it is asked depends on the machine
                    self._failing = lambda: draws.random() < 0.05
                    self._fault = DiskFull if fate == "disk full" else Unavailable
                case ["keys lost"]:
                    self._lose_keys()
                case ["clock", hours]:
                    self.wrong_by = timedelta(hours=int(hours))
                    self.leaps.append(self.clock.moment)
                case ["clock of this host", hours]:
                    self.wrong_by = timedelta(hours=int(hours))
                    patch.setattr("proca_web.adapters.clock.of_database", lambda _session: self.true_now())
            self.clock.moment += self.wrong_by
            yield
        self.clock.moment -= self.wrong_by
        self.wrong_by, self.is_away, self.is_sender_refused, self._failing = timedelta(0), False, False, bool

    def _dies(self, real: Callable[..., Any], *, after: int, at_end: bool = False) -> Callable[..., Any]:
        left = [after]

        def act(*given: object) -> Any:
            left[0] -= 1
            if left[0] >= 0:
                return real(*given)
            if at_end:
                real(*given)
            raise KilledError

        return act

    def _lose_keys(self) -> None:
        ring = self.world.app.extensions["proca_keyring"]
        for public in ring.worker.publics():
            ring.worker.destroy(public)
        with self.world.app.app_context():
            assert worker_keys.begin(self.world.app) == ""

    def _database(self, _connection: object) -> None:
        if self._failing():
            raise self._fault("fate")

    # The worker, and its relay

    def _sweep(self) -> list[Callable[..., object]]:
        """Every second turn, for it is dear; where the clock is right it has swept each minute meanwhile."""
        kept_up = [] if self.wrong_by else [self._trust]
        return [*kept_up, sweep.housekeeping] if self.turns % 2 else []

    def _trust(self, app: Flask) -> None:
        with app.app_context(), writing() as session:
            ageing.trust(session, self.clock())

    def _work(self, act: Callable[..., object]) -> None:
        """An act of a worker: what fails is tried again with the next one; who is killed is another process then."""
        try:
            trouble.survived(self.world.app, "work", lambda: act(self.world.app))
        except KilledError:
            del self.world.app.extensions["proca_mail"]
            self.patch.setattr(room_of(self.world.app)._is_over, "wait", self.moment.forward)

    def _answer(self, talk: Talk, step: str, _argument: str) -> Answer | str | None:
        if step == "greeting" and self.is_away:
            return CUT
        if step == "mail":
            return _BLOCKED if self.is_sender_refused else None
        person = self._person(talk.recipient)
        if person is None or person.fault not in OF_PEOPLE:
            return None
        at, answer, times = OF_PEOPLE[person.fault]
        if step != at or self.told[talk.recipient, step] >= times:
            return None
        self.told[talk.recipient, step] += 1
        self.happened[person.fault] += 1
        return answer()

    def _person(self, address: str) -> Person | None:
        found = re.match(r"person(\d+)@", address)
        return self.people[int(found[1])] if found else None

    # People

    def _read_mails(self) -> None:
        taken, self.relay.taken[:] = list(self.relay.taken), []
        for recipient, message in taken:
            person = self._person(recipient)
            if person is None:
                continue
            link = _LINK.search(message.replace(b"=\r\n", b""))
            if link is None:
                person.thanks += 1
                continue
            person.mails.append(self.true_now())
            person.token = decode(link[1].decode())
            if person.presses_at is None:
                person.presses_at = self.true_now() + timedelta(minutes=self.random.randint(0, 600))

    def _press(self) -> None:
        """Who has a link presses it; a day later again, while the signature's page does not say that it counts."""
        for person in self.people:
            if person.presses_at is None or person.presses_at > self.true_now() or person.does == NEVER_PRESSES:
                continue
            with self.world.app.app_context():
                again = self._decide(person)
            person.presses_at = self.true_now() + timedelta(days=1) if again else None

    def _decide(self, person: Person) -> bool:
        """Confirm or reject by the link; whether to look again."""
        now, app = self.clock(), self.world.app
        try:
            with direct_read() as connection:
                signature = confirming.find(connection, person.token)
        except UnknownToken:
            return False
        if signature.is_accepted:
            return False
        if person.does == REJECTS:
            with writing() as session:
                confirming.purge(session, signature, Event.REJECT, now)
            return False
        for _ in range(2 if person.does == PRESSES_TWICE else 1):
            try:
                sealed = confirming.seal(waiting_of(app), person.token)
            except NoWorkerKey:  # the page says 503 and that the link stays good
                return True
            with direct_write(one_statement=True) as connection:
                confirming.confirm(connection, signature, sealed, now)
        return True
