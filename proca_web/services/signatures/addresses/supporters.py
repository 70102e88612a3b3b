"""The person behind a confirmed signature: one row in the campaign, known by a fingerprint alone (protocol 6).

A fixed number of statements, however many there are; the caller holds the lock `fingerprints.alone` and the actions'
rows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, bindparam, select
from sqlalchemy.orm import Session

from proca_web.models import Supporter
from proca_web.services import driver
from proca_web.services.signatures.addresses.marks import Mark

_FOUND = (Supporter.id, Supporter.campaign_id, Supporter.fingerprint)
_NEW = driver.insert(
    Supporter,
    lambda new: new.on_conflict_do_nothing(index_elements=["campaign_id", "fingerprint"]).returning(*_FOUND),
)
_KNOWN = select(*_FOUND).where(
    Supporter.campaign_id.in_(bindparam("campaigns", expanding=True)),
    Supporter.fingerprint.in_(bindparam("marks", expanding=True)),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Whose signature it is, and whether they had signed before."""

    id: int
    was_there: bool


def enter(session: Session, marks: Mapping[int, Mark], now: datetime) -> dict[int, Person]:
    """Who is behind each of these actions, by their address's mark; who was not there is from now on."""
    people: dict[Mark, int] = {}
    new: set[Mark] = set()
    while missing := sorted(set(marks.values()) - people.keys()):
        made = _add(session, missing, now)
        people |= made | _held(session, set(missing) - made.keys())
        new |= made.keys()
    found = {}
    for action, mark in marks.items():
        found[action] = Person(people[mark], mark not in new)
        new.discard(mark)  # the same person's next signature here is one more
    return found


def _add(session: Session, marks: Collection[Mark], now: datetime) -> dict[Mark, int]:
    rows = [{"campaign_id": campaign, "fingerprint": mark, "created_at": now} for campaign, mark in marks]
    return _by_mark(session, _NEW.of(session), rows)


def _held(session: Session, marks: Collection[Mark]) -> dict[Mark, int]:
    """Those who were there, and stay: their rows are locked, after a withdrawal was waited for that takes one away."""
    known = _known(session, marks)
    driver.lock_supporters(session, known.values())
    return dict(known.items() & _known(session, known.keys()).items())


def _known(session: Session, marks: Collection[Mark]) -> dict[Mark, int]:
    if not marks:
        return {}
    bound = {"campaigns": {campaign for campaign, _ in marks}, "marks": [mark for _, mark in marks]}
    found = _by_mark(session, _KNOWN, bound)
    return {mark: found[mark] for mark in marks if mark in found}


def _by_mark(session: Session, statement: Executable, bound: Any) -> dict[Mark, int]:
    return {(row.campaign_id, bytes(row.fingerprint)): row.id for row in session.execute(statement, bound)}
