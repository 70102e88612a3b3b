"""Release: accepted copies get their org's next `seq` and enter the exports; supporters enter the counter (protocol 4).

One batch at a time, under one lock, in one transaction: `seq` is committed in order and without gaps, so an org that
pulled past a number never misses a confirmation that arrives late.
"""

from collections import Counter
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from proca_web.models.base import statement
from proca_web.services.petitions import counting

BATCH = 500
_RELEASE_LOCK = 0x70726F6361

_LOCK = statement("SELECT pg_advisory_xact_lock(:key)")
_DUE = statement("""
SELECT a.id, a.status, a.testing, a.repeat, a.action_page_id, p.campaign_id
  FROM actions a JOIN action_pages p ON p.id = a.action_page_id
 WHERE a.status <> 'pending' AND NOT a.released
 ORDER BY a.accepted_at, a.id LIMIT :limit
""")
_ANY_DUE = statement("SELECT 1 FROM actions WHERE status <> 'pending' AND NOT released LIMIT 1")
_COPIES = statement(
    """
SELECT c.id, c.org_id, c.role, c.action_id, c.seq FROM contacts c JOIN actions a ON a.id = c.action_id
 WHERE c.action_id IN :ids ORDER BY c.org_id, c.role, a.accepted_at, c.id
""",
    lists=("ids",),
)
_NEW_COUNTER = statement("""
INSERT INTO release_counters (org_id, role, last_seq) VALUES (:org, :role, 0) ON CONFLICT (org_id, role) DO NOTHING
""")
_TAKE = statement("""
UPDATE release_counters SET last_seq = last_seq + :number WHERE org_id = :org AND role = :role RETURNING last_seq
""")
_NUMBER = statement("UPDATE contacts SET seq = :seq WHERE id = :id")
_DONE = statement("UPDATE actions SET released = true WHERE id IN :ids", lists=("ids",))
_COUNTED = statement("UPDATE actions SET counted = true WHERE id IN :ids", lists=("ids",))


def is_due(session: Session) -> bool:
    """Whether anything waits for its release; asked before the lock is taken."""
    return session.execute(_ANY_DUE).first() is not None


def release(session: Session, now: datetime, limit: int = BATCH) -> int:
    """Release up to `limit` accepted, changed or withdrawn actions; returns how many."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK, {"key": _RELEASE_LOCK})
    due = session.execute(_DUE, {"limit": limit}).all()
    if not due:
        return 0
    ids = [action.id for action in due]
    copies = session.execute(_COPIES, {"ids": ids}).all()
    for (org, role), group in groupby(copies, key=lambda copy: (copy.org_id, copy.role)):
        _number(session, org, role, [copy.id for copy in group])
    session.execute(_DONE, {"ids": ids})
    fresh = {copy.action_id for copy in copies if copy.seq is None}
    first = [action for action in due if action.id in fresh and action.status == "accepted" and not action.testing]
    _count_new(session, [action for action in first if not action.repeat], now)
    _add_to_days(session, [action for action in first if action.repeat], "repeated", now)
    return len(ids)


def _number(session: Session, org: int, role: str, contact_ids: list[int]) -> None:
    where = {"org": org, "role": role}
    session.execute(_NEW_COUNTER, where)
    last = session.execute(_TAKE, {**where, "number": len(contact_ids)}).scalar_one()
    first = last - len(contact_ids) + 1
    session.execute(_NUMBER, [{"id": id_, "seq": first + place} for place, id_ in enumerate(contact_ids)])


def _count_new(session: Session, actions: list[Any], now: datetime) -> None:
    _add_to_days(session, actions, "confirmed", now)
    for campaign, number in Counter(action.campaign_id for action in actions).items():
        counting.count(session, campaign, number, now)
    if actions:
        session.execute(_COUNTED, {"ids": [action.id for action in actions]})


def _add_to_days(session: Session, actions: list[Any], event: str, now: datetime) -> None:
    for page, number in Counter(action.action_page_id for action in actions).items():
        counting.add_to_day(session, page, event, now, number)
