"""A partner's page begins as a copy of the lead's: words, picture, questions and mails; not its people or address."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from proca_web.domain.errors import CampaignRefused
from proca_web.domain.messages import N_
from proca_web.models import ActionPage, Campaign, MailText, Org, PageSlug

_LONGEST = 64
_WORDS = ("title", "addressee", "demand", "body", "closed_text", "thanks_text", "hero_id", "hero_alt", "locale")
_TERMS = ("fields", "required", "comment", "consent_style", "default_country", "double_opt_in")
_OTHERS = ("milestones", "share_texts", "questions", "next_step_label", "next_step_url")
_OF_MAILS = ("kind", "subject", "preheader", "body")


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
    return _copied(session, (chosen or pages)[0], campaign, org, now)


def _copied(session: Session, page: ActionPage, campaign: Campaign, org: Org, now: datetime) -> ActionPage:
    name = _free_name(session, f"{campaign.name}-{org.name}")
    last = select(func.max(ActionPage.position)).where(ActionPage.campaign_id == campaign.id)
    made = ActionPage(
        name=name,
        slug=name,
        campaign_id=campaign.id,
        org_id=org.id,
        delivery=campaign.partner_delivery,
        position=(session.scalar(last) or 0) + 1,
        created_at=now,
        **{each: getattr(page, each) for each in (*_WORDS, *_TERMS, *_OTHERS)},
    )
    session.add(made)
    session.flush()
    for mail in session.scalars(select(MailText).where(MailText.page_id == page.id)).all():
        session.add(MailText(page_id=made.id, edited_at=now, **{each: getattr(mail, each) for each in _OF_MAILS}))
    session.flush()
    return made


def _free_name(session: Session, wanted: str) -> str:
    """The name, or with a number behind it, which no page has or had."""
    for number in count(1):
        tail = "" if number == 1 else f"-{number}"
        name = f"{wanted[: _LONGEST - len(tail)].rstrip('-')}{tail}"
        now = select(ActionPage.id).where(or_(ActionPage.name == name, ActionPage.slug == name))
        before = select(PageSlug.page_id).where(PageSlug.slug == name)
        if session.scalars(now.limit(1)).first() is None and session.scalars(before).first() is None:
            return name
    raise AssertionError("there is always another number")
