"""Copies: words, picture, mails, fields and consents go along; people, dates and addresses do not."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import CampaignRefused
from proca_web.domain.messages import LANGUAGES, N_
from proca_web.models import ActionPage, Campaign, MailText, PageReceiver
from proca_web.services.petitions.making import editing, slugs
from proca_web.services.petitions.making.editing import Writer
from proca_web.services.staff import audit

MOST_PAGES = 100
_WORDS = ("title", "addressee", "demand", "body", "closed_text", "thanks_text", "hero_id", "hero_alt")
_TERMS = ("fields", "required", "comment", "consent_style", "default_country", "double_opt_in", "delivery", "locale")
_OTHERS = ("milestones", "share_texts", "questions", "mail_name", "mail_reply_to", "next_step_label", "next_step_url")
_OF_MAILS = ("kind", "subject", "preheader", "body")
_OF_CAMPAIGNS = ("title", "org_id", "goal", "confirm_days", "reminder", "force_delivery", "partner_delivery")


def copy_page(session: Session, page: ActionPage, writer: Writer) -> ActionPage:
    """A page once more in its campaign, as a draft."""
    made = _copied(session, page, page.campaign, writer.now)
    _tell(session, CampaignEvent.PAGE_COPIED, made, page.name, writer)
    return made


def add_language(session: Session, page: ActionPage, locale: str, writer: Writer) -> ActionPage:
    """The same in another language, to be written over, as a draft. Raises CampaignRefused."""
    if locale not in languages_left(session, page.campaign, page.org_id):
        raise CampaignRefused(N_("Choose a language that is not there yet."))
    made = _copied(session, page, page.campaign, writer.now, locale)
    _tell(session, CampaignEvent.PAGE_COPIED, made, page.name, writer)
    return made


def copy_into_new(session: Session, page: ActionPage, writer: Writer) -> ActionPage:
    """A page as the first one of a new campaign, which counts from nought."""
    campaign = _new_campaign(session, page.campaign, page.org_id, page.title, writer.now)
    made = _copied(session, page, campaign, writer.now)
    _tell(session, CampaignEvent.CAMPAIGN_COPIED, made, page.campaign.name, writer)
    return made


def copy_campaign(session: Session, campaign: Campaign, writer: Writer) -> Campaign:
    """A whole campaign with the pages of the org that leads it, all drafts. Raises CampaignRefused."""
    own = (ActionPage.campaign_id == campaign.id, ActionPage.org_id == campaign.org_id)
    query = select(ActionPage).where(*own).order_by(ActionPage.position, ActionPage.id)
    pages = session.scalars(query.limit(MOST_PAGES + 1)).all()
    if not pages or len(pages) > MOST_PAGES:
        raise CampaignRefused(N_("This campaign has no page of yours, or more than can be copied at once."))
    made = _new_campaign(session, campaign, campaign.org_id, campaign.title, writer.now)
    for page in pages:
        _copied(session, page, made, writer.now)
    facts = {"before": campaign.name, "campaign": made.name}
    audit.record(session, made.org_id, writer.user_id, CampaignEvent.CAMPAIGN_COPIED, facts, writer.now)
    return made


def languages_left(session: Session, campaign: Campaign, org_id: int) -> list[str]:
    """The languages that a page of the org in a campaign could have beside those that are there."""
    where = (ActionPage.campaign_id == campaign.id, ActionPage.org_id == org_id)
    there = {locale.partition("_")[0] for locale in session.scalars(select(ActionPage.locale).where(*where).distinct())}
    return [language for language in LANGUAGES if language not in there]


def _new_campaign(session: Session, source: Campaign, org_id: int, title: str, now: datetime) -> Campaign:
    values = {name: getattr(source, name) for name in _OF_CAMPAIGNS} | {"org_id": org_id, "title": title}
    name = editing.free_name(session, slugs.suggest(session, title))
    campaign = Campaign(name=name, counted_at=now, created_at=now, **values)
    session.add(campaign)
    session.flush()
    return campaign


def made_like(
    session: Session, page: ActionPage, campaign: Campaign, called: str, now: datetime, **instead: object
) -> ActionPage:
    """A draft like a page, with its mails, at an address made of `called`; `instead`: settings of its own."""
    values = {name: getattr(page, name) for name in (*_WORDS, *_TERMS, *_OTHERS)} | {"org_id": page.org_id} | instead
    slug = slugs.suggest(session, called)
    last = select(func.max(ActionPage.position)).where(ActionPage.campaign_id == campaign.id)
    made = ActionPage(
        name=slug,
        slug=slug,
        campaign_id=campaign.id,
        position=(session.scalar(last) or 0) + 1,
        created_at=now,
        **values,
    )
    session.add(made)
    session.flush()
    for mail in session.scalars(select(MailText).where(MailText.page_id == page.id)).all():
        session.add(MailText(page_id=made.id, edited_at=now, **{name: getattr(mail, name) for name in _OF_MAILS}))
    session.flush()
    return made


def _copied(
    session: Session, page: ActionPage, campaign: Campaign, now: datetime, locale: str | None = None
) -> ActionPage:
    """The org's own page once more, with its further receivers."""
    called = f"{page.title} {locale}" if locale else page.title
    made = made_like(session, page, campaign, called, now, locale=locale or page.locale)
    for each in session.scalars(select(PageReceiver).where(PageReceiver.page_id == page.id)).all():
        session.add(PageReceiver(page_id=made.id, org_id=each.org_id, position=each.position))
    session.flush()
    return made


def _tell(session: Session, event: CampaignEvent, made: ActionPage, before: str, writer: Writer) -> None:
    made.edited_at, made.edited_by = writer.now, writer.user_id
    facts = {"before": before, "page": made.name, "campaign": made.campaign.name}
    audit.record(session, made.org_id, writer.user_id, event, facts, writer.now)
