"""Mails to staff: written down in the transaction of what they tell, sent by the worker, told once.

Holds no supporter's data. A mail that cannot be sent within three days is given up; the console says the same.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.outcome import Outcome
from proca_web.models import Membership, Org, User
from proca_web.models.base import statement

LEASE = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(days=3)
REMEMBERED = timedelta(days=120)
LONGEST_PAUSE = timedelta(hours=2)
BATCH = 50

_ADD = statement(
    """
INSERT INTO outbox (kind, org_id, user_id, once, detail, next_try, created_at)
VALUES (:kind, :org, :user, :once, :detail, :now, :now) ON CONFLICT (once) DO NOTHING
""",
    times=("now",),
)
_DUE = statement("SELECT 1 FROM outbox WHERE state = 'to_send' AND next_try <= :now LIMIT 1", times=("now",))
_CLAIM = statement(
    """
UPDATE outbox SET state = 'sending', attempts = attempts + 1, lease_until = :lease
 WHERE id = (SELECT id FROM outbox WHERE state = 'to_send' AND next_try <= :now ORDER BY next_try, id LIMIT 1)
   AND state = 'to_send'
RETURNING id, kind, org_id, user_id, once, detail, attempts, created_at
""",
    times=("now", "lease"),
    returns=("created_at",),
)
_SENT = statement("UPDATE outbox SET state = 'sent', sent_at = :now, lease_until = NULL WHERE id = :id", times=("now",))
_AGAIN = statement(
    "UPDATE outbox SET state = 'to_send', lease_until = NULL, next_try = :next WHERE id = :id AND state = 'sending'",
    times=("next",),
)
_END_LEASES = statement(
    "UPDATE outbox SET state = 'to_send', lease_until = NULL WHERE state = 'sending' AND lease_until < :now",
    times=("now",),
)
_GIVE_UP = statement("DELETE FROM outbox WHERE state <> 'sent' AND created_at < :before", times=("before",))
_FORGET = statement("DELETE FROM outbox WHERE state = 'sent' AND sent_at < :before", times=("before",))


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A claimed mail to one member of staff."""

    id: int
    kind: str
    org: str
    org_title: str
    email: str
    detail: Mapping[str, Any]
    once: str
    attempts: int


def owners_of(session: Session, org_id: int) -> Sequence[int]:
    """The owners of an org; of the Home Org: the operators."""
    where = (Membership.org_id == org_id, Membership.role == "owner")
    return session.scalars(select(Membership.user_id).where(*where).order_by(Membership.user_id)).all()


def operators(session: Session) -> Sequence[int]:
    """Who runs this instance."""
    home = session.scalars(select(Org.id).where(Org.is_home)).first()
    return owners_of(session, home) if home is not None else ()


def tell(
    session: Session, kind: str, org_id: int, users: Iterable[int], once: str, now: datetime, **detail: str | int
) -> None:
    """Write one mail for each of these people, unless the same (`once`) was told to them already."""
    content = json.dumps(detail, ensure_ascii=False)
    for user in dict.fromkeys(users):
        bound = {"kind": kind, "org": org_id, "user": user, "once": f"{once}:{user}", "detail": content, "now": now}
        session.execute(_ADD, bound)


def is_due(session: Session, now: datetime) -> bool:
    """Whether any mail to staff waits."""
    return session.execute(_DUE, {"now": now}).first() is not None


def claim(session: Session, now: datetime) -> DueNotice | None:
    """Take one due mail for two minutes; None when there is none."""
    row = session.execute(_CLAIM, {"now": now, "lease": now + LEASE}).first()
    if row is None:
        return None
    org, user = session.get_one(Org, row.org_id), session.get_one(User, row.user_id)
    return DueNotice(row.id, row.kind, org.name, org.title, user.email, json.loads(row.detail), row.once, row.attempts)


def settle(session: Session, notice: DueNotice, outcome: Outcome, now: datetime) -> None:
    """Write down how it went: sent (or refused for good), or again after a pause that doubles."""
    if outcome in (Outcome.SENT, Outcome.REFUSED):
        session.execute(_SENT, {"id": notice.id, "now": now})
        return
    pause = min(LONGEST_PAUSE, timedelta(minutes=2 ** min(notice.attempts, 10)))
    session.execute(_AGAIN, {"id": notice.id, "next": now + pause})


def tidy(session: Session, now: datetime) -> None:
    """End leases of workers that were killed, give up what is too old, forget what was told long ago."""
    session.execute(_END_LEASES, {"now": now})
    session.execute(_GIVE_UP, {"before": now - GIVEN_UP_AFTER})
    session.execute(_FORGET, {"before": now - REMEMBERED})
