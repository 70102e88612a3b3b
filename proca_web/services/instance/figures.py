"""How much waits and for how long, what is readable, what happened today: for `/health` and `/metrics`. Reads only.

Numbers of mails, addresses and events of the whole instance; nothing about a person or a page; of orgs
the name of who has a mail server of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import Dimension
from proca_web.domain.transient import State
from proca_web.domain.words import DayEvent, OutboxState
from proca_web.models import Count, OutboxMail, Transient
from proca_web.services import heartbeats
from proca_web.services.instance import sends
from proca_web.services.petitions import mail_delay, overview
from proca_web.services.petitions.transports import INSTANCE

_KINDS = {"confirmation": State.TO_SEND, "thank_you": State.THANKS_TO_SEND}
_UNDER_WAY = {State.TO_SEND: State.SENDING, State.THANKS_TO_SEND: State.THANKS_SENDING}
_IN_STATES = select(Transient.transport, func.count()).where(Transient.state.in_(bindparam("states", expanding=True)))
_IN_STATES = _IN_STATES.group_by(Transient.transport)
_TO_STAFF = (OutboxMail.state.in_((OutboxState.TO_SEND, OutboxState.SENDING)), OutboxMail.next_try <= bindparam("now"))
_STAFF = select(func.count(), func.min(OutboxMail.next_try)).where(*_TO_STAFF)
_TODAY = (
    select(Count.event, func.sum(Count.number))
    .where(Count.hour >= bindparam("midnight"), Count.dimension == Dimension.ALL)
    .group_by(Count.event)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Mails of a kind that are not out yet, and for how long the oldest one has been due without an answer."""

    number: int
    delay: timedelta

    @property
    def seconds(self) -> int:
        """The delay in whole seconds."""
        return max(0, int(self.delay.total_seconds()))


@dataclass(frozen=True, slots=True)
class Figures:
    """The instance in numbers; `today` has every event, also those that did not happen.

    `mails`: by mail server, then by kind; the instance's has the empty name.
    """

    mails: dict[str, dict[str, Waiting]]
    readable: int
    oldest_readable_seconds: int
    today: dict[str, int]
    sends: dict[tuple[str, str, str], int]
    connections: dict[str, int]


def of_instance(session: Session, now: datetime, own: Collection[str]) -> Figures:
    """What they are at this moment. `own`: the orgs with a mail server of their own."""
    readable, oldest = overview.readable(session)
    happened = {
        event: number
        for event, number in session.execute(
            _TODAY, {"midnight": now.replace(hour=0, minute=0, second=0, microsecond=0)}
        )
    }
    return Figures(
        mails=mails(session, now, own),
        readable=readable,
        oldest_readable_seconds=_age(oldest, now),
        today={event: int(happened.get(event, 0)) for event in DayEvent},
        sends=sends.of_instance(session),
        connections=heartbeats.connections(session, now),
    )


def mails(session: Session, now: datetime, own: Collection[str]) -> dict[str, dict[str, Waiting]]:
    """What waits to be mailed, by mail server and kind; mails to staff leave by the instance's."""
    staff, oldest = session.execute(_STAFF, {"now": now}).one()
    found: dict[str, dict[str, Waiting]] = {name: {} for name in (INSTANCE, *own)}
    for kind, state in _KINDS.items():
        delays = mail_delay.of(session, state, now, own)
        numbers = dict.fromkeys(found, 0)
        for name, number in session.execute(_IN_STATES, {"states": [state, _UNDER_WAY[state]]}):
            numbers[name if name in own else INSTANCE] += number
        for name, kinds in found.items():
            kinds[kind] = Waiting(numbers[name], delays.of(name))
    found[INSTANCE]["staff"] = Waiting(staff, now - oldest if oldest else timedelta(0))
    return found


def _age(since: datetime | None, now: datetime) -> int:
    return 0 if since is None else max(0, int((now - since).total_seconds()))
