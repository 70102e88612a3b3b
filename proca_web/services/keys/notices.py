"""What people are told about their keys without asking: that one expires, that a row or the log was changed.

Each thing is told once: an expiry notice a key and step, an alarm once a day while it lasts.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain import key_life
from proca_web.domain.words import KeyEvent
from proca_web.models import Org, PublicKey
from proca_web.services.keys import recipients
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import outbox


def about_expiry(session: Session, vouching: Vouching, now: datetime) -> None:
    """Tell owners 90, 30 and 7 days before a key expires, and when it has. Not once nothing is sealed to it."""
    for key in recipients.everywhere(session, vouching, now):
        assert key.expires_at is not None  # it would not be sealed to
        days = key_life.due_notice(key.expires_at, now)
        if days is None:
            continue
        event = KeyEvent.EXPIRES_SOON if days else KeyEvent.EXPIRED
        detail = {
            "fingerprint": key.fingerprint,
            "role": key.role,
            "day": key.expires_at.strftime("%Y-%m-%d"),
            "stops": (key.expires_at + key_life.SEALS_AFTER_EXPIRY).strftime("%Y-%m-%d"),
        }
        owners = outbox.owners_of(session, key.org_id)
        outbox.tell(session, event, key.org_id, owners, f"expiry:{key.id}:{days}", now, **detail)


def about_unvouched(session: Session, keys: Iterable[PublicKey], now: datetime) -> None:
    """Tell owners and the operator that a key row was changed behind the server's back."""
    for key in keys:
        users = [*outbox.owners_of(session, key.org_id), *outbox.operators(session)]
        once = f"unvouched:{key.id}:{now:%Y-%m-%d}"
        outbox.tell(session, KeyEvent.UNVOUCHED, key.org_id, users, once, now, fingerprint=key.fingerprint)


def about_log(session: Session, fault: str, now: datetime) -> None:
    """Tell the operator that the key log is not the one this instance wrote."""
    home = session.scalars(select(Org.id).where(Org.is_home)).one()
    once = f"key-log:{now:%Y-%m-%d}"
    outbox.tell(session, KeyEvent.LOG_BROKEN, home, outbox.operators(session), once, now, fault=fault)
