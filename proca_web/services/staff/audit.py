"""The record of what people did in an org's console; never about a supporter."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.models import AuditEntry, Membership, User


def record(session: Session, org_id: int, user_id: int | None, event: str, detail: str, now: datetime) -> None:
    """Write one line of an org's record of what was done."""
    session.add(AuditEntry(org_id=org_id, user_id=user_id, event=event, detail=detail, at=now))


def record_everywhere(session: Session, user_id: int, event: str, detail: str, now: datetime) -> None:
    """Write one line about a person's account in the record of each org they belong to."""
    for org_id in session.scalars(select(Membership.org_id).where(Membership.user_id == user_id)).all():
        record(session, org_id, user_id, event, detail, now)


def recent_entries(session: Session, org_id: int, event: str, limit: int = 20) -> Sequence[tuple[AuditEntry, str]]:
    """The newest lines of an org's record of that kind, each with the address of who did it (empty: gone)."""
    where = (AuditEntry.org_id == org_id, AuditEntry.event == event)
    lines = select(AuditEntry, User.email).outerjoin(User, User.id == AuditEntry.user_id).where(*where)
    return [(entry, email or "") for entry, email in session.execute(lines.order_by(AuditEntry.id.desc()).limit(limit))]
