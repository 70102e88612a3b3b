"""What of an org is live now, and whether it can be signed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from proca_web.domain.pages import stops
from proca_web.models import ActionPage, Campaign, Org
from proca_web.services.petitions.glance import figures
from proca_web.services.petitions.showing import standing
from proca_web.services.petitions.showing.standing import Look

MOST = 20


@dataclass(frozen=True, slots=True)
class Live:
    """A page that nobody planned to stop: its state, and how many confirmed on it today."""

    page: ActionPage
    state: str
    today: int


def of(session: Session, org: Org, look: Look) -> Sequence[Live]:
    """The newest of the org's live pages, and of those of campaigns that it leads."""
    query = select(ActionPage).join(Campaign).where(ActionPage.id.in_(figures.pages_of(org.id)))
    ordered = query.where(*standing.open_at(look.now)).order_by(ActionPage.id.desc()).limit(MOST)
    loaded = ordered.options(contains_eager(ActionPage.campaign), joinedload(ActionPage.org))
    pages = session.scalars(loaded).all()
    today = figures.today_of(session, [page.id for page in pages], org, look.now)
    return [Live(page, stops.state(look.stops(page)), today.get(page.id, 0)) for page in pages]
