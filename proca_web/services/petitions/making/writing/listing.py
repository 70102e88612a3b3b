"""What an org has made so far: its campaigns by state, the pages of one, and who edited what last. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from proca_web.domain.pages import stops
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign, User
from proca_web.services.petitions.making import places
from proca_web.services.petitions.overview import CampaignStatus
from proca_web.services.petitions.showing.standing import Look

PLANNED, ENDED = "planned", "ended"
CHOICES = ("", Publication.LIVE, Publication.DRAFT, PLANNED, ENDED)
MOST_COUNTED = 500
PAGES_A_PAGE = 50
_NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class Listed:
    """A page in a list of the console: whose, in which state, and who edited it last."""

    page: ActionPage
    state: str
    is_own: bool
    editor: str


def by_state(session: Session, org_id: int, now: datetime) -> dict[str, list[int]]:
    """The numbers of an org's campaigns for each choice of the filter; those of the newest five hundred."""
    query = places.campaigns(org_id).with_only_columns(Campaign.id, Campaign.status, Campaign.opens_at)
    found: dict[str, list[int]] = {str(choice): [] for choice in CHOICES}
    for number, status, opens_at in session.execute(query.order_by(Campaign.id.desc()).limit(MOST_COUNTED)):
        found[""].append(number)
        found[_choice(status, opens_at, now)].append(number)
    return found


def pages_of(session: Session, campaign: Campaign, org_id: int, look: Look, after: int) -> list[Listed]:
    """The pages of a campaign in their order, beginning after so many; one more than a list holds: there are more."""
    query = select(ActionPage).where(ActionPage.campaign_id == campaign.id)
    ordered = query.order_by(ActionPage.position, ActionPage.id).offset(after).limit(PAGES_A_PAGE + 1)
    return _listed(session, session.scalars(ordered.options(joinedload(ActionPage.org))).all(), org_id, look)


def pages_of_org(session: Session, org_id: int, look: Look, before: int | None) -> list[Listed]:
    """An org's pages over all its campaigns, the newest first; one more than a list holds: there are older ones."""
    query = select(ActionPage).where(ActionPage.org_id == org_id, ActionPage.id < (before or _NEWEST))
    newest = query.order_by(ActionPage.id.desc()).limit(PAGES_A_PAGE + 1)
    found = session.scalars(newest.options(joinedload(ActionPage.campaign), joinedload(ActionPage.org))).all()
    return _listed(session, found, org_id, look)


def campaigns_beside(session: Session, statuses: Sequence[CampaignStatus]) -> dict[int, Campaign]:
    """The campaigns of an overview, by number."""
    query = select(Campaign).where(Campaign.id.in_([status.id for status in statuses]))
    return {campaign.id: campaign for campaign in session.scalars(query.options(joinedload(Campaign.lead)))}


def pages_beside(session: Session, statuses: Sequence[CampaignStatus]) -> dict[str, ActionPage]:
    """The pages that stand in an overview, by name."""
    names = [page.name for status in statuses for page in status.pages]
    query = select(ActionPage).where(ActionPage.name.in_(names)).options(joinedload(ActionPage.campaign))
    return {page.name: page for page in session.scalars(query)}


def move(session: Session, campaign: Campaign, page: ActionPage, step: int) -> None:
    """Change places with the page before (-1) or after (+1) it."""
    query = select(ActionPage).where(ActionPage.campaign_id == campaign.id)
    pages = list(session.scalars(query.order_by(ActionPage.position, ActionPage.id)).all())
    place = pages.index(page)
    if 0 <= place + step < len(pages):
        pages[place], pages[place + step] = pages[place + step], pages[place]
        for position, each in enumerate(pages):
            each.position = position


def names_of(session: Session, user_ids: set[int]) -> dict[int, str]:
    """What people are called, by number."""
    found = session.scalars(select(User).where(User.id.in_(user_ids)))
    return {user.id: user.name or user.email for user in found}


def _listed(session: Session, pages: Sequence[ActionPage], org_id: int, look: Look) -> list[Listed]:
    names = names_of(session, {page.edited_by for page in pages if page.edited_by})
    return [
        Listed(page, stops.state(look.stops(page)), page.org_id == org_id, names.get(page.edited_by or 0, ""))
        for page in pages
    ]


def _choice(status: str, opens_at: datetime | None, now: datetime) -> str:
    if status in (Publication.PAUSED, Publication.CLOSED):
        return ENDED
    return PLANNED if status == Publication.LIVE and opens_at is not None and opens_at > now else status
