"""By whose mail server mails leave: that of the org a row names; with no name, or one not set up any more, ours."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from proca_web.domain.transient import State
from proca_web.models import Org, Transient
from proca_web.services import driver

INSTANCE = ""
TO_MAIL = (State.TO_SEND, State.THANKS_TO_SEND, State.WAITING)  # the last one for reminders
_ROW = driver.table(Transient).c


def _names() -> Select[str]:
    """Statement: the different names among the rows of a state, from one to the next: as many looks as names."""
    in_state = select(func.min(_ROW.transport).label("name")).where(_ROW.state == bindparam("state"))
    names = in_state.cte("names", recursive=True)
    known = names.alias("known")
    after = in_state.where(_ROW.transport > known.c.name).correlate(known).scalar_subquery()
    names = names.union_all(select(after).select_from(known).where(known.c.name.is_not(None)))
    return select(names.c.name).where(names.c.name.is_not(None))


_NAMES = _names()


@dataclass(frozen=True, slots=True)
class Delays:
    """How long the oldest mail of each transport has been waiting unanswered; the instance's has the empty name."""

    by_transport: Mapping[str, timedelta]

    def of(self, org: str) -> timedelta:
        """How late mails of that org's pages are."""
        return self.by_transport.get(org, self.by_transport.get(INSTANCE, timedelta(0)))


def named(session: Session, states: Iterable[State]) -> set[str]:
    """Every org that rows in these states name."""
    found: set[str] = set()
    for state in states:
        found.update(session.scalars(_NAMES, {"state": state}))
    return found - {INSTANCE}


def by_instance(session: Session, own: Container[str], states: Iterable[State] = TO_MAIL) -> list[str]:
    """Which names in these states the instance's mail server serves: its own, and those that are set up no more."""
    return [INSTANCE, *fallen_back(session, own, states)]


def fallen_back(session: Session, own: Container[str], states: Iterable[State] = State) -> list[str]:
    """Orgs whose mails leave by the instance's mail server now, although their rows name one of their own."""
    return sorted(name for name in named(session, states) if name not in own)


def unknown(session: Session, own: Iterable[str]) -> list[str]:
    """Which of these names are no org's."""
    known = set(session.scalars(select(Org.name)))
    return sorted(name for name in own if name not in known)
