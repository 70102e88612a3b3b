"""The home page: the campaigns of this instance, one card each, and what became of those that are over. Reads only.

However many campaigns there are, it asks the database as often as for one.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from proca_web.domain.campaign_words import NewsKind
from proca_web.domain.words import Publication
from proca_web.models import ActionPage, Campaign, Elsewhere, News, Org, PageReceiver
from proca_web.services.petitions import views
from proca_web.services.petitions.showing import looks, standing, story
from proca_web.services.petitions.showing.looks import Looks, Shot
from proca_web.services.petitions.showing.pictures import Mark
from proca_web.services.petitions.views import Count
from proca_web.services.sealing.vouching import Vouching

MOST_PAGES = 500
MOST_TILES = 60
MOST_ENDED = 6
SEARCHED_FROM = 10  # campaigns
LONGEST_QUERY = 100


@dataclass(frozen=True, slots=True)
class Tile:
    """A campaign as a card: the page it is read on first, the languages it is there in, and all who ask."""

    slug: str
    title: str
    locale: str
    addressee: str
    demand: str
    languages: Sequence[tuple[str, str]]
    marks: Sequence[Mark]
    shot: Shot | None
    count: Count
    closes_on: date | None
    outcome: str
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class Front:
    """What the home page shows; `more`: there are others, which a search finds."""

    open: Sequence[Tile]
    ended: Sequence[Tile]
    is_searched: bool
    more: bool


def read(
    session: Session,
    vouching: Vouching,
    now: datetime,
    query: str = "",
    *,
    language: str = "en",
    mail_is_stalled: Callable[[str], bool],
) -> Front:
    """What can be signed now, the soonest deadline first; without pages that mail a link which would not leave.

    A campaign is told by its page in this `language`, if there is one.
    """
    judged = standing.look(session, vouching, now, mail_is_stalled)
    asked = query.strip()[:LONGEST_QUERY]
    live = (*standing.open_at(now), *_like(asked))
    soonest = (Campaign.closes_at.is_(None), Campaign.closes_at, Campaign.id.desc())
    pages = [
        page
        for page in session.scalars(_pages().where(*live).order_by(*soonest, *_ORDER).limit(MOST_PAGES))
        if not judged.stops(page)
    ]
    over = () if asked else _ended(session, now)
    told = _told(session, {page.campaign_id for page in over})
    orgs = {org for page in (*pages, *over) for org in (page.org, page.campaign.lead)}
    look = looks.read(session, (*pages, *over), orgs)
    tiles = [_tile(each, look, language) for each in _by_campaign(pages)]
    return Front(
        open=tiles[:MOST_TILES],
        ended=[_tile(each, look, language, told[each[0].campaign_id]) for each in _by_campaign(over)],
        is_searched=bool(asked) or len(tiles) >= SEARCHED_FROM,
        more=len(tiles) > MOST_TILES,
    )


_ORDER = (ActionPage.org_id != Campaign.org_id, ActionPage.position, ActionPage.id)


def _pages() -> Select[ActionPage]:
    query = select(ActionPage).join(ActionPage.campaign)
    return query.options(
        contains_eager(ActionPage.campaign).joinedload(Campaign.lead),
        joinedload(ActionPage.org),
        selectinload(ActionPage.receivers).joinedload(PageReceiver.org),
    )


def _like(asked: str) -> tuple[ColumnElement[bool], ...]:
    """Campaigns of which some page says it, or some org is called so."""
    if not asked:
        return ()
    columns = (ActionPage.title, ActionPage.demand, ActionPage.addressee, Org.title)
    said = or_(*(func.lower(column).contains(asked.lower(), autoescape=True) for column in columns))
    found = select(ActionPage.campaign_id).join(Org, Org.id == ActionPage.org_id)
    return (Campaign.id.in_(found.where(ActionPage.status == Publication.LIVE, said)),)


def _ended(session: Session, now: datetime) -> Sequence[ActionPage]:
    """The pages of the campaigns that were over last."""
    over = or_(Campaign.status == Publication.CLOSED, Campaign.closes_at <= now)
    last = select(Campaign.id).where(over, Campaign.status != Publication.DRAFT)
    last = last.order_by(func.coalesce(Campaign.closed_at, Campaign.closes_at).desc(), Campaign.id.desc())
    shown = ActionPage.status.in_((Publication.LIVE, Publication.CLOSED))
    among = Campaign.id.in_(select(last.limit(MOST_ENDED).subquery().c.id))
    ended = func.coalesce(Campaign.closed_at, Campaign.closes_at).desc()
    return session.scalars(_pages().where(among, shown).order_by(ended, Campaign.id, *_ORDER).limit(MOST_PAGES)).all()


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of a campaign: the title of what was told last, and how many signed elsewhere."""

    outcome: str
    elsewhere: int


def _told(session: Session, campaigns: Collection[int]) -> dict[int, _Told]:
    """The same of each of these."""
    told = (
        select(ActionPage.campaign_id, News.title)
        .join(ActionPage, ActionPage.id == News.page_id)
        .where(ActionPage.campaign_id.in_(campaigns), News.kind == NewsKind.OUTCOME)
        .order_by(News.published_at, News.id)
    )
    outcomes = {campaign: title for campaign, title in session.execute(told)}
    numbers = select(Elsewhere.campaign_id, func.sum(Elsewhere.number)).where(Elsewhere.campaign_id.in_(campaigns))
    elsewhere = {campaign: number for campaign, number in session.execute(numbers.group_by(Elsewhere.campaign_id))}
    return {id_: _Told(outcomes.get(id_, ""), elsewhere.get(id_, 0)) for id_ in campaigns}


def _by_campaign(pages: Iterable[ActionPage]) -> list[list[ActionPage]]:
    found: dict[int, list[ActionPage]] = {}
    for page in pages:
        found.setdefault(page.campaign_id, []).append(page)
    return list(found.values())


def _tile(pages: Sequence[ActionPage], look: Looks, language: str, told: _Told | None = None) -> Tile:
    """`told`: it is over, and this came of it."""
    first = min(pages, key=lambda page: page.locale.partition("_")[0] != language)
    campaign = first.campaign
    orgs = dict.fromkeys(id_ for page in pages for id_ in (page.org_id, campaign.org_id))
    closes_on = story.last_day(campaign, ZoneInfo(first.org.time_zone))
    languages = {page.locale: page.slug for page in reversed(pages)}
    return Tile(
        slug=first.slug,
        title=first.title,
        locale=first.locale,
        addressee=first.addressee,
        demand=first.demand,
        languages=sorted(languages.items()) if len(languages) > 1 else (),
        marks=[look.marks[id_] for id_ in list(orgs)[: story.MOST_ORGS]],
        shot=look.shots.get(first.id),
        count=views.count_of(campaign, told.elsewhere if told else 0),
        closes_on=closes_on,
        outcome=told.outcome if told else "",
        closed_on=(campaign.closed_at.astimezone(UTC).date() if campaign.closed_at else closes_on) if told else None,
    )
