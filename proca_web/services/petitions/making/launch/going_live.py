"""A page goes live with everything that its list asks for, or stays what it is."""

from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import BadSetting, NotReady
from proca_web.domain.pages.wording import Translate
from proca_web.domain.words import Publication
from proca_web.models import ActionPage
from proca_web.services.petitions import pages
from proca_web.services.petitions.making.launch import steps
from proca_web.services.petitions.showing.standing import Look
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import audit


def go_live(
    session: Session,
    page: ActionPage,
    look: Look,
    translate: Translate,
    vouching: Vouching,
    user_id: int | None,
    now: datetime,
) -> None:
    """Let a draft go live, and with its first page a campaign of the same org. Raises NotReady, BadSetting."""
    session.refresh(page, with_for_update=True)
    if page.status != Publication.DRAFT:
        raise BadSetting(f"page {page.name} is {page.status} already")
    lacking = steps.missing(steps.of_page(session, page, look, vouching))
    if lacking:
        raise NotReady(step.what for step in lacking)
    if page.campaign.status == Publication.DRAFT and page.campaign.org_id == page.org_id:
        page.campaign.status = Publication.LIVE
    pages.open_page(session, page, translate, vouching, now)
    audit.record(session, page.org_id, user_id, CampaignEvent.PAGE_LIVE, {"page": page.name}, now)
