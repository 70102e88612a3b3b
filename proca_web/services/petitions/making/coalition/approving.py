"""Whose yes a partner's page has: the lead's to what it says, its own org's to who gets a copy."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, LaunchTick
from proca_web.domain.errors import CampaignRefused
from proca_web.domain.messages import N_
from proca_web.models import ActionPage, Campaign, PageReceiver, Tick
from proca_web.services.petitions.making.coalition import choices, partners

_SAYS = ("title", "addressee", "demand", "body", "closed_text", "thanks_text", "milestones", "share_texts", "locale")
_LOOKS = ("hero_id", "hero_alt")
_ASKS = ("fields", "required", "comment", "consent_style", "questions", "double_opt_in", "delivery")


def mark(session: Session, page: ActionPage) -> str:
    """A hash over what the lead says yes to: words, picture, fields, questions, and who gets a copy."""
    told = {name: getattr(page, name) for name in (*_SAYS, *_LOOKS, *_ASKS)}
    further = select(PageReceiver.org_id).where(PageReceiver.page_id == page.id).order_by(PageReceiver.position)
    told |= {"force": page.campaign.force_delivery, "further": list(session.scalars(further))}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]


def is_approved(session: Session, page: ActionPage) -> bool:
    """Whether the lead has said yes to a page as it is now, and its org still takes part; its own need no yes."""
    if page.org_id == page.campaign.org_id:
        return True
    tick = _tick(session, page, page.campaign.org_id)
    is_so = tick is not None and tick.mark == mark(session, page)
    return is_so and partners.takes_part(session, page.campaign, page.org_id)


def approve(
    session: Session, campaign: Campaign, page: ActionPage, seen: str, user_id: int | None, now: datetime
) -> None:
    """The lead says yes to what it has `seen` of a partner's page. Raises CampaignRefused where that changed."""
    campaign = partners.locked(session, campaign.id)
    session.refresh(page)
    if page.org_id == campaign.org_id or not partners.takes_part(session, campaign, page.org_id):
        raise CampaignRefused(N_("This organisation does not take part any more."))
    if seen != mark(session, page):
        raise CampaignRefused(N_("The page was changed while you looked at it. Please look once more."))
    _put(session, page, campaign.org_id, seen, user_id, now)
    both, event = [campaign.lead, page.org], CampaignEvent.PARTNER_APPROVED
    silent = [campaign.org_id]
    partners.tell(session, campaign, both, event, user_id, now, partner=page.org.title, silent=silent, page=page.name)


def agree_to_terms(
    session: Session, campaign: Campaign, pages: Sequence[ActionPage], user_id: int | None, now: datetime
) -> None:
    """A partner says yes, for its pages, to who gets a copy: as it shall be, else as it is."""
    said = campaign.asked_terms or choices.of_campaign(campaign)
    for page in pages:
        _put(session, page, page.org_id, said, user_id, now)


def agreed_to(session: Session, page: ActionPage) -> str:
    """What a page's org said yes to last; nothing, if it was never asked."""
    tick = _tick(session, page, page.org_id)
    return tick.mark if tick is not None else ""


def carry_over(session: Session, pages: Sequence[ActionPage]) -> None:
    """The lead's yes holds for these pages as they are now, too."""
    for page in pages:
        tick = _tick(session, page, page.campaign.org_id)
        if tick is not None:
            tick.mark = mark(session, page)
    session.flush()


def forget(session: Session, pages: Sequence[ActionPage], org_id: int) -> None:
    """The yes of an org to these pages does not count any more."""
    for page in pages:
        tick = _tick(session, page, org_id)
        if tick is not None:
            session.delete(tick)
    session.flush()


def _tick(session: Session, page: ActionPage, org_id: int) -> Tick | None:
    where = (Tick.page_id == page.id, Tick.what == LaunchTick.APPROVED, Tick.org_id == org_id)
    return session.scalars(select(Tick).where(*where)).first()


def _put(session: Session, page: ActionPage, org_id: int, said: str, user_id: int | None, now: datetime) -> None:
    tick = _tick(session, page, org_id)
    if tick is None:
        tick = Tick(page_id=page.id, what=LaunchTick.APPROVED, org_id=org_id, at=now)
        session.add(tick)
    tick.mark, tick.user_id, tick.at = said, user_id, now
    session.flush()
