"""Everything an action page shows, read at once. The route renders it and keeps the result for a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.pages.goals import goal_above
from proca_web.domain.pages.privacy import CONSENT_FIELDS
from proca_web.domain.pages.wording import LegalNotice, Wording
from proca_web.models import ActionPage, Campaign
from proca_web.services.petitions import facts as pages
from proca_web.services.petitions import wordings
from proca_web.services.petitions.facts import PageFacts
from proca_web.services.sealing.vouching import Vouching


@dataclass(frozen=True, slots=True)
class Count:
    """The public counter of a campaign."""

    count: int
    goal: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PageView:
    """A page as people see it."""

    facts: PageFacts
    paragraphs: Sequence[str]
    count: Count
    wording: Wording
    wording_hash: str
    notices: Sequence[LegalNotice]
    next_step_label: str
    next_step_url: str
    org_title: str

    @property
    def readers(self) -> list[tuple[str, str]]:
        """The orgs that can get a copy, with the fingerprint of the key it is sealed to."""
        return [
            (self.facts.parties[receiver].title, key.fingerprint)
            for receiver in self.facts.receivers
            for key in self.facts.parties[receiver].keys
            if key.role == "recipient"
        ]


@dataclass(frozen=True, slots=True)
class Listed:
    """A live petition in the list of the instance."""

    name: str
    title: str
    demand: str
    org: str
    count: int
    goal: int


def view(session: Session, name: str, vouching: Vouching, now: datetime) -> PageView:
    """The page of that name. Raises PageNotFound."""
    facts = pages.facts(session, name, vouching, now)
    page = session.get_one(ActionPage, facts.id)
    shown = wordings.current(session, page.id)
    parts = Wording.loads(shown.parts) if shown else Wording("", (), ())
    asked = {CONSENT_FIELDS[receiver] for receiver in facts.asks}
    boxes = tuple(box for box in parts.boxes if box.field in asked)
    return PageView(
        facts=facts,
        paragraphs=[paragraph.strip() for paragraph in page.body.split("\n\n") if paragraph.strip()],
        count=_count(page.campaign),
        wording=Wording(parts.statement, boxes, parts.notices),
        wording_hash=shown.hash if shown else "",
        notices=[wordings.notice_of(org) for org in wordings.orgs_of(page).values()],
        next_step_label=page.next_step_label,
        next_step_url=page.next_step_url,
        org_title=page.org.title,
    )


def count(session: Session, name: str) -> Count | None:
    """The counter of the page's campaign; None for a page that does not exist."""
    query = select(Campaign).join(ActionPage, ActionPage.campaign_id == Campaign.id).where(ActionPage.name == name)
    campaign = session.scalars(query).first()
    return _count(campaign) if campaign is not None else None


def live(session: Session) -> list[Listed]:
    """The petitions that can be signed now, the newest first."""
    query = (
        select(ActionPage)
        .join(Campaign, Campaign.id == ActionPage.campaign_id)
        .where(ActionPage.status == "live", Campaign.status == "live")
        .order_by(ActionPage.id.desc())
    )
    return [
        Listed(
            name=page.name,
            title=page.title,
            demand=page.demand,
            org=page.org.title,
            count=page.campaign.supporter_count,
            goal=goal_above(page.campaign.supporter_count),
        )
        for page in session.scalars(query)
    ]


def _count(campaign: Campaign) -> Count:
    return Count(campaign.supporter_count, goal_above(campaign.supporter_count), campaign.counted_at)
