"""Times that only a clock far ahead can have written become the present: else their rows would wait for years.

Nothing is purged or sent here. `now` must be the later of the clock and of the moment that ages count against, so that
a clock far behind makes nothing older than it is.
"""

from datetime import datetime, timedelta

from sqlalchemy import BindParameter, bindparam, select, update
from sqlalchemy.orm import Session

from proca_web.domain.transient import REMINDED_AFTER, State
from proca_web.models import Action, ActionPage, Campaign, OutboxMail, Transient
from proca_web.services import driver

AHEAD = timedelta(minutes=5)
LONGEST_LEASE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(hours=25)
LONGEST_WAIT = timedelta(days=31)

_TRANSIENTS, _ACTIONS, _OUTBOX = driver.table(Transient), driver.table(Action), driver.table(OutboxMail)
_ROW, _MAIL = _TRANSIENTS.c, _OUTBOX.c
_NOW: BindParameter[datetime] = bindparam("now")
_LIMIT: BindParameter[datetime] = bindparam("limit")
_OPEN = tuple(state for state in State if state is not State.WAITING)
_MADE_AHEAD = select(_ROW.action_id).where(_ROW.created_at > _LIMIT)
_SIGNED = update(_ACTIONS).where(_ACTIONS.c.id.in_(_MADE_AHEAD), _ACTIONS.c.created_at > _LIMIT).values(created_at=_NOW)
_MADE = update(_TRANSIENTS).where(_ROW.created_at > _LIMIT).values(created_at=_NOW)
_SEALED = update(_TRANSIENTS).where(_ROW.wait_seal.is_not(None), _ROW.sealed_at > _LIMIT).values(sealed_at=_NOW)
_LEASED = update(_TRANSIENTS).where(_ROW.state.in_(_OPEN), _ROW.lease_until > _LIMIT).values(lease_until=_NOW)
_DUE = update(_TRANSIENTS).where(_ROW.state.in_(_OPEN), _ROW.next_try > _LIMIT).values(next_try=_NOW)
# Its 26 hours would begin in the future.
_TO_REMIND = (
    update(_TRANSIENTS)
    .where(_ROW.state == State.WAITING, _ROW.wait_seal.is_not(None), _ROW.waiting_since > bindparam("limit"))
    .values(waiting_since=_NOW, next_try=bindparam("remind"))
)
_STAFF_LEASED = update(_OUTBOX).where(_MAIL.lease_until > _LIMIT).values(lease_until=_NOW)
_STAFF_DUE = update(_OUTBOX).where(_MAIL.next_try > _LIMIT).values(next_try=_NOW)
_WAIT_LONG = (
    select(_ROW.action_id, Campaign.confirm_days)
    .join(Action, Action.id == _ROW.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .where(_ROW.state == State.WAITING, _ROW.next_try > _LIMIT)
)
_WAIT_AGAIN = (
    update(_TRANSIENTS)
    .where(_ROW.action_id == bindparam("action"), _ROW.state == State.WAITING)
    .values(next_try=bindparam("over"), waiting_since=_NOW)
)


def mend(session: Session, now: datetime) -> None:
    """Set what is ahead of the present to it: signatures, leases, next tries, and how long a link is waited for."""
    for statement, distance in (
        (_SIGNED, AHEAD),
        (_MADE, AHEAD),
        (_SEALED, AHEAD),
        (_LEASED, LONGEST_LEASE),
        (_DUE, LONGEST_PAUSE),
        (_STAFF_LEASED, LONGEST_LEASE),
        (_STAFF_DUE, LONGEST_PAUSE),
    ):
        session.execute(statement, {"now": now, "limit": now + distance})
    session.execute(_TO_REMIND, {"now": now, "limit": now + AHEAD, "remind": now + REMINDED_AFTER})
    for row in session.execute(_WAIT_LONG, {"limit": now + LONGEST_WAIT}).all():
        over = now + timedelta(days=row.confirm_days)
        session.execute(_WAIT_AGAIN, {"action": row.action_id, "over": over, "now": now})
