"""The lead ends a partner's part, or the partner leaves: its pages close, its copies stay its own."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, PartnerState
from proca_web.domain.errors import CampaignRefused, FieldsRefused
from proca_web.domain.messages import N_
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign, Org, PageReceiver, Partner
from proca_web.services.petitions import pages
from proca_web.services.petitions.making.coalition import approving, partners, receivers, terms
from proca_web.services.petitions.making.coalition.terms import Renew
from proca_web.services.sealing.vouching import Vouching


def end(
    session: Session, campaign: Campaign, org: Org, user_id: int | None, renew: Renew, vouching: Vouching, now: datetime
) -> None:
    """An org takes part no more. Raises CampaignRefused where it does not, or leads."""
    campaign = partners.locked(session, campaign.id)
    if org.id == campaign.org_id or not partners.takes_part(session, campaign, org.id):
        raise CampaignRefused(N_("This organisation does not take part any more."))
    own = partners.pages_of_partners(session, campaign, org.id)
    for page in own:
        pages.close_page(page)
    approving.forget(session, own, campaign.org_id)
    approving.forget(session, own, org.id)
    _end_row(session, campaign, org, now)
    for page in _gives_it_copies(session, campaign, org):
        renew(page)
    both, event = [campaign.lead, org], CampaignEvent.PARTNER_ENDED
    partners.tell(session, campaign, both, event, user_id, now, partner=org.title)
    with suppress(FieldsRefused):  # a key that is missing keeps what is asked waiting, and nobody in
        terms.settle(session, campaign, renew, vouching, now)


def _end_row(session: Session, campaign: Campaign, org: Org, now: datetime) -> None:
    joined = (Partner.campaign_id == campaign.id, Partner.org_id == org.id, Partner.state == PartnerState.JOINED)
    found = session.scalars(select(Partner).where(*joined)).first()
    if found is None:  # its page was made on the command line, or it is only invited: the page ends
        found = Partner(campaign_id=campaign.id, org_id=org.id, created_at=now, until=now)
        session.add(found)
    found.state, found.ended_at = PartnerState.ENDED, now
    session.flush()


def _gives_it_copies(session: Session, campaign: Campaign, org: Org) -> list[ActionPage]:
    """Live pages of others on which people could say yes to it: not any more."""
    own = select(ActionPage).join(PageReceiver, PageReceiver.page_id == ActionPage.id)
    found = list(session.scalars(own.where(ActionPage.campaign_id == campaign.id, PageReceiver.org_id == org.id)))
    for page in found:
        receivers.remove(session, page, org)
    return [page for page in found if page.status == Publication.LIVE]
