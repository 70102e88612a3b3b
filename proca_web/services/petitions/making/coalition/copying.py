"""A partner's page begins as a copy of the lead's: words, picture, questions and mails; not its people or address."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import CampaignRefused
from proca_web.domain.messages import N_
from proca_web.models import ActionPage, Campaign, Org
from proca_web.services.petitions.making import copying

# Who mails are from and who else gets a copy is the org's own to say.
_NOT_TAKEN_ALONG = {"mail_name": "", "mail_reply_to": ""}


def offered(session: Session, campaign: Campaign) -> Sequence[ActionPage]:
    """The pages of the lead that a partner can begin from."""
    own = (ActionPage.campaign_id == campaign.id, ActionPage.org_id == campaign.org_id)
    return session.scalars(select(ActionPage).where(*own).order_by(ActionPage.position, ActionPage.id).limit(100)).all()


def for_partner(session: Session, campaign: Campaign, org: Org, source: int, now: datetime) -> ActionPage:
    """A draft for the org, from the lead's page of that number, or one in its language. Raises CampaignRefused."""
    pages = offered(session, campaign)
    if not pages:
        raise CampaignRefused(N_("%(org)s has no page yet that could be copied for you."), org=campaign.lead.title)
    chosen = [page for page in pages if page.id == source] or [page for page in pages if page.locale == org.locale]
    own = {"org_id": org.id, "delivery": campaign.partner_delivery, **_NOT_TAKEN_ALONG}
    return copying.made_like(session, (chosen or pages)[0], campaign, f"{campaign.name}-{org.name}", now, **own)
