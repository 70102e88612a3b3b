"""What the console shows at a glance: counts, days, keys, and the health of the instance. Reads only."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from proca_web.domain.words import KeyRole
from proca_web.models import ActionPage, Campaign, Org, ReleaseCounter, Transient
from proca_web.services import heartbeats
from proca_web.services.keys import recipients
from proca_web.services.petitions import counting
from proca_web.services.petitions.counting import Day
from proca_web.services.sealing.vouching import Vouching

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
    """An org as the operator sees it: the fingerprint of the key that is sealed to now; None: it cannot receive."""

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


def released(session: Session, org_id: int) -> int:
    """How many rows an org's export has had so far."""
    counter = session.get(ReleaseCounter, (org_id, KeyRole.RECIPIENT))
    return counter.last_seq if counter else 0


def instance(session: Session, vouching: Vouching | None, now: datetime) -> Instance:
    """Signs of life, what is readable at this moment, and which orgs can receive."""
    states = session.execute(select(Transient.state, func.count()).group_by(Transient.state)).all()
    readable = session.execute(
        select(func.count(), func.min(Transient.sealed_at)).where(Transient.wait_seal.is_not(None))
    ).one()
    orgs = session.scalars(select(Org).where(~Org.is_home).order_by(Org.name)).all()
    keys = {key.org_id: key for key in recipients.everywhere(session, vouching, now) if key.role == KeyRole.RECIPIENT}
    return Instance(
        worker_seen_at=heartbeats.last_beat(session, "worker"),
        waiting={state: number for state, number in states},
        readable=readable[0],
        oldest_readable=readable[1],
        orgs=[OrgStatus(org.name, org.title, keys[org.id].fingerprint if org.id in keys else None) for org in orgs],
    )


def _campaigns(org_id: int) -> Select[Campaign]:
    owns_page = select(ActionPage.campaign_id).where(ActionPage.org_id == org_id)
    return (
        select(Campaign).where(or_(Campaign.org_id == org_id, Campaign.id.in_(owns_page))).order_by(Campaign.id.desc())
    )
