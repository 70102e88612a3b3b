"""What the console shows at a glance: counts, days, keys, and the health of the instance. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from proca_web.models import ActionPage, Campaign, Heartbeat, Org, PublicKey, ReleaseCounter, Transient
from proca_web.services.petitions import counting
from proca_web.services.petitions.counting import Day

CHART_DAYS = 30


@dataclass(frozen=True, slots=True)
class PageStatus:
    """A page in the console: its own org, whether it is open."""

    name: str
    title: str
    org: str
    status: str


@dataclass(frozen=True, slots=True)
class CampaignStatus:
    """A campaign an org takes part in."""

    name: str
    title: str
    status: str
    leads: bool
    count: int
    days: list[Day]
    pages: list[PageStatus]


@dataclass(frozen=True, slots=True)
class OrgStatus:
    """An org as the operator sees it: whether it can receive."""

    name: str
    title: str
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Instance:
    """How the instance is doing."""

    worker_seen_at: datetime | None
    waiting: dict[str, int]
    readable: int
    oldest_readable: datetime | None
    orgs: list[OrgStatus]


def campaigns_of(session: Session, org_id: int, today: date) -> list[CampaignStatus]:
    """The campaigns an org leads or has a page in, the newest first."""
    found = session.scalars(_campaigns(org_id)).all()
    return [
        CampaignStatus(
            name=campaign.name,
            title=campaign.title,
            status=campaign.status,
            leads=campaign.org_id == org_id,
            count=campaign.supporter_count,
            days=counting.per_day(session, campaign.id, today, CHART_DAYS),
            pages=[PageStatus(page.name, page.title, page.org.title, page.status) for page in campaign.pages],
        )
        for campaign in found
    ]


def campaign_names_of(session: Session, org_id: int) -> list[tuple[str, str]]:
    """Name and title of an org's campaigns."""
    return [(campaign.name, campaign.title) for campaign in session.scalars(_campaigns(org_id))]


def active_key(session: Session, org_id: int) -> PublicKey | None:
    """The key an org receives under."""
    where = (PublicKey.org_id == org_id, PublicKey.kind == "recipient", PublicKey.role == "recipient")
    return session.scalars(select(PublicKey).where(*where, PublicKey.status == "active")).first()


def released(session: Session, org_id: int) -> int:
    """How many rows an org's export has had so far."""
    counter = session.get(ReleaseCounter, (org_id, "recipient"))
    return counter.last_seq if counter else 0


def instance(session: Session, now: datetime) -> Instance:
    """Signs of life, and what is readable at this moment."""
    beat = session.get(Heartbeat, "worker")
    states = session.execute(select(Transient.state, func.count()).group_by(Transient.state)).all()
    readable = session.execute(
        select(func.count(), func.min(Transient.sealed_at)).where(Transient.wait_seal.is_not(None))
    ).one()
    orgs = session.scalars(select(Org).where(~Org.is_home).order_by(Org.name)).all()
    keys = {org.id: active_key(session, org.id) for org in orgs}
    return Instance(
        worker_seen_at=beat.seen_at if beat else None,
        waiting={state: number for state, number in states},
        readable=readable[0],
        oldest_readable=readable[1],
        orgs=[OrgStatus(org.name, org.title, key.fingerprint if (key := keys[org.id]) else None) for org in orgs],
    )


def _campaigns(org_id: int) -> Select[Campaign]:
    owns_page = select(ActionPage.campaign_id).where(ActionPage.org_id == org_id)
    return (
        select(Campaign).where(or_(Campaign.org_id == org_id, Campaign.id.in_(owns_page))).order_by(Campaign.id.desc())
    )
