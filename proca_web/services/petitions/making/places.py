"""Which campaigns and pages an org may open in its console: those it leads or takes part in. Others do not exist."""

from collections.abc import Sequence

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import PartnerState
from proca_web.domain.errors import CampaignNotFound, PageNotFound
from proca_web.models import ActionPage, Campaign, PageReceiver, Partner


def campaigns(org_id: int) -> Select[Campaign]:
    """Statement: the campaigns an org leads, has a page in, joined as a partner, or receives in."""
    owns_page = exists().where(ActionPage.campaign_id == Campaign.id, ActionPage.org_id == org_id)
    joined = exists().where(
        Partner.campaign_id == Campaign.id, Partner.org_id == org_id, Partner.state == PartnerState.JOINED
    )
    receives = exists().where(
        PageReceiver.org_id == org_id, PageReceiver.page_id == ActionPage.id, ActionPage.campaign_id == Campaign.id
    )
    return select(Campaign).where(or_(Campaign.org_id == org_id, owns_page, joined, receives))


def campaign_of(session: Session, org_id: int, name: str, *, leads: bool = False) -> Campaign:
    """A campaign of these; with `leads`, only one that this org leads. Raises CampaignNotFound."""
    found = session.scalars(campaigns(org_id).where(Campaign.name == name)).first()
    if found is None or (leads and found.org_id != org_id):
        raise CampaignNotFound(name)
    return found


def page_of(session: Session, org_id: int, campaign: Campaign, name: str, *, looks: bool = False) -> ActionPage:
    """A page of the org in a campaign; one that `looks` may be a partner's, if the org leads. Raises PageNotFound."""
    query = select(ActionPage).where(ActionPage.campaign_id == campaign.id, ActionPage.name == name)
    found = session.scalars(query).first()
    if found is None or not (found.org_id == org_id or (looks and campaign.org_id == org_id)):
        raise PageNotFound(name)
    return found


def pages_of(session: Session, org_id: int, campaign: Campaign, most: int) -> Sequence[ActionPage]:
    """The pages of a campaign that an org has a part in: all, if it leads; else its own, and those it receives on."""
    receives = exists().where(PageReceiver.page_id == ActionPage.id, PageReceiver.org_id == org_id)
    query = select(ActionPage).where(ActionPage.campaign_id == campaign.id)
    if campaign.org_id != org_id:
        query = query.where(or_(ActionPage.org_id == org_id, receives))
    return session.scalars(query.order_by(ActionPage.position, ActionPage.id).limit(most)).all()
