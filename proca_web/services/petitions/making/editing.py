"""Campaigns and pages are written: made with their first words, changed later, and told in the org's record.

Who may change what is asked here: texts need one right, everything else another, and a campaign's own only its lead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import BadSetting, FieldsRefused, NameTaken, RightGone
from proca_web.domain.messages import N_, Message
from proca_web.domain.pages.wording import Translate
from proca_web.domain.rights import Right
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign, Org, PageReceiver, Picture
from proca_web.services.petitions import orgs, wordings
from proca_web.services.petitions.making import differences, slugs
from proca_web.services.petitions.making.writing import checking, typed
from proca_web.services.petitions.making.writing.checking import Written
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import audit

_LONGEST_TOLD = 80
_RESERVED = "new"  # in addresses of the console
_TAKEN = N_("Another page has, or had, this address. Choose another one.")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, with which rights, and when."""

    user_id: int
    rights: frozenset[Right]
    now: datetime


@dataclass(frozen=True, slots=True)
class Form:
    """A page's form: what it holds now, what this person may change of it, and who asks for consent."""

    held: dict[str, str]
    places: tuple[str, ...]
    questions: dict[str, str]


def form_of(session: Session, page: ActionPage, writer: Writer) -> Form:
    """What somebody sees of a page's form."""
    asked = session.scalars(
        select(PageReceiver).where(PageReceiver.page_id == page.id).order_by(PageReceiver.position)
    ).all()
    questions = typed.questions_of(page, asked)
    places = typed.places(writer.rights, questions, leads=page.org_id == page.campaign.org_id)
    return Form(typed.without_ends(typed.of_page(page, questions)), places, questions)


def new_form(org: Org, writer: Writer) -> Form:
    """The form of a new campaign."""
    places = typed.places(writer.rights, ("opt_in",), leads=True)
    return Form(typed.of_new(org), places, {"opt_in": org.title})


def found(session: Session, org: Org, said: Mapping[str, str], writer: Writer) -> ActionPage:
    """A new campaign with its first page, both drafts. Raises FieldsRefused."""
    orgs.refuse_home(org)
    form = new_form(org, writer)
    said = form.held | typed.without_ends({place: said.get(place, "") for place in form.places})
    written = checking.read(said, form.held, org.time_zone, writer.now)
    written.refuse(said)
    _refuse_foreign_picture(session, org, written)
    slug = written.slug or slugs.suggest(session, written.page["title"])
    if not slugs.is_free(session, slug):
        raise FieldsRefused({"slug": Message(_TAKEN)})
    title, now = written.page["title"], writer.now
    campaign = Campaign(
        name=free_name(session, slug), title=title, org_id=org.id, counted_at=now, created_at=now, **written.campaign
    )
    session.add(campaign)
    session.flush()
    page = ActionPage(name=slug, slug=slug, campaign_id=campaign.id, org_id=org.id, created_at=now, **written.page)
    session.add(page)
    session.flush()
    _touch(campaign, page, writer)
    told = {"campaign": campaign.name, "page": page.name, "title": title[:_LONGEST_TOLD]}
    audit.record(session, org.id, writer.user_id, CampaignEvent.CAMPAIGN_MADE, told, now)
    return page


def save(
    session: Session,
    page: ActionPage,
    said: Mapping[str, str],
    writer: Writer,
    translate: Translate,
    vouching: Vouching | None,
) -> bool:
    """Change a page as typed; whether people agree to something else from now on. Raises FieldsRefused, RightGone."""
    form = form_of(session, page, writer)
    said = typed.without_ends({place: text for place, text in said.items() if place in form.held})
    _refuse_others_places(form, said)
    whole = form.held | said
    written = checking.read(whole, form.held, page.org.time_zone, writer.now)
    written.refuse(said)
    _refuse_foreign_picture(session, page.org, written)
    changed = differences.changes(form.held, whole)
    if not changed:
        return False
    apply(page, written, {change.place for change in changed})
    _move(session, page, written, writer)
    _touch(page.campaign, page, writer)
    _tell(session, page, changed, writer)
    return _renew(session, page, writer, translate, vouching)


def check(session: Session, page: ActionPage, said: dict[str, str], writer: Writer) -> None:
    """Whether a page could be saved so. Raises FieldsRefused, RightGone."""
    form = form_of(session, page, writer)
    said = typed.without_ends(said)
    _refuse_others_places(form, said)
    checking.read(form.held | said, form.held, page.org.time_zone, writer.now).refuse(said)


def apply(page: ActionPage, written: Written, places: set[str]) -> None:
    """Put on a page what was written, and on its campaign what belongs to that and was touched."""
    for name, value in written.page.items():
        if getattr(page, name) != value:
            setattr(page, name, value)
    if places & set(typed.OF_CAMPAIGN):
        for name, value in written.campaign.items():
            if getattr(page.campaign, name) != value:
                setattr(page.campaign, name, value)


def renews(
    session: Session, page: ActionPage, said: dict[str, str], writer: Writer, translate: Translate,
    vouching: Vouching | None,
) -> bool:  # fmt: skip
    """Whether people would agree to something else if a page were saved so; nothing is stored."""
    if vouching is None or (shown := wordings.current(session, page.id)) is None:
        return False
    form = form_of(session, page, writer)
    written = checking.read(form.held | said, form.held, page.org.time_zone, writer.now)
    with session.no_autoflush:
        apply(page, written, set(said))
        wanted = wordings.compose(session, page, translate, vouching, writer.now)
        locale = page.locale
        session.expire(page)
        session.expire(page.campaign)
    return wanted.hash != shown.hash or locale != shown.locale


def free_name(session: Session, wanted: str) -> str:
    """A name that no campaign has, made of a page's address."""
    taken = select(Campaign.name).where(Campaign.name.like(f"{wanted[:60]}%"))
    names, number, name = {_RESERVED, *session.scalars(taken)}, 1, wanted
    while name in names:
        number += 1
        name = f"{wanted[:60].rstrip('-')}-{number}"
    return name


def _refuse_others_places(form: Form, said: Mapping[str, str]) -> None:
    if any(said[place] != form.held[place] for place in said if place not in form.places):
        raise RightGone(
            N_("You may change the words of this page. For its other settings, ask a campaigner or an owner.")
        )


def _refuse_foreign_picture(session: Session, org: Org, written: Written) -> None:
    picture = session.get(Picture, written.page["hero_id"]) if written.page["hero_id"] else None
    if picture is None or picture.org_id != org.id:
        written.page["hero_id"] = None


def _move(session: Session, page: ActionPage, written: Written, writer: Writer) -> None:
    if not written.slug or written.slug == page.slug:
        return
    try:
        slugs.change(session, page, written.slug, writer.user_id, writer.now)
    except (NameTaken, BadSetting) as error:
        raise FieldsRefused({"slug": Message(_TAKEN)}) from error


def _touch(campaign: Campaign, page: ActionPage, writer: Writer) -> None:
    for edited in (page, campaign):
        edited.edits = (edited.edits or 0) + 1
        edited.edited_at, edited.edited_by = writer.now, writer.user_id


def _tell(session: Session, page: ActionPage, changed: list[differences.Change], writer: Writer) -> None:
    told = {each.place: [each.before[:_LONGEST_TOLD], each.after[:_LONGEST_TOLD]] for each in changed[:12]}
    facts = {"page": page.name, "changes": told}
    audit.record(session, page.org_id, writer.user_id, CampaignEvent.PAGE_EDITED, facts, writer.now)


def _renew(session: Session, page: ActionPage, writer: Writer, translate: Translate, vouching: Vouching | None) -> bool:
    """A page that people saw has a new version of what they agree to, if its words changed."""
    if vouching is None or page.status == Publication.DRAFT:
        return False  # housekeeping renews it as soon as the guard can be read
    session.flush()
    renewed = wordings.refresh(session, page, translate, vouching, writer.now)
    if renewed:
        facts = {"page": page.name}
        audit.record(session, page.org_id, writer.user_id, CampaignEvent.WORDING_CHANGED, facts, writer.now)
    return renewed
