"""Campaigns and pages of all organisations, for whoever runs the site: found by title, with how they stand. Reads only.

Never who signed, and no number of them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from proca_web.domain.pages import stops
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign
from proca_web.services.petitions.showing import standing
from proca_web.services.petitions.showing.standing import Look

A_PAGE = 50
LIVE, DRAFT, PLANNED, ENDED = "live", "draft", "planned", "ended"
CHOICES = ("", LIVE, DRAFT, PLANNED, ENDED)
_NEWEST = 2**62


def campaigns(
    session: Session, now: datetime, choice: str = "", part: str = "", before: int | None = None
) -> Sequence[tuple[Campaign, str]]:
    """Campaigns and how they stand, the newest first; one more than a list holds: there are older ones."""
    query = select(Campaign).options(joinedload(Campaign.lead)).where(Campaign.id < (before or _NEWEST))
    where = [Campaign.title.icontains(part, autoescape=True)] if part else []
    if choice in CHOICES and choice:
        where.append(_chosen(Campaign.status == Publication.LIVE, Campaign.status, now)[choice])
    found = session.scalars(query.where(*where).order_by(Campaign.id.desc()).limit(A_PAGE + 1))
    return [(campaign, stops.state(standing.plan_of(campaign, now))) for campaign in found]


def pages(
    session: Session, look: Look, choice: str = "", part: str = "", before: int | None = None
) -> Sequence[tuple[ActionPage, str]]:
    """Pages and how they stand, the newest first; one more than a list holds: there are older ones."""
    query = select(ActionPage).join(Campaign).options(contains_eager(ActionPage.campaign), joinedload(ActionPage.org))
    where = [ActionPage.title.icontains(part, autoescape=True)] if part else []
    if choice in CHOICES and choice:
        both = and_(ActionPage.status == Publication.LIVE, Campaign.status == Publication.LIVE)
        where.append(_chosen(both, ActionPage.status, look.now)[choice])
    ordered = query.where(ActionPage.id < (before or _NEWEST), *where).order_by(ActionPage.id.desc())
    found = session.scalars(ordered.limit(A_PAGE + 1))
    return [(page, stops.state(look.stops(page))) for page in found]


def _chosen(is_live: ColumnElement[bool], status: object, now: datetime) -> Mapping[str, ColumnElement[bool]]:
    """Conditions for each choice; what is live by its state may be planned, or over by its date."""
    early = and_(Campaign.opens_at.is_not(None), Campaign.opens_at > now)
    over = and_(Campaign.closes_at.is_not(None), Campaign.closes_at <= now)
    draft: ColumnElement[bool] = status == Publication.DRAFT  # type: ignore[assignment]  # a column
    return {
        LIVE: and_(is_live, *standing.open_dates(now)),
        DRAFT: draft,
        PLANNED: and_(is_live, early, not_(over)),
        ENDED: and_(not_(draft), or_(not_(is_live), over)),
    }
