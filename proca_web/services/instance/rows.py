"""What must hold of each signature and of each address that waits, looked at in short blocks.

A large table `check` does not read: it looks at the newest rows and at some from places drawn at random, so that it
costs the same at 10⁴ and at 10⁷ rows. `check --all` looks at every row.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from proca_web.crypto.boxes import transient_seal
from proca_web.domain.transient import State
from proca_web.domain.words import ActionStatus
from proca_web.models import Action, Contact, Transient, WorkerKeyRow
from proca_web.services.sealing.keyring import Keyring

BLOCK = 500
PLACES, A_PLACE = 10, 50
_IDS: BindParameter[Sequence[int]] = bindparam("ids", expanding=True)
_GONE: BindParameter[Sequence[int]] = bindparam("gone", expanding=True)
_COPY = exists().where(Contact.action_id == Action.id)
_WAITS = exists().where(Transient.action_id == Action.id)
_UNSENT = (State.TO_SEND, State.SENDING)


def _number(*where: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*where), 1), else_=0)), 0)


# One statement a block: it sees each row and what belongs to it at one moment.
_SIGNED = select(
    _number(Action.status == ActionStatus.PENDING, ~_WAITS).label("linkless"),
    _number(Action.status == ActionStatus.ACCEPTED, ~_COPY).label("without_copy"),
    _number(Action.released.is_(True), _COPY.where(Contact.seq.is_(None))).label("without_place"),
).where(Action.id.in_(_IDS))
_SEALED = (
    select(Transient.wait_key, func.count(), _number(Transient.unsure > 0, Transient.state.in_(_UNSENT)))
    .where(Transient.action_id.in_(_IDS))
    .group_by(Transient.wait_key)
)
_UNKNOWN = select(Transient.wait_seal).where(Transient.action_id.in_(_IDS), Transient.wait_key.in_(_GONE))


@dataclass(frozen=True, slots=True)
class Rows:
    """A kind of rows: what people call them, what is wrong with some, and the sentence for each fault."""

    called: str
    id: InstrumentedAttribute[int]
    faults: Callable[[Session, Keyring, Sequence[int]], Mapping[str, int]]
    sentences: Mapping[str, str]


def _signature_faults(session: Session, _keyring: Keyring, ids: Sequence[int]) -> Mapping[str, int]:
    return {name: int(number) for name, number in session.execute(_SIGNED, {"ids": ids}).mappings().one().items()}


def _waiting_faults(session: Session, _keyring: Keyring, ids: Sequence[int]) -> Mapping[str, int]:
    found = session.execute(_SEALED, {"ids": ids}).all()
    there = set(session.scalars(select(WorkerKeyRow.id)))  # after what names them: those made meanwhile are known
    gone = [key for key, *_ in found if key is not None and key not in there]
    seals = session.scalars(_UNKNOWN, {"ids": ids, "gone": gone}).all() if gone else ()
    lost = sum(there.isdisjoint(transient_seal.key_ids(seal)) for seal in seals if seal)
    return {"keyless": lost, "unsure": sum(int(unsure) for *_, unsure in found)}


SIGNATURES = Rows(
    "signatures",
    Action.id,
    _signature_faults,
    {
        "linkless": "%d signatures are unconfirmed, and nothing waits for them: no link can confirm them",
        "without_copy": "%d accepted signatures have no copy for any organisation",
        "without_place": "%d released signatures have a copy that is in no export",
    },
)
WAITING = Rows(
    "waiting addresses",
    Transient.action_id,
    _waiting_faults,
    {
        "keyless": "no worker host has a key of %d waiting addresses: their mails cannot be sent",
        "unsure": "%d mails have an end that nobody knows (the server did not answer, or the worker died)",
    },
)
KINDS = (SIGNATURES, WAITING)


class Look:
    """A look at the rows of one kind: at some of them, or at the whole table."""

    def __init__(self, rows: Rows, *, whole: bool) -> None:
        self._rows, self._whole = rows, whole
        self._found: Counter[str] = Counter()
        self._last = 0
        self.looked = self.about = 0

    def go_on(self, session: Session, keyring: Keyring) -> bool:
        """Look at the next rows; False when there are no more to look at."""
        ids = self._above(session, self._last, BLOCK) if self._whole else self._sample(session)
        for start in range(0, len(ids), BLOCK):
            self._found.update(self._rows.faults(session, keyring, ids[start : start + BLOCK]))
        self.looked += len(ids)
        self.about = max(self.about, self.looked)
        self._last = ids[-1] if ids else self._last
        return self._whole and len(ids) == BLOCK

    @property
    def faults(self) -> list[str]:
        """What was found, as sentences."""
        return [self._rows.sentences[name] % number for name, number in self._found.items() if number]

    @property
    def note(self) -> str:
        """What was not looked at; nothing, when all was."""
        if self.looked == self.about:
            return ""
        counted = f"{self.looked:,} of about {self.about:,} {self._rows.called}"
        return f"looked at {counted}; `check --all` looks at all of them"

    def _above(self, session: Session, last: int, most: int) -> Sequence[int]:
        column = self._rows.id
        return session.scalars(select(column).where(column > last).order_by(column).limit(most)).all()

    def _sample(self, session: Session) -> Sequence[int]:
        """All rows of a small table; of a large one the newest, and some from places drawn at random."""
        column = self._rows.id
        oldest = self._above(session, 0, BLOCK * 2)
        if len(oldest) < BLOCK * 2:
            return oldest
        newest = session.scalars(select(column).order_by(column.desc()).limit(BLOCK)).all()
        first, end = oldest[0], newest[-1]
        drawn, span = set[int](), 0
        for _ in range(PLACES):
            place = first - 1 + secrets.randbelow(end - first)
            met = self._above(session, place, A_PLACE)
            span += met[-1] - place
            drawn.update(met)
        self.about = _rounded(BLOCK + (end - first) * PLACES * A_PLACE // span)
        return sorted(drawn | set(newest))


def _rounded(number: int) -> int:
    """To two digits: it is an estimate."""
    return round(number, 2 - len(str(number)))
