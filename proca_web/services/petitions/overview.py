"""What the console shows at a glance: counts, days, keys, and the health of the instance. Reads only."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from proca_web.domain.errors import CampaignNotFound
from proca_web.domain.pages import stops
from proca_web.domain.pages.privacy import Distribution
from proca_web.domain.pages.stops import Stop
from proca_web.domain.transient import State
from proca_web.domain.words import KeyRole, Publication
from proca_web.models import ActionPage, Campaign, Org, Transient
from proca_web.services import heartbeats
from proca_web.services.keys import recipients
from proca_web.services.petitions import counting
from proca_web.services.petitions.counting import Day
from proca_web.services.petitions.making import places
from proca_web.services.petitions.showing import standing
from proca_web.services.sealing.vouching import Vouching

CHART_DAYS = 30
CAMPAIGNS_A_PAGE = 20
PAGES_OF_EACH = 10  # beside the campaigns of a list; a campaign by itself shows more of them at once
PAGES_A_PAGE = 50
ORGS_A_PAGE = 50
MOST_COUNTED = 10_000
_NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class PageStatus:
    """A page in the console: its own org, and whether it can be signed (`live`) or why not."""

    name: str
    slug: str
    title: str
    org: str
    status: str


@dataclass(frozen=True, slots=True)
class CampaignStatus:
    """A campaign an org takes part in, with some of its pages: `more_after` is the last of them, where more follow."""

    id: int
    name: str
    title: str
    status: str
    leads: bool
    confirmed: int
    unconfirmed: int
    rekeyed_at: datetime | None
    days: list[Day]
    pages: list[PageStatus]
    more_after: int | None


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
    session: Session,
    org_id: int,
    vouching: Vouching | None,
    now: datetime,
    before: int | None = None,
    *,
    mail_is_stalled: Callable[[str], bool],
) -> list[CampaignStatus]:
    """The campaigns an org leads or has a page in, the newest first; a page of them, older than one if given.

    One more than a page holds says that there are older ones.
    """
    query = _campaigns(org_id).where(Campaign.id < (before or _NEWEST)).limit(CAMPAIGNS_A_PAGE + 1)
    found = session.scalars(query).all()
    look = standing.look(session, vouching, now, mail_is_stalled)
    return _statuses(session, org_id, found, PAGES_OF_EACH, look, now)


def campaign_of(
    session: Session,
    org_id: int,
    name: str,
    vouching: Vouching | None,
    now: datetime,
    after: int = 0,
    *,
    mail_is_stalled: Callable[[str], bool],
) -> CampaignStatus:
    """One of these campaigns, with those of its pages that were made after one. Raises CampaignNotFound."""
    found = session.scalars(_campaigns(org_id).where(Campaign.name == name)).all()
    if not found:
        raise CampaignNotFound(name)
    look = standing.look(session, vouching, now, mail_is_stalled)
    (status,) = _statuses(session, org_id, found, PAGES_A_PAGE, look, now, after)
    return status


def _statuses(
    session: Session,
    org_id: int,
    campaigns: Sequence[Campaign],
    most: int,
    look: standing.Look,
    now: datetime,
    after: int = 0,
) -> list[CampaignStatus]:
    ids = [campaign.id for campaign in campaigns]
    days = counting.per_day(session, ids, now.date(), CHART_DAYS)
    pages, open_ones = _pages(session, ids, most + 1, after), _open_ones(session, ids, look)
    return [
        CampaignStatus(
            id=campaign.id,
            name=campaign.name,
            title=campaign.title,
            status=_state_of_all(campaign, open_ones[campaign.id], look.now),
            leads=campaign.org_id == org_id,
            confirmed=campaign.supporter_count - campaign.unconfirmed_count,
            unconfirmed=campaign.unconfirmed_count,
            rekeyed_at=campaign.rekeyed_at,
            days=days[campaign.id],
            pages=[
                PageStatus(page.name, page.slug, page.title, page.org.title, stops.state(look.stops(page)))
                for page in pages[campaign.id][:most]
            ],
            more_after=pages[campaign.id][most - 1].id if len(pages[campaign.id]) > most else None,
        )
        for campaign in campaigns
    ]


def _pages(session: Session, campaigns: Sequence[int], most: int, after: int) -> dict[int, list[ActionPage]]:
    """The first pages of each campaign after one, in the order in which they were made."""
    place = func.row_number().over(partition_by=ActionPage.campaign_id, order_by=ActionPage.id)
    query = select(ActionPage.id, place.label("place"))
    placed = query.where(ActionPage.campaign_id.in_(campaigns), ActionPage.id > after).subquery()
    first = select(ActionPage).join(placed, placed.c.id == ActionPage.id).where(placed.c.place <= most)
    found = defaultdict(list)
    for page in session.scalars(first.options(joinedload(ActionPage.org)).order_by(ActionPage.id)):
        found[page.campaign_id].append(page)
    return found


def _open_ones(session: Session, campaigns: Sequence[int], look: standing.Look) -> dict[int, set[str]]:
    """What the live pages of each campaign are: some take signatures, some are stopped or late."""
    page = (ActionPage.campaign_id, ActionPage.org_id, Campaign.org_id, ActionPage.delivery, Campaign.force_delivery)
    query = select(*page, ActionPage.double_opt_in, Org.name).select_from(ActionPage).join(Campaign)
    query = query.join(Org, Org.id == ActionPage.org_id).where(ActionPage.campaign_id.in_(campaigns))
    found = defaultdict(set)
    for campaign, collector, lead, delivery, force, mails_link, name in session.execute(
        query.where(ActionPage.status == Publication.LIVE).distinct()
    ):
        policy = Distribution(split=collector != lead, delivery=delivery, force_delivery=force)
        found[campaign].add(stops.state(look.stops_of((), policy, collector, lead, mails_link and name)))
    return found


def campaign_names_of(session: Session, org_id: int) -> list[tuple[str, str]]:
    """Name and title of an org's campaigns."""
    return [(campaign.name, campaign.title) for campaign in session.scalars(_campaigns(org_id))]


def instance(session: Session, vouching: Vouching | None, now: datetime, after: str = "") -> Instance:
    """Signs of life, what is readable at this moment, and which orgs can receive: a page of them, after a name."""
    number, oldest = readable(session)
    query = select(Org).where(~Org.is_home, Org.name > after).order_by(Org.name).limit(ORGS_A_PAGE + 1)
    orgs = session.scalars(query).all()
    keys = {key.org_id: key for key in recipients.everywhere(session, vouching, now) if key.role == KeyRole.RECIPIENT}
    return Instance(
        worker_seen_at=heartbeats.last_beat(session, "worker"),
        waiting={state: number for state in State if (number := _number_in(session, state))},
        readable=number,
        oldest_readable=oldest,
        orgs=[OrgStatus(org.name, org.title, keys[org.id].fingerprint if org.id in keys else None) for org in orgs],
    )


def readable(session: Session) -> tuple[int, datetime | None]:
    """How many addresses worker hosts can open at this moment, and since when the oldest."""
    asked = select(func.count(), func.min(Transient.sealed_at)).where(Transient.wait_seal.is_not(None))
    number, oldest = session.execute(asked).one()
    return number, oldest


def _number_in(session: Session, state: State) -> int:
    """How many wait in a state, as far as a page view may count; one more than that means: more."""
    some = select(Transient.action_id).where(Transient.state == state).limit(MOST_COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _state_of_all(campaign: Campaign, open_ones: Collection[str], now: datetime) -> str:
    """A campaign of which something can be signed is live; one whose open pages all refuse is as they are."""
    planned = standing.plan_of(campaign, now)
    if planned or not open_ones or Publication.LIVE in open_ones:
        return stops.state(planned)
    return Stop.LATE_MAIL if Stop.LATE_MAIL in open_ones else Stop.NO_KEY


def _campaigns(org_id: int) -> Select[Campaign]:
    return places.campaigns(org_id).order_by(Campaign.id.desc())
