"""Action pages: making one, letting it go live, closing it. The Home Org owns none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from babel import Locale, UnknownLocaleError
from sqlalchemy.orm import Session

from proca_web.domain.errors import BadSetting, NameTaken, NoActiveKey
from proca_web.domain.messages import LANGUAGES
from proca_web.domain.pages.privacy import MOST_FURTHER
from proca_web.domain.pages.wording import Translate
from proca_web.domain.people.contact import ALWAYS_REQUIRED, FIELDS
from proca_web.domain.people.countries import COUNTRIES
from proca_web.domain.words import CommentPolicy, ConsentStyle, Publication
from proca_web.models import ActionPage, Campaign, Org, PageReceiver
from proca_web.services.keys import recipients
from proca_web.services.petitions import names, orgs, wordings
from proca_web.services.petitions.making import slugs
from proca_web.services.petitions.making.coalition import partners
from proca_web.services.sealing.vouching import Vouching


@dataclass(frozen=True, slots=True)
class PageSettings:
    """What a new page says and asks for."""

    title: str
    demand: str
    body: str = ""
    locale: str = "en"
    fields: Sequence[str] = ("first_name", "last_name", "email", "country", "postcode")
    required: Sequence[str] = ("first_name", "email")
    comment: str = CommentPolicy.SEALED
    consent_style: str = ConsentStyle.BOX
    default_country: str = ""
    double_opt_in: bool = True
    delivery: bool = True
    next_step_label: str = ""
    next_step_url: str = ""


def add_page(
    session: Session, name: str, campaign: Campaign, org: Org, settings: PageSettings, now: datetime
) -> ActionPage:
    """A new page, a draft. Raises NameTaken, BadSetting, HomeCannotReceive."""
    names.check_name(name)
    orgs.refuse_home(org)
    _check_settings(settings)
    if not slugs.is_free(session, name):
        raise NameTaken(f"there is a page {name} already, or one that has or had this address")
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


def open_page(session: Session, page: ActionPage, translate: Translate, vouching: Vouching, now: datetime) -> None:
    """Let a page go live. Raises BadSetting, NoActiveKey."""
    require_ready(session, page, vouching, now)
    page.status = Publication.LIVE
    wordings.refresh(session, page, translate, vouching, now)


def require_ready(session: Session, page: ActionPage, vouching: Vouching, now: datetime) -> None:
    """Raise BadSetting without its orgs' legal notices, NoActiveKey without the keys that a live page always needs."""
    if not partners.takes_part(session, page.campaign, page.org_id):
        raise BadSetting(f"{page.org.name} does not take part in the campaign any more")
    parties = wordings.orgs_of(page)
    for org in parties.values():
        if not wordings.notice_of(org).is_complete:
            raise BadSetting(
                f"{org.name} has no complete legal notice (legal name, contact, privacy link, retention sentence)"
            )
    for receiver in wordings.distribution_of(page).always():
        org = parties[receiver]
        if not recipients.can_receive(session, org, vouching, now):
            raise NoActiveKey(f"{org.name} has no active key; without one, nothing may be stored for it")


def edit_page(page: ActionPage, changes: Mapping[str, object]) -> None:
    """Change what a page says and asks for. Raises BadSetting."""
    now: dict[str, Any] = {each.name: changes.get(each.name, getattr(page, each.name)) for each in fields(PageSettings)}
    settings = PageSettings(**now)
    _check_settings(settings)
    for name in changes:
        setattr(page, name, getattr(settings, name))
    page.fields = [field for field in FIELDS if field in settings.fields]
    page.required = sorted({*settings.required, *ALWAYS_REQUIRED})


def set_receivers(session: Session, page: ActionPage, further: Sequence[Org]) -> None:
    """The further orgs of a page, in order: each gets a copy of who ticks it. Raises BadSetting, HomeCannotReceive."""
    taken = {page.org_id, page.campaign.org_id}
    if len(further) > MOST_FURTHER:
        raise BadSetting(f"beside its own org and the lead a page has at most {MOST_FURTHER} further ones")
    for org in further:
        orgs.refuse_home(org)
        if org.id in taken:
            raise BadSetting(f"{org.name} receives on page {page.name} already")
        taken.add(org.id)
    page.receivers.clear()
    session.flush()  # places are free before others take them
    page.receivers.extend(PageReceiver(org=org, position=at) for at, org in enumerate(further, 1))
    session.flush()


def close_page(page: ActionPage) -> None:
    """Take no more signatures; links that were mailed still work."""
    page.status = Publication.CLOSED


def _check_settings(settings: PageSettings) -> None:
    names.check_title("the title of a page", settings.title)
    names.check_line("the label of the next step", settings.next_step_label)
    names.check_lines("the demand of a page", settings.demand)
    names.check_lines("the text of a page", settings.body)
    asked = set(settings.fields)
    if not ALWAYS_REQUIRED <= asked <= set(FIELDS):
        raise BadSetting(f"fields must be some of {', '.join(FIELDS)}, with first_name and email among them")
    if not set(settings.required) <= asked:
        raise BadSetting("only fields that the page asks for can be required")
    if settings.default_country and settings.default_country not in COUNTRIES:
        raise BadSetting(f"{settings.default_country!r} is no country; use two capital letters, like DE")
    _check_locale(settings.locale)
    names.check_link(settings.next_step_url)


def _check_locale(locale: str) -> None:
    try:
        language = Locale.parse(locale).language
    except (ValueError, UnknownLocaleError) as error:
        raise BadSetting(f"{locale!r} is no language we know; use a code like en or en_GB") from error
    if language not in LANGUAGES:
        raise BadSetting(
            f"pages cannot be in {locale!r} yet: their words are not translated. Ready: {', '.join(LANGUAGES)}"
        )
