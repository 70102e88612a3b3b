"""What waits for somebody of an org, the most urgent first: each with where it is done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from proca_web.domain.campaign_words import CommentState, PartnerState
from proca_web.domain.pages.stops import Stop
from proca_web.domain.words import KeyRole, Publication
from proca_web.models import Action, ActionPage, Campaign, Comment, Contact, Org, Partner
from proca_web.services.petitions.glance.live import Live
from proca_web.services.petitions.making.launch import steps
from proca_web.services.petitions.showing.standing import Look
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import audit

KEY_SOON = timedelta(days=30)
MOST_OF_EACH = 3
MOST_NEW = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing to do: its kind, by which the screen has its words; what it is about; and the page that does it."""

    kind: str
    about: Mapping[str, object]
    endpoint: str
    path: Mapping[str, str] = field(default_factory=dict)
    number: int = 0


def of(
    session: Session,
    org: Org,
    live: Sequence[Live],
    key_ends: datetime | None,
    look: Look,
    vouching: Vouching | None,
) -> list[Waiting]:
    """All of it, whoever it may be for; a bounded number of each kind."""
    return [
        *_key(key_ends, look.now),
        *_stopped(live),
        *_invitations(session, org, look.now),
        *_drafts(session, org, look, vouching),
        *_comments(session, org),
        *_new_people(session, org),
    ]


def _key(ends: datetime | None, now: datetime) -> Iterator[Waiting]:
    if ends is not None and now < ends < now + KEY_SOON:
        yield Waiting("key", {"until": ends}, "keys.index", number=(ends - now).days)


def _stopped(live: Sequence[Live]) -> Iterator[Waiting]:
    for each in [each for each in live if each.state == Stop.NO_KEY][:MOST_OF_EACH]:
        yield Waiting("stopped", {"title": each.page.title}, "launch.index", _place(each.page))


def _invitations(session: Session, org: Org, now: datetime) -> Iterator[Waiting]:
    open_ones = (Partner.org_id == org.id, Partner.state == PartnerState.INVITED, Partner.until > now)
    query = select(Partner).where(*open_ones).order_by(Partner.until).limit(MOST_OF_EACH)
    for partner in session.scalars(query.options(joinedload(Partner.campaign).joinedload(Campaign.lead))):
        about = {"title": partner.campaign.title, "lead": partner.campaign.lead.title, "until": partner.until}
        yield Waiting("invitation", about, "partnership.index")


def _drafts(session: Session, org: Org, look: Look, vouching: Vouching | None) -> Iterator[Waiting]:
    """Own drafts with what they lack, and partners' that lack the lead's yes alone."""
    query = select(ActionPage).where(ActionPage.status == Publication.DRAFT).order_by(ActionPage.id.desc())
    loaded = query.options(joinedload(ActionPage.campaign), joinedload(ActionPage.org))
    own = session.scalars(loaded.where(ActionPage.org_id == org.id).limit(MOST_OF_EACH)).all()
    led = ActionPage.campaign.has(Campaign.org_id == org.id)
    theirs = session.scalars(loaded.where(led, ActionPage.org_id != org.id).limit(MOST_OF_EACH)).all()
    for page in theirs:
        lacking = steps.missing(steps.of_page(session, page, look, vouching))
        if lacking and all(step.what == "yes" and step.org.id == org.id for step in lacking):
            about = {"title": page.title, "partner": page.org.title}
            yield Waiting("approval", about, "launch.index", _place(page))
    for page in own:
        lacking = steps.missing(steps.of_page(session, page, look, vouching))
        yield Waiting("draft", {"title": page.title}, "launch.index", _place(page), len(lacking))


def _comments(session: Session, org: Org) -> Iterator[Waiting]:
    waits = exists().where(Comment.page_id == ActionPage.id, Comment.state == CommentState.WAITING)
    of_org = exists().where(ActionPage.campaign_id == Campaign.id, ActionPage.org_id == org.id, waits)
    for campaign in session.scalars(select(Campaign).where(of_org).order_by(Campaign.id.desc()).limit(MOST_OF_EACH)):
        yield Waiting("comments", {"title": campaign.title}, "comments.index", {"campaign": campaign.name})


def _new_people(session: Session, org: Org) -> Iterator[Waiting]:
    """Who was accepted since the last download; of the newest copies no more are looked at than a page view may."""
    (last, *_) = audit.recent_entries(session, org.id, "export", 1) or (None,)
    mine = (Contact.org_id == org.id, Contact.role == KeyRole.RECIPIENT, Contact.seq.is_not(None))
    newest = select(Contact.action_id).where(*mine).order_by(Contact.seq.desc()).limit(MOST_NEW).subquery()
    query = select(func.count()).select_from(newest).join(Action, Action.id == newest.c.action_id)
    query = query.where(~Action.testing)
    number = session.scalar(query if last is None else query.where(Action.accepted_at > last.at)) or 0
    if number:
        since = {"since": last.at if last is not None else None, "more": number >= MOST_NEW}
        yield Waiting("people", since, "exports.index", number=number)


def _place(page: ActionPage) -> dict[str, str]:
    return {"campaign": page.campaign.name, "page": page.name}
