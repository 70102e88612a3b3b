"""What people are told about their keys without asking: that one expires, that a page is refused, that one was changed.

Each thing is told once: an expiry notice a key and step, a refusal or an alarm once a day while it lasts.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain import key_life
from proca_web.models import ActionPage, Campaign, Org, OutboxMail, PublicKey
from proca_web.services.petitions import facts
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import outbox


def about_expiry(session: Session, now: datetime) -> None:
    """Tell owners 90, 30 and 7 days before a key expires, and when it has. Not once nothing is sealed to it."""
    for key in _active(session):
        if key.expires_at is None or key.expires_at <= key_life.seals_if_expires_after(now):
            continue
        days = key_life.due_notice(key.expires_at, now)
        if days is None:
            continue
        kind = "key_expires" if days else "key_expired"
        detail = {
            "fingerprint": key.fingerprint,
            "role": key.role,
            "day": key.expires_at.strftime("%Y-%m-%d"),
            "stops": (key.expires_at + key_life.SEALS_AFTER_EXPIRY).strftime("%Y-%m-%d"),
        }
        owners = outbox.owners_of(session, key.org_id)
        outbox.tell(session, kind, key.org_id, owners, f"expiry:{key.id}:{days}", now, **detail)


def lacking(session: Session, vouching: Vouching, now: datetime) -> set[str]:
    """Orgs without which a live page takes no signature: the names of those that cannot receive."""
    query = (
        select(ActionPage.name)
        .join(Campaign, Campaign.id == ActionPage.campaign_id)
        .where(ActionPage.status == "live", Campaign.status == "live")
    )
    names = session.scalars(query).all()
    return {org for name in names for org in facts.read(session, name, vouching, now).lacking_key}


def about_refusals(session: Session, orgs: Iterable[str], now: datetime) -> None:
    """Tell an org's owners and the operator that pages are refused because it has no key."""
    for org in session.scalars(select(Org).where(Org.name.in_(list(orgs))).order_by(Org.id)):
        users = [*outbox.owners_of(session, org.id), *outbox.operators(session)]
        outbox.tell(session, "no_key", org.id, users, _refusal(org, now), now)


def is_refusal_told(session: Session, name: str, now: datetime) -> bool:
    """Whether somebody was told today that this org's pages are refused; asked before a lock is taken."""
    org = session.scalars(select(Org).where(Org.name == name)).first()
    if org is None:
        return True
    told = select(OutboxMail.id).where(OutboxMail.once.startswith(f"{_refusal(org, now)}:"))
    return session.scalars(told).first() is not None


def unvouched(session: Session, vouching: Vouching) -> list[PublicKey]:
    """Active key rows that the Home identity did not endorse as they stand, or that were ended before."""
    return [
        key
        for key in _active(session)
        if not vouching.accepts(key.org.name, key.role, key.public, key.log_index, key.endorsement)
    ]


def about_unvouched(session: Session, keys: Iterable[PublicKey], now: datetime) -> None:
    """Tell owners and the operator that a key row was changed behind the server's back."""
    for key in keys:
        users = [*outbox.owners_of(session, key.org_id), *outbox.operators(session)]
        once = f"unvouched:{key.id}:{now:%Y-%m-%d}"
        outbox.tell(session, "key_unvouched", key.org_id, users, once, now, fingerprint=key.fingerprint)


def about_log(session: Session, fault: str, now: datetime) -> None:
    """Tell the operator that the key log is not the one this instance wrote."""
    home = session.scalars(select(Org.id).where(Org.is_home)).one()
    outbox.tell(session, "key_log", home, outbox.operators(session), f"key-log:{now:%Y-%m-%d}", now, fault=fault)


def _refusal(org: Org, now: datetime) -> str:
    return f"no-key:{org.id}:{now:%Y-%m-%d}"


def _active(session: Session) -> list[PublicKey]:
    where = (PublicKey.kind == "recipient", PublicKey.status == "active")
    return list(session.scalars(select(PublicKey).where(*where).order_by(PublicKey.id)))
