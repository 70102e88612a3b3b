"""How late mail is (protocol 6, queue delay): the age of the oldest mail to a supporter that no relay has answered yet.

A mail that some relay has answered is late by that relay's doing, one whose end nobody knows waits for its turn, and
one that was put off waits for its domain: one provider that takes nothing pauses no petition.
"""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from proca_web.domain.transient import State
from proca_web.models import Transient

TOLD_TO_SIGNERS = timedelta(minutes=2)
ALARMING = timedelta(minutes=15)
# The longest due stand first; a page view looks no further.
_LOOKED_AT = 100
_UNANSWERED = (
    select(Transient.sealed_at)
    .where(Transient.state == bindparam("state"), Transient.next_try <= bindparam("now"))
    .where(Transient.attempts == 0, Transient.unsure == 0)
    .where(Transient.next_try == Transient.sealed_at)  # as it was made: nobody has put it off
    .order_by(Transient.next_try)
    .limit(_LOOKED_AT)
)


def of(session: Session, state: State, now: datetime) -> timedelta:
    """How long the oldest of the mails in that state (`to_send`, `thanks_to_send`) has been waiting unanswered."""
    waiting = session.scalars(_UNANSWERED, {"state": state, "now": now}).all()
    return max((now - since for since in waiting if since is not None), default=timedelta(0))
