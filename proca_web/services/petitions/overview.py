"""What the console shows at a glance: counts, days, keys, and the health of the instance. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from proca_web.domain.transient import State
from proca_web.domain.words import KeyRole, Publication
from proca_web.models import ActionPage, Campaign, Org, Transient
from proca_web.services import heartbeats
from proca_web.services.keys import recipients
from proca_web.services.petitions import counting, wordings
from proca_web.services.petitions.counting import Day
from proca_web.services.sealing.vouching import Vouching

CHART_DAYS = 30
CAMPAIGNS_A_PAGE = 20
ORGS_A_PAGE = 50
MOST_COUNTED = 10_000
_NEWEST = 2**62
STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PageStatus:
    """A page in the console: its own org, and whether it can be signed (`live`) or why not."""

    name: str
    title: str
    org: str
    status: str


@dataclass(frozen=True, slots=True)
class CampaignStatus:
    """A campaign an org takes part in."""

    id: int
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


def campaigns_of(
    session: Session, org_id: int, vouching: Vouching | None, now: datetime, before: int | None = None
) -> list[CampaignStatus]:
    """The campaigns an org leads or has a page in, the newest first; a page of them, older than one if given.

    One more than a page holds says that there are older ones.
    """
    pages = selectinload(Campaign.pages).joinedload(ActionPage.org)
    query = _campaigns(org_id).where(Campaign.id < (before or _NEWEST)).limit(CAMPAIGNS_A_PAGE + 1)
    found = session.scalars(query.options(pages)).all()
    days = counting.per_day(session, [campaign.id for campaign in found], now.date(), CHART_DAYS)
    receiving = recipients.orgs_that_receive(session, vouching, now)
    states = {page.id: _state(page, receiving) for campaign in found for page in campaign.pages}
    return [
        CampaignStatus(
            id=campaign.id,
            name=campaign.name,
            title=campaign.title,
            status=_state_of_all(campaign, [states[page.id] for page in campaign.pages]),
            leads=campaign.org_id == org_id,
            count=campaign.supporter_count,
            days=days[campaign.id],
            pages=[PageStatus(page.name, page.title, page.org.title, states[page.id]) for page in campaign.pages],
        )
        for campaign in found
    ]


def campaign_names_of(session: Session, org_id: int) -> list[tuple[str, str]]:
    """Name and title of an org's campaigns."""
    return [(campaign.name, campaign.title) for campaign in session.scalars(_campaigns(org_id))]


def instance(session: Session, vouching: Vouching | None, now: datetime, after: str = "") -> Instance:
    """Signs of life, what is readable at this moment, and which orgs can receive: a page of them, after a name."""
    readable = session.execute(
        select(func.count(), func.min(Transient.sealed_at)).where(Transient.wait_seal.is_not(None))
    ).one()
    query = select(Org).where(~Org.is_home, Org.name > after).order_by(Org.name).limit(ORGS_A_PAGE + 1)
    orgs = session.scalars(query).all()
    keys = {key.org_id: key for key in recipients.everywhere(session, vouching, now) if key.role == KeyRole.RECIPIENT}
    return Instance(
        worker_seen_at=heartbeats.last_beat(session, "worker"),
        waiting={state: number for state in State if (number := _number_in(session, state))},
        readable=readable[0],
        oldest_readable=readable[1],
        orgs=[OrgStatus(org.name, org.title, keys[org.id].fingerprint if org.id in keys else None) for org in orgs],
    )


def _number_in(session: Session, state: State) -> int:
    """How many wait in a state, as far as a page view may count; one more than that means: more."""
    some = select(Transient.action_id).where(Transient.state == state).limit(MOST_COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _state(page: ActionPage, receiving: Collection[int]) -> str:
    """What the page answers: `stopped` is a live one that refuses signatures, because an org has no key."""
    if page.campaign.status != Publication.LIVE:
        return page.campaign.status
    stopped = page.status == Publication.LIVE and not wordings.takes_signatures(page, receiving)
    return STOPPED if stopped else page.status


def _state_of_all(campaign: Campaign, pages: Collection[str]) -> str:
    """A campaign of which something can be signed is live; one whose open pages are all stopped is stopped."""
    return STOPPED if STOPPED in pages and Publication.LIVE not in pages else campaign.status


def _campaigns(org_id: int) -> Select[Campaign]:
    owns_page = select(ActionPage.campaign_id).where(ActionPage.org_id == org_id)
    return (
        select(Campaign).where(or_(Campaign.org_id == org_id, Campaign.id.in_(owns_page))).order_by(Campaign.id.desc())
    )
