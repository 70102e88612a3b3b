"""Live pages that take no signature because an org cannot receive: which orgs that is, and that people are told.

Nothing here refuses anything: what a page takes is decided by its facts, at each submission.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.words import KeyEvent
from proca_web.models import ActionPage, Campaign, Org, OutboxMail
from proca_web.services.petitions import facts
from proca_web.services.petitions.showing import standing
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import outbox


def lacking(session: Session, vouching: Vouching, now: datetime) -> set[str]:
    """Orgs without which a live page takes no signature: the names of those that cannot receive.

    Not of those that are locked: whoever could do something about it knows.
    """
    query = select(ActionPage.slug).join(Campaign, Campaign.id == ActionPage.campaign_id).where(*standing.open_at(now))
    slugs = session.scalars(query).all()
    locked = set(session.scalars(select(Org.name).where(Org.locked_at.is_not(None))))
    return {org for slug in slugs for org in facts.read(session, slug, vouching, now).lacking_key} - locked


def tell(session: Session, orgs: Iterable[str], now: datetime) -> None:
    """Tell an org's owners and the operator, once a day, that pages are refused because it has no key."""
    for org in session.scalars(select(Org).where(Org.name.in_(list(orgs))).order_by(Org.id)):
        users = [*outbox.owners_of(session, org.id), *outbox.operators(session)]
        outbox.tell(session, KeyEvent.LACKING, org.id, users, _once(org, now), now)


def is_told(session: Session, name: str, now: datetime) -> bool:
    """Whether somebody was told today that this org's pages are refused; asked before a lock is taken."""
    org = session.scalars(select(Org).where(Org.name == name)).first()
    if org is None or org.locked_at is not None:
        return True
    told = select(OutboxMail.id).where(OutboxMail.once.startswith(f"{_once(org, now)}:"))
    return session.scalars(told).first() is not None


def _once(org: Org, now: datetime) -> str:
    return f"no-key:{org.id}:{now:%Y-%m-%d}"
