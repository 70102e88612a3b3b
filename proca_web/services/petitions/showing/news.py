"""What an org tells on its page: what happened on the way, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, NewsKind
from proca_web.domain.errors import FieldsRefused, NewsNotFound
from proca_web.domain.messages import N_, Message
from proca_web.domain.pages import markdown
from proca_web.domain.people import characters, text
from proca_web.models import ActionPage, News
from proca_web.services.staff import audit

LONGEST_TITLE, LONGEST_BODY = 200, 20_000
MOST = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of news as everybody reads it."""

    id: int
    kind: NewsKind
    title: str
    text: Markup
    day: date
    at: datetime
    changed_at: datetime

    @property
    def is_outcome(self) -> bool:
        """Whether it tells how it ended."""
        return self.kind is NewsKind.OUTCOME


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody wrote; checked by `add` and `edit`."""

    kind: NewsKind
    title: str
    body: str


def told(session: Session, page_id: int) -> list[Told]:
    """The news of a page: the newest outcome on top, then the newest first."""
    rows = rows_of(session, [page_id])
    outcome = next((row for row in rows if row.kind == NewsKind.OUTCOME), None)
    return [_told(row) for row in sorted(rows, key=lambda row: row is not outcome)]


def rows_of(session: Session, page_ids: Sequence[int]) -> Sequence[News]:
    """The same as it is kept, of several pages, the newest first."""
    query = select(News).where(News.page_id.in_(page_ids)).order_by(News.published_at.desc(), News.id.desc())
    return session.scalars(query.limit(MOST)).all()


def one(session: Session, page_ids: Sequence[int], news_id: int) -> News:
    """One piece of news of these pages. Raises NewsNotFound."""
    found = session.scalars(select(News).where(News.id == news_id, News.page_id.in_(page_ids))).first()
    if found is None:
        raise NewsNotFound
    return found


def add(session: Session, page: ActionPage, typed: Typed, user_id: int | None, now: datetime) -> News:
    """Tell it on the page at once. Raises FieldsRefused."""
    title, body = _checked(typed)
    new = News(page_id=page.id, kind=typed.kind, title=title, body=body, published_at=now, user_id=user_id)
    session.add(new)
    session.flush()
    _record(session, page, CampaignEvent.NEWS_ADDED, title, user_id, now)
    return new


def edit(session: Session, row: News, typed: Typed, user_id: int | None, now: datetime) -> None:
    """Other words; it keeps its day. Raises FieldsRefused."""
    row.title, row.body = _checked(typed)
    row.kind, row.edited_at = typed.kind, now
    _record(session, session.get_one(ActionPage, row.page_id), CampaignEvent.NEWS_EDITED, row.title, user_id, now)


def remove(session: Session, row: News, user_id: int | None, now: datetime) -> None:
    """Nobody reads it here any more."""
    page = session.get_one(ActionPage, row.page_id)
    session.delete(row)
    _record(session, page, CampaignEvent.NEWS_REMOVED, row.title, user_id, now)


def _checked(typed: Typed) -> tuple[str, str]:
    faults, values = {}, {"title": "", "body": ""}
    for name, given, rule in (("title", typed.title, _title), ("body", typed.body, _body)):
        try:
            values[name] = rule(given)
        except text.Refused as refused:
            faults[name] = refused.message
    if not values["title"] and "title" not in faults:
        faults["title"] = Message(N_("Say in a few words what happened."))
    if faults:
        raise FieldsRefused(faults)
    return values["title"], values["body"]


def _title(typed: str) -> str:
    return text.clean(typed, longest=LONGEST_TITLE)


def _body(typed: str) -> str:
    """Markdown as it was written: spaces and lines mean something in it."""
    written = characters.visible(typed.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(written) > LONGEST_BODY:
        raise text.Refused(N_("Please use at most %(longest)s characters."), longest=LONGEST_BODY)
    return written


def _told(row: News) -> Told:
    at = row.published_at.astimezone(UTC)
    return Told(row.id, NewsKind(row.kind), row.title, markdown.html(row.body), at.date(), at, row.edited_at or at)


def _record(
    session: Session, page: ActionPage, event: CampaignEvent, title: str, user_id: int | None, now: datetime
) -> None:
    audit.record(session, page.org_id, user_id, event, {"page": page.name, "title": title}, now)
