"""Campaigns: what several pages collect for, led by one org. The Home Org leads none."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting, NameTaken
from proca_web.domain.words import Publication
from proca_web.models import Campaign, Org
from proca_web.services.petitions import names, orgs

_SETTINGS = (
    *("title", "goal", "opens_at", "closes_at", "confirm_days"),
    *("force_delivery", "partner_delivery", "reminder"),
)


def add_campaign(session: Session, name: str, title: str, lead: Org, now: datetime) -> Campaign:
    """A new campaign led by an org. Raises NameTaken, BadSetting, HomeCannotReceive."""
    names.check_name(name)
    names.check_title("the title of a campaign", title)
    orgs.refuse_home(lead)
    if session.scalars(select(Campaign.id).where(Campaign.name == name)).first() is not None:
        raise NameTaken(f"there is a campaign {name} already")
    campaign = Campaign(name=name, title=title, org_id=lead.id, status=Publication.LIVE, counted_at=now, created_at=now)
    session.add(campaign)
    session.flush()  # pages need the campaign's id
    return campaign


def close_campaign(campaign: Campaign, now: datetime) -> None:
    """Close a campaign with all its pages; its fingerprint key is destroyed 30 days later."""
    campaign.status = Publication.CLOSED
    campaign.closed_at = now


def edit_campaign(campaign: Campaign, changes: Mapping[str, object]) -> None:
    """Change a campaign's title, goal, dates, days to confirm, delivery or reminder. Raises BadSetting."""
    names.check_title("the title of a campaign", str(changes.get("title", campaign.title)))
    for name in _SETTINGS:
        if name in changes:
            setattr(campaign, name, changes[name])
    if campaign.opens_at is not None and campaign.closes_at is not None and campaign.closes_at <= campaign.opens_at:
        raise BadSetting("a campaign closes after it opens; choose a later closing date")
