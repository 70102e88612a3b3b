"""Orgs, campaigns and pages: making them, and letting a page go live or close. The Home Org owns none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel import Locale, UnknownLocaleError
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.crypto.home import HomeKey
from proca_web.domain import text
from proca_web.domain.contact import ALWAYS_REQUIRED, FIELDS
from proca_web.domain.countries import COUNTRIES
from proca_web.domain.errors import BadSetting, HomeCannotReceive, NameTaken, NoActiveKey
from proca_web.domain.wording import Translate
from proca_web.models import ActionPage, Campaign, Org
from proca_web.services import home_keys, key_log, wordings

HOME = "home"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LINK = re.compile(r"https?://[^\s/][^\s]*")


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What a new page says and asks for."""

    title: str
    demand: str
    body: str = ""
    locale: str = "en"
    fields: Sequence[str] = ("first_name", "last_name", "email", "country", "postcode")
    required: Sequence[str] = ("first_name", "email")
    comment: str = "sealed"
    consent_style: str = "box"
    default_country: str = ""
    double_opt_in: bool = True
    delivery: bool = True
    next_step_label: str = ""
    next_step_url: str = ""


def add_home(session: Session, home: HomeKey, now: datetime) -> Org:
    """The Home Org with the public halves of its key; the key log begins with it."""
    org = Org(name=HOME, title="Home", is_home=True, created_at=now)
    session.add(org)
    session.flush()  # the key row needs the org's id
    session.add(home_keys.row_of(home, org.id, now))
    key_log.begin(session, home, now)
    return org


def add_org(session: Session, name: str, title: str, now: datetime) -> Org:
    """A new org, which has no key yet. Raises NameTaken, BadSetting."""
    _check_name(name)
    if session.scalars(select(Org.id).where(Org.name == name)).first() is not None:
        raise NameTaken(f"there is an org {name} already")
    org = Org(name=name, title=title, created_at=now)
    session.add(org)
    session.flush()  # its keys and pages need its id
    return org


def set_notice(
    org: Org,
    *,
    legal_name: str = "",
    legal_contact: str = "",
    privacy_url: str = "",
    retention: str = "",
    reply_to: str = "",
) -> None:
    """What an org says about itself on its pages and mails. Raises BadSetting for a link or address of another kind."""
    _check_link(privacy_url)
    try:
        org.reply_to = text.email(reply_to)
    except text.Refused as refusal:
        raise BadSetting(f"{reply_to!r} is no mail address") from refusal
    org.legal_name, org.legal_contact = legal_name, legal_contact
    org.privacy_url, org.retention = privacy_url, retention


def add_campaign(session: Session, name: str, title: str, lead: Org, now: datetime) -> Campaign:
    """A new campaign led by an org. Raises NameTaken, BadSetting, HomeCannotReceive."""
    _check_name(name)
    _refuse_home(lead)
    if session.scalars(select(Campaign.id).where(Campaign.name == name)).first() is not None:
        raise NameTaken(f"there is a campaign {name} already")
    campaign = Campaign(name=name, title=title, org_id=lead.id, created_at=now, counted_at=now, status="live")
    session.add(campaign)
    session.flush()  # pages need the campaign's id
    return campaign


def add_page(
    session: Session, name: str, campaign: Campaign, org: Org, settings: PageSettings, now: datetime
) -> ActionPage:
    """A new page, a draft. Raises NameTaken, BadSetting, HomeCannotReceive."""
    _check_name(name)
    _refuse_home(org)
    _check_settings(settings)
    if session.scalars(select(ActionPage.id).where(ActionPage.name == name)).first() is not None:
        raise NameTaken(f"there is a page {name} already")
    page = ActionPage(
        name=name,
        campaign_id=campaign.id,
        org_id=org.id,
        title=settings.title,
        demand=settings.demand,
        body=settings.body,
        locale=settings.locale,
        fields=[field for field in FIELDS if field in settings.fields],
        required=sorted({*settings.required, *ALWAYS_REQUIRED}),
        comment=settings.comment,
        consent_style=settings.consent_style,
        default_country=settings.default_country,
        double_opt_in=settings.double_opt_in,
        delivery=settings.delivery,
        next_step_label=settings.next_step_label,
        next_step_url=settings.next_step_url,
        created_at=now,
    )
    session.add(page)
    session.flush()  # the wording needs the page's id
    return page


def open_page(session: Session, page: ActionPage, translate: Translate, now: datetime) -> None:
    """Let a page go live. Raises BadSetting without legal notices, NoActiveKey without the keys it always needs."""
    for org in wordings.orgs_of(page).values():
        if not wordings.notice_of(org).is_complete:
            raise BadSetting(
                f"{org.name} has no complete legal notice (legal name, contact, privacy link, retention sentence)"
            )
    for receiver in wordings.distribution_of(page).always():
        org = wordings.orgs_of(page)[receiver]
        if not wordings.has_key(session, org, now):
            raise NoActiveKey(f"{org.name} has no active key; without one, nothing may be stored for it")
    page.status = "live"
    wordings.refresh(session, page, translate, now)


def close_page(page: ActionPage) -> None:
    """Take no more signatures; links that were mailed still work."""
    page.status = "closed"


def close_campaign(campaign: Campaign, now: datetime) -> None:
    """Close a campaign with all its pages; its fingerprint key is destroyed 30 days later."""
    campaign.status = "closed"
    campaign.closed_at = now


def _refuse_home(org: Org) -> None:
    if org.is_home:
        raise HomeCannotReceive("the Home Org owns no campaign and no page")


def _check_settings(settings: PageSettings) -> None:
    fields = set(settings.fields)
    if not ALWAYS_REQUIRED <= fields <= set(FIELDS):
        raise BadSetting(f"fields must be some of {', '.join(FIELDS)}, with first_name and email among them")
    if not set(settings.required) <= fields:
        raise BadSetting("only fields that the page asks for can be required")
    if settings.default_country and settings.default_country not in COUNTRIES:
        raise BadSetting(f"{settings.default_country!r} is no country; use two capital letters, like DE")
    try:
        Locale.parse(settings.locale)
    except (ValueError, UnknownLocaleError) as error:
        raise BadSetting(f"{settings.locale!r} is no language we know; use a code like en or pt_BR") from error
    _check_link(settings.next_step_url)


def _check_link(url: str) -> None:
    # It becomes a link people follow; javascript: and the like would run in our pages.
    if url and not _LINK.fullmatch(url):
        raise BadSetting(f"{url!r} is no web address; it must begin with https:// or http://")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > 64:
        raise BadSetting(f"{name!r} is no name: use small letters, digits and single dashes, at most 64")
