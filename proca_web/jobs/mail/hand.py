"""What one worker process has claimed, from the claim until what came of it is written down."""

import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from proca_web.adapters.mail.letters import Mail
from proca_web.domain.delivery import providers
from proca_web.domain.outcome import Outcome
from proca_web.services.signatures.mailing import DueMail
from proca_web.services.staff.outbox import DueNotice

_NUMBERS = count(1)


@dataclass(slots=True, eq=False)
class Held:
    """A claimed mail; its text goes as soon as it is over. `fault` is the kind of an error of ours.

    `provider` is known once it is over: of where it went, that much stays.
    """

    due: DueMail | DueNotice
    mail: Mail | None = field(repr=False)
    claimed_at: float
    number: int = field(default_factory=lambda: next(_NUMBERS))
    begun_at: float | None = None
    tries: int = 0
    fault: str = ""
    provider: str = providers.OTHER

    @property
    def domain(self) -> str:
        """Where it goes; only for as long as it is in memory. Mails to staff wait for nobody's domain."""
        if self.mail is None or isinstance(self.due, DueNotice):
            return ""
        return self.mail.recipient.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Back:
    """A mail that was claimed and is to be sent later, or by others: not before so many seconds."""

    held: Held
    seconds: float = 0.0


@dataclass(slots=True)
class Done:
    """What is to be written down: outcomes, what is handed back, and what is wrong with the server."""

    outcomes: list[tuple[Held, Outcome]] = field(default_factory=list)
    backs: list[Back] = field(default_factory=list)
    fault: str = ""


class Hand:
    """Everything whose lease is ours; what is over waits for the settler. Under the table's lock."""

    def __init__(self, lock: AbstractContextManager[Any]) -> None:
        self._lock = lock
        self._held: dict[int, Held] = {}
        self._done = Done()
        self.done = threading.Event()

    def add(self, helds: Iterable[Held]) -> None:
        """These are ours now."""
        self._held.update({held.number: held for held in helds})

    def end(self, held: Held, outcome: Outcome) -> None:
        """It is over."""
        if held.mail is not None:
            held.provider = providers.of(held.mail.recipient)
        held.mail = None
        self._done.outcomes.append((held, outcome))
        self.done.set()

    def back(self, held: Held, seconds: float = 0.0) -> None:
        """It is not to be sent by us now."""
        held.mail = None
        self._done.backs.append(Back(held, seconds))
        self.done.set()

    def fault(self, fault: str) -> None:
        """Something is wrong with the server."""
        self._done.fault = fault
        self.done.set()

    def unsettled(self) -> int:
        """How many outcomes are not written down."""
        return len(self._done.outcomes)

    def take_done(self) -> Done:
        """What is to be written down now."""
        with self._lock:
            self.done.clear()
            done, self._done = self._done, Done()
            return done

    def put_again(self, done: Done) -> None:
        """It could not be written down yet."""
        with self._lock:
            self._done.outcomes[:0], self._done.backs[:0] = done.outcomes, done.backs
            self._done.fault = self._done.fault or done.fault

    def settled(self, helds: Iterable[Held]) -> None:
        """It is written down, or somebody else has decided."""
        with self._lock:
            for held in helds:
                self._held.pop(held.number, None)

    def all(self) -> list[Held]:
        """Everything whose lease is ours."""
        with self._lock:
            return list(self._held.values())

    def is_busy(self) -> bool:
        """Whether a mail is under way."""
        return any(held.begun_at is not None and held.mail is not None for held in self.all())
