"""Who leads a campaign and who owns a page: changed only where no signature depends on it.

Copies stay with the organisations they were sealed to. What cannot be changed afterwards is whom people were told of
and asked about: a signature's own page would say that they had answered somebody else.
"""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting, NoActiveKey
from proca_web.domain.words import Publication
from proca_web.models import Action, ActionPage, Campaign, Org
from proca_web.services.keys import recipients
from proca_web.services.petitions import orgs, pages
from proca_web.services.sealing.vouching import Vouching


def change_lead(session: Session, campaign: Campaign, lead: Org, vouching: Vouching, now: datetime) -> None:
    """Another org leads from now on. Raises BadSetting, HomeCannotReceive, NoActiveKey.

    A page of the lead itself names no lead: signatures on it do not stand in the way.
    """
    orgs.refuse_home(lead)
    before = campaign.lead
    for page in _locked(session, campaign.id):
        _refuse_further(page, lead)
        if before.id not in (page.org_id, lead.id) and _is_signed(session, page):
            raise BadSetting(
                f"people have signed page {page.name} of {page.org.name} and were told that {before.name} leads the"
                f" campaign: that cannot be changed; close campaign {campaign.name} and add one that {lead.name} leads"
            )
    campaign.lead = lead
    _stay_open(session, campaign, lead, vouching, now)


def change_owner(session: Session, page: ActionPage, org: Org, vouching: Vouching, now: datetime) -> None:
    """Another org collects from now on. Raises BadSetting, HomeCannotReceive, NoActiveKey."""
    orgs.refuse_home(org)
    _locked(session, page.campaign_id)
    _refuse_further(page, org)
    if page.org_id != org.id and _is_signed(session, page):
        raise BadSetting(
            f"people have signed page {page.name} and agreed with {page.org.name}: another org cannot take them over;"
            f" close the page and add one for {org.name}"
        )
    page.org = org
    _stay_open(session, page.campaign, org, vouching, now, only=page)


def _refuse_further(page: ActionPage, org: Org) -> None:
    if org in (each.org for each in page.receivers):
        raise BadSetting(f"{org.name} is a further receiver of page {page.name}; take it off there first")


def _locked(session: Session, campaign_id: int) -> list[ActionPage]:
    """The campaign's pages; whoever signs meanwhile waits."""
    query = select(ActionPage).where(ActionPage.campaign_id == campaign_id).order_by(ActionPage.id)
    return list(session.scalars(query.with_for_update()))


def _is_signed(session: Session, page: ActionPage) -> bool:
    signed = exists().where(Action.action_page_id == page.id, Action.testing.is_(False))
    return bool(session.scalar(select(signed)))


def _stay_open(
    session: Session, campaign: Campaign, new: Org, vouching: Vouching, now: datetime, only: ActionPage | None = None
) -> None:
    """Pages that are live must be able to stay so, with the new org in them."""
    session.flush()
    live = [page for page in _locked(session, campaign.id) if page.status == Publication.LIVE and only in (None, page)]
    if live and campaign.status == Publication.LIVE and not recipients.can_receive(session, new, vouching, now):
        raise NoActiveKey(f"{new.name} has no active key, and page {live[0].name} is live; enter the key first")
    for page in live:
        pages.require_ready(session, page, vouching, now)
