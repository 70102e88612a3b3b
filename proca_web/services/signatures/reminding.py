"""One more mail a day after the first, where the campaign says so; the address waits for it, sealed (protocol 6).

Whatever becomes of a reminder, its address is closed: from then on only the mailed link opens it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.orm import Session, aliased

from proca_web.domain.transient import REMINDED_WITHIN, Event, State, sources
from proca_web.models import Action, ActionPage, Campaign, Org, Transient
from proca_web.services import driver

BATCH = 500
_LEAD, _COLLECTOR = aliased(Org), aliased(Org)
# For statements that know the page and its campaign: the orgs to join, and whether there is a reminder at all.
ORGS = ((_LEAD, _LEAD.id == Campaign.org_id), (_COLLECTOR, _COLLECTOR.id == ActionPage.org_id))
IS_WANTED = and_(Campaign.reminder, ~_LEAD.high_security, ~_COLLECTOR.high_security)
_TRANSIENTS = driver.table(Transient)
_ROW = _TRANSIENTS.c
_IDS: Any = bindparam("ids", expanding=True)
_BEGUN = (
    select(_ROW.action_id, _ROW.waiting_since, Campaign.confirm_days)
    .join(Action, Action.id == _ROW.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .where(_ROW.state == bindparam("held"), _ROW.wait_seal.is_not(None), _ROW.action_id.in_(_IDS))
)
_CLOSE = (
    update(_TRANSIENTS)
    .where(_ROW.action_id == bindparam("action"), _ROW.state == bindparam("held"))
    .values(state=State.WAITING, wait_key=None, wait_seal=None, sealed_at=None, lease_until=None)
    .values(next_try=bindparam("over"))
)
# The first bound has an index: nothing waits for its link from before it was sealed.
_OVERDUE = (
    select(_ROW.action_id, _ROW.state)
    .where(_ROW.wait_seal.is_not(None), _ROW.sealed_at < bindparam("before"), _ROW.waiting_since < bindparam("before"))
    .where(_ROW.state.in_(sources(Event.CLOSE, State.WAITING)))
    .limit(BATCH)
)


def close(session: Session, action_ids: Collection[int], held: State) -> int:
    """These wait for their links alone, as long as they would have; of how many nobody had decided meanwhile."""
    begun = session.execute(_BEGUN, {"ids": sorted(action_ids), "held": held}).all()
    done = 0
    for row in begun:
        bound = {"action": row.action_id, "held": held, "over": row.waiting_since + timedelta(days=row.confirm_days)}
        done += driver.changed(session, _CLOSE, bound)
    return done


def overdue(session: Session, aged: datetime) -> list[tuple[int, State]]:
    """What is still readable 26 hours after its first mail."""
    rows = session.execute(_OVERDUE, {"before": aged - REMINDED_WITHIN})
    return [(row.action_id, State(row.state)) for row in rows]
