"""Campaigns and pages pause, go on and end: each act with its entry in the record of the org it is about.

What a state or a date stops is asked elsewhere; links that were mailed work whatever stands here.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import BadSetting
from proca_web.domain.pages.wording import Translate
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign
from proca_web.services.petitions import campaigns, pages
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import audit


def pause_campaign(session: Session, campaign: Campaign, user_id: int | None, now: datetime) -> None:
    """All its pages rest. Raises BadSetting unless it is live."""
    _require(campaign, Publication.LIVE)
    campaign.status = Publication.PAUSED
    _record_campaign(session, campaign, CampaignEvent.CAMPAIGN_PAUSED, user_id, now)


def reopen_campaign(session: Session, campaign: Campaign, user_id: int | None, now: datetime) -> None:
    """It goes on, with those of its pages that are live. Raises BadSetting where it is too late for that."""
    _require(campaign, Publication.PAUSED, Publication.CLOSED)
    if campaign.forgotten_at is not None:
        raise BadSetting(f"campaign {campaign.name} ended long ago, and nobody knows who signed; make another one")
    if campaign.closes_at is not None and campaign.closes_at <= now:
        raise BadSetting(f"the closing date of campaign {campaign.name} has passed; set a later one first, or none")
    campaign.status, campaign.closed_at = Publication.LIVE, None
    _record_campaign(session, campaign, CampaignEvent.CAMPAIGN_REOPENED, user_id, now)


def close_campaign(session: Session, campaign: Campaign, user_id: int | None, now: datetime) -> None:
    """It ends, with all its pages."""
    campaigns.close_campaign(campaign, now)
    _record_campaign(session, campaign, CampaignEvent.CAMPAIGN_CLOSED, user_id, now)


def close_due(session: Session, now: datetime) -> int:
    """End the campaigns whose closing date has passed, as of that date; how many there were."""
    open_ones = Campaign.status.in_((Publication.LIVE, Publication.PAUSED))
    due = session.scalars(select(Campaign).where(open_ones, Campaign.closes_at <= now).with_for_update()).all()
    for campaign in due:
        campaigns.close_campaign(campaign, campaign.closes_at or now)
        _record_campaign(session, campaign, CampaignEvent.CAMPAIGN_CLOSED, None, now)
    return len(due)


def pause_page(session: Session, page: ActionPage, user_id: int | None, now: datetime) -> None:
    """It rests. Raises BadSetting unless it is live."""
    _require(page, Publication.LIVE)
    page.status = Publication.PAUSED
    _record_page(session, page, CampaignEvent.PAGE_PAUSED, user_id, now)


def reopen_page(
    session: Session, page: ActionPage, translate: Translate, vouching: Vouching, user_id: int | None, now: datetime
) -> None:
    """It goes on. Raises BadSetting, NoActiveKey."""
    _require(page, Publication.PAUSED, Publication.CLOSED)
    pages.open_page(session, page, translate, vouching, now)
    _record_page(session, page, CampaignEvent.PAGE_REOPENED, user_id, now)


def close_page(session: Session, page: ActionPage, user_id: int | None, now: datetime) -> None:
    """It takes no more signatures."""
    pages.close_page(page)
    _record_page(session, page, CampaignEvent.PAGE_CLOSED, user_id, now)


def _require(what: Campaign | ActionPage, *states: Publication) -> None:
    if what.status not in states:
        raise BadSetting(f"{what.name} is {what.status}; that can be done only while it is {' or '.join(states)}")


def _record_campaign(
    session: Session, campaign: Campaign, event: CampaignEvent, user_id: int | None, now: datetime
) -> None:
    audit.record(session, campaign.org_id, user_id, event, {"campaign": campaign.name}, now)


def _record_page(session: Session, page: ActionPage, event: CampaignEvent, user_id: int | None, now: datetime) -> None:
    audit.record(session, page.org_id, user_id, event, {"page": page.name}, now)
