"""What an action page tells beside its form: who asks, of whom, until when, and what happens at the next number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import NewsKind
from proca_web.domain.pages import markdown
from proca_web.domain.pages.stops import Stop
from proca_web.domain.words import CommentPolicy, Publication
from proca_web.models import ActionPage, Campaign, Elsewhere, News, Org
from proca_web.services.petitions import counting
from proca_web.services.petitions.showing import comments, looks, news, standing
from proca_web.services.petitions.showing.comments import Said
from proca_web.services.petitions.showing.looks import Shot
from proca_web.services.petitions.showing.news import Told
from proca_web.services.petitions.showing.pictures import Mark

LEAST_TODAY = 3  # fewer say that nobody comes
MOST_DAYS_LEFT = 60  # more are no reason to hurry
MOST_ORGS = 8
MOST_PAGES = 50
MOST_ELSEWHERE = 20


@dataclass(frozen=True, slots=True)
class Asker:
    """An organisation that asks: its sign, who it is by law, and its own page of the same petition."""

    mark: Mark
    legal_name: str
    privacy_url: str
    page: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """A number or a day, and what happens then."""

    number: int | None
    day: date | None
    text: str
    is_reached: bool
    to_go: int


@dataclass(frozen=True, slots=True)
class Collected:
    """People who signed on paper or on another site."""

    label: str
    number: int
    day: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, as the page's org tells it."""

    title: str
    text: Markup
    day: date


@dataclass(frozen=True, slots=True)
class Story:
    """A page's own words and pictures; what there is none of is empty, and left out."""

    addressee: str
    text: Markup
    shot: Shot | None
    askers: Sequence[Asker]
    translations: Sequence[tuple[str, str]]
    today: int
    closes_on: date | None
    days_left: int | None
    closed_on: date | None
    milestones: Sequence[Milestone]
    elsewhere: Sequence[Collected]
    outcome: Outcome | None
    closed_text: Markup
    share_texts: Mapping[str, str]
    all_news: Sequence[Told]
    made_at: datetime
    is_over: bool
    comments: Sequence[Said]
    has_more_comments: bool

    @property
    def next(self) -> Milestone | None:
        """What the next signatures lead to."""
        return next((each for each in self.milestones if each.number and not each.is_reached), None)

    @property
    def news(self) -> list[Told]:
        """What is told besides the outcome that the page of a petition that is over begins with."""
        first = self.all_news[0] if self.is_over and self.all_news and self.all_news[0].is_outcome else None
        return [each for each in self.all_news if each is not first]

    @property
    def collected_elsewhere(self) -> int:
        """All of what was collected elsewhere."""
        return sum(each.number for each in self.elsewhere)


def read(session: Session, page: ActionPage, now: datetime) -> Story:
    """The story of a page, in a handful of reads however many pages and orgs there are."""
    campaign = page.campaign
    zone = ZoneInfo(page.org.time_zone)
    closes_on = last_day(campaign, zone)
    days = (closes_on - now.astimezone(zone).date()).days if closes_on else None
    pages = _pages(session, campaign)
    orgs = _orgs(session, page, pages)
    look = looks.read(session, [page], orgs)
    own = {other.org_id: other.slug for other in reversed(pages)}
    today = counting.per_day(session, [campaign.id], now.date(), 1)[campaign.id][0].confirmed
    said = comments.shown(session, page.id, comments.NEWEST + 1) if page.comment == CommentPolicy.PUBLIC else []
    is_over = Stop.CLOSED in standing.plan_of(campaign, now, page)
    return Story(
        addressee=page.addressee,
        text=markdown.html(page.body),
        shot=look.shots.get(page.id),
        askers=[
            Asker(look.marks[org.id], org.legal_name, org.privacy_url, "" if org is page.org else own.get(org.id, ""))
            for org in orgs
        ],
        translations=[
            (other.locale, other.slug) for other in pages if other.org_id == page.org_id and other.locale != page.locale
        ],
        today=today if today >= LEAST_TODAY else 0,
        closes_on=closes_on,
        days_left=days if days is not None and 0 <= days < MOST_DAYS_LEFT else None,
        closed_on=campaign.closed_at.astimezone(zone).date() if campaign.closed_at else closes_on if is_over else None,
        milestones=milestones_of(page.milestones, campaign.supporter_count, now.astimezone(zone).date()),
        elsewhere=_elsewhere(session, campaign),
        outcome=_outcome(session, page) if is_over else None,
        closed_text=markdown.html(page.closed_text),
        share_texts=dict(page.share_texts),
        all_news=news.told(session, page.id),
        made_at=page.created_at,
        is_over=is_over,
        comments=said[: comments.NEWEST],
        has_more_comments=len(said) > comments.NEWEST,
    )


def last_day(campaign: Campaign, zone: ZoneInfo) -> date | None:
    """The last day on which one can sign, where its org is: what closes at midnight closes with the day before."""
    return (campaign.closes_at - timedelta(seconds=1)).astimezone(zone).date() if campaign.closes_at else None


def milestones_of(rows: Sequence[dict[str, Any]], count: int, today: date) -> list[Milestone]:
    """Numbers by size, then days by date; a number is reached by signatures, a day by itself."""
    found = []
    for row in rows:
        number, day = row.get("number"), date.fromisoformat(row["day"]) if row.get("day") else None
        is_reached = count >= number if number else bool(day and day < today)
        found.append(Milestone(number, day, row.get("text", ""), is_reached, max(number - count, 0) if number else 0))
    return sorted(found, key=lambda each: (each.number is None, each.number or 0, each.day or today))


def _pages(session: Session, campaign: Campaign) -> Sequence[ActionPage]:
    """The campaign's pages that are live, in their order."""
    mine = (ActionPage.campaign_id == campaign.id, ActionPage.status == Publication.LIVE)
    return session.scalars(
        select(ActionPage).where(*mine).order_by(ActionPage.position, ActionPage.id).limit(MOST_PAGES)
    ).all()


def _orgs(session: Session, page: ActionPage, pages: Sequence[ActionPage]) -> list[Org]:
    """Who asks: whose page this is, who leads, who else may get a copy, and those with a page of their own."""
    named = (page.org_id, page.campaign.org_id, *(each.org_id for each in page.receivers))
    ids = list(dict.fromkeys([*named, *(other.org_id for other in pages)]))[:MOST_ORGS]
    found = {org.id: org for org in session.scalars(select(Org).where(Org.id.in_(ids)))}
    return [found[id_] for id_ in ids]


def _elsewhere(session: Session, campaign: Campaign) -> list[Collected]:
    query = select(Elsewhere).where(Elsewhere.campaign_id == campaign.id).order_by(Elsewhere.day, Elsewhere.id)
    return [Collected(row.label, row.number, row.day) for row in session.scalars(query.limit(MOST_ELSEWHERE))]


def _outcome(session: Session, page: ActionPage) -> Outcome | None:
    """The last one told on this page, else on another page of the campaign."""
    query = (
        select(News)
        .join(ActionPage, ActionPage.id == News.page_id)
        .where(ActionPage.campaign_id == page.campaign_id, News.kind == NewsKind.OUTCOME)
        .order_by(News.page_id != page.id, News.published_at.desc(), News.id.desc())
    )
    told = session.scalars(query.limit(1)).first()
    return Outcome(told.title, markdown.html(told.body), told.published_at.astimezone(UTC).date()) if told else None
