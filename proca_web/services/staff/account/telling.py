"""A mail to the holder of an account, and a line in the records of their orgs. Neither holds what opens anything."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.staff_words import AccountEvent
from proca_web.models import Membership
from proca_web.services.staff import audit, outbox


def tell(session: Session, event: AccountEvent, user_id: int, once: str, now: datetime, **detail: str | int) -> bool:
    """Write one mail to somebody about their account; False when the same was told already."""
    return outbox.tell(session, event, about(session, user_id), [user_id], once, now, **detail) > 0


def record(session: Session, event: AccountEvent, user_id: int, now: datetime, **detail: str | int) -> None:
    """Write it down in the record of each org this person belongs to."""
    audit.record_everywhere(session, user_id, event.told, detail, now)


def about(session: Session, user_id: int) -> int:
    """The org a mail about that account is filed under: their first one, else the one that runs the instance."""
    first = select(Membership.org_id).where(Membership.user_id == user_id).order_by(Membership.org_id)
    org_id = session.scalars(first).first() or outbox.home_id(session)
    assert org_id is not None  # there is no account before `init`
    return org_id
