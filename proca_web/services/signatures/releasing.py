"""Release: accepted copies get their org's next `seq` and enter the exports; supporters enter the counter (protocol 4).

One batch at a time, under one lock, in one transaction: `seq` is committed in order and without gaps, so an org that
pulled past a number never misses a confirmation that arrives late. A supporter may withdraw at any moment: what is
released is decided on rows that are locked, and was read after they were.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, bindparam, select, text, update
from sqlalchemy.orm import Session

from proca_web.domain.words import ActionStatus, DayEvent
from proca_web.models import Action, ActionPage, Contact, ReleaseCounter
from proca_web.services import driver
from proca_web.services.petitions import counting

BATCH = 500
_RELEASE_LOCK = 0x70726F6361

_ACTIONS, _CONTACTS, _COUNTERS = driver.table(Action), driver.table(Contact), driver.table(ReleaseCounter)
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_UNRELEASED = text("actions.status <> 'pending' AND NOT actions.released")  # word for word as the index has it
# In the index's own order: PostgreSQL would walk the table otherwise, expecting to meet one soon.
_DUE = (
    select(Action.id)
    .where(_UNRELEASED, Action.id.not_in(bindparam("aside", expanding=True)))
    .order_by(Action.accepted_at, Action.id)
    .limit(bindparam("most"))
)
_STILL_DUE = (
    select(Action.id, Action.status, Action.testing, Action.repeat, Action.action_page_id, ActionPage.campaign_id)
    .add_columns(Action.confirm_id.is_(None).label("is_unasked"), Action.utm_source, Action.area)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .where(_UNRELEASED, Action.id.in_(_IDS))
    .order_by(Action.accepted_at, Action.id)
)
_COPIES = (
    select(Contact.id, Contact.org_id, Contact.role, Contact.action_id, Contact.seq)
    .join(Action, Action.id == Contact.action_id)
    .where(Contact.action_id.in_(_IDS))
    .order_by(Contact.org_id, Contact.role, Action.accepted_at, Contact.id)
)
_NEW_COUNTER = driver.insert(ReleaseCounter, lambda new: new.on_conflict_do_nothing())
_TAKE = (
    update(_COUNTERS)
    .where(_COUNTERS.c.org_id == bindparam("org"), _COUNTERS.c.role == bindparam("of"))
    .values(last_seq=_COUNTERS.c.last_seq + bindparam("number"))
    .returning(_COUNTERS.c.last_seq)
)
_NUMBER = update(_CONTACTS).where(_CONTACTS.c.id == bindparam("copy")).values(seq=bindparam("place"))
_DONE = update(_ACTIONS).where(_ACTIONS.c.id.in_(_IDS)).values(released=True)
_COUNTED = update(_ACTIONS).where(_ACTIONS.c.id.in_(_IDS)).values(counted=True)


def due(session: Session, limit: int = BATCH, aside: Collection[int] = ()) -> list[int]:
    """Up to `limit` actions that wait for their release, oldest first, without those that were set aside."""
    return list(session.scalars(_DUE, {"most": limit, "aside": list(aside)}))


def release(session: Session, now: datetime, limit: int = BATCH) -> int:
    """Release up to `limit` accepted, changed or withdrawn actions; returns how many."""
    driver.lock(session, _RELEASE_LOCK)
    return release_these(session, due(session, limit), now)


def release_these(session: Session, candidates: Sequence[int], now: datetime) -> int:
    """Release those of the candidates that are due once their rows are locked; returns how many."""
    driver.lock(session, _RELEASE_LOCK)
    driver.lock_actions(session, candidates)
    found = session.execute(_STILL_DUE, {"ids": candidates}).all()
    if not found:
        return 0
    ids = [action.id for action in found]
    copies = session.execute(_COPIES, {"ids": ids}).all()
    for (org, role), group in groupby(copies, key=lambda copy: (copy.org_id, copy.role)):
        _number(session, org, role, [copy.id for copy in group])
    session.execute(_DONE, {"ids": ids})
    fresh = {copy.action_id for copy in copies if copy.seq is None}
    first = [
        action
        for action in found
        if action.id in fresh and action.status == ActionStatus.ACCEPTED and not action.testing
    ]
    _count_new(session, [action for action in first if not action.repeat], now)
    counting.add_each(session, [action.action_page_id for action in first if action.repeat], DayEvent.REPEATED, now)
    return len(ids)


def _number(session: Session, org: int, role: str, contact_ids: list[int]) -> None:
    session.execute(_NEW_COUNTER.of(session), {"org_id": org, "role": role})
    last = session.execute(_TAKE, {"org": org, "of": role, "number": len(contact_ids)}).scalar_one()
    first = last - len(contact_ids) + 1
    session.execute(_NUMBER, [{"copy": id_, "place": first + place} for place, id_ in enumerate(contact_ids)])


def _count_new(session: Session, actions: list[Any], now: datetime) -> None:
    counting.add_signed(session, actions, DayEvent.CONFIRMED, now)
    unasked = Counter(action.campaign_id for action in actions if action.is_unasked)
    for campaign, number in Counter(action.campaign_id for action in actions).items():
        counting.count(session, campaign, number, now, unasked=unasked[campaign])
    if actions:
        session.execute(_COUNTED, {"ids": [action.id for action in actions]})
