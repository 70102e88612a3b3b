"""How late mail is (protocol 6, queue delay): the age of the oldest mail to a supporter that no relay has answered yet.

A mail that some relay has answered is late by that relay's doing, one whose end nobody knows waits for its turn, and
one that was put off waits for its domain: one provider that takes nothing pauses no petition.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from proca_web.domain.transient import State
from proca_web.models import Transient
from proca_web.services.petitions import transports
from proca_web.services.petitions.transports import INSTANCE, Delays

TOLD_TO_SIGNERS = timedelta(minutes=2)
ALARMING = timedelta(minutes=15)
# The longest due stand first; a page view looks no further.
_LOOKED_AT = 100
_UNANSWERED = (
    select(Transient.sealed_at)
    .where(Transient.state == bindparam("state"), Transient.transport == bindparam("transport"))
    .where(Transient.next_try <= bindparam("now"), Transient.attempts == 0, Transient.unsure == 0)
    .where(Transient.next_try == Transient.sealed_at)  # as it was made: nobody has put it off
    .order_by(Transient.next_try)
    .limit(_LOOKED_AT)
)


def of(session: Session, state: State, now: datetime, own: Collection[str]) -> Delays:
    """How long the oldest of the mails in that state (`to_send`, `thanks_to_send`) has been waiting unanswered.

    `own`: the orgs with a mail server of their own.
    """
    found = {org: _of_one(session, state, now, org) for org in own}
    by_instance = transports.by_instance(session, own, (state,))
    return Delays(found | {INSTANCE: max(_of_one(session, state, now, name) for name in by_instance)})


def in_words(delays: Delays) -> str:
    """Which mails are so late that somebody must look, for operators; empty where none are."""
    late = {org: delay for org, delay in delays.by_transport.items() if delay > ALARMING}
    return ", ".join(
        f"confirmation mails {f'of {org} ' if org else ''}leave {delay // timedelta(minutes=1)} minutes late"
        for org, delay in sorted(late.items())
    )


def _of_one(session: Session, state: State, now: datetime, transport: str) -> timedelta:
    waiting = session.scalars(_UNANSWERED, {"state": state, "transport": transport, "now": now}).all()
    return max((now - since for since in waiting if since is not None), default=timedelta(0))
