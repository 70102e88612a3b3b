"""Public comments: each waits until somebody of the page's org has read it, and is gone with its signature.

The text stands in the action's metadata alone; a row here says only that it may be read.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, Select, insert, literal, select, update
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, CommentState
from proca_web.domain.people import public_comment
from proca_web.domain.words import ActionStatus, CommentPolicy
from proca_web.models import Action, ActionPage, Comment
from proca_web.services import driver
from proca_web.services.staff import audit

NEWEST = 5
ON_A_SCREEN = 50
MOST_SCREENS = 20
_COMMENTS = driver.table(Comment)
_EVENTS = {CommentState.SHOWN: CampaignEvent.COMMENT_SHOWN, CommentState.HIDDEN: CampaignEvent.COMMENT_HIDDEN}


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as everybody reads it; without a name it is of somebody."""

    name: str = field(repr=False)
    text: str = field(repr=False)
    day: date


@dataclass(frozen=True, slots=True)
class Kept:
    """The same for those who decide about it."""

    id: int
    page: str
    state: CommentState
    said: Said


def enter(session: Session, action_ids: Collection[int], now: datetime) -> None:
    """Of these, the accepted ones whose writer was told that a comment is shown wait to be read; tests never."""
    wait = (
        select(
            Action.id, Action.action_page_id, literal(CommentState.WAITING.value), literal(now, Comment.created_at.type)
        )
        .join(ActionPage, ActionPage.id == Action.action_page_id)
        .outerjoin(Comment, Comment.action_id == Action.id)
        .where(Action.id.in_(action_ids), Action.status == ActionStatus.ACCEPTED, Action.testing.is_(False))
        .where(ActionPage.comment == CommentPolicy.PUBLIC, Comment.action_id.is_(None))
        .where(Action.custom_fields.contains(public_comment.SIGN_OF_TOLD, autoescape=True))
    )
    session.execute(insert(_COMMENTS).from_select(["action_id", "page_id", "state", "created_at"], wait))


def shown(session: Session, page_id: int, most: int = NEWEST, skip: int = 0) -> list[Said]:
    """The newest comments of a page that everybody may read; none where it publishes them no more."""
    query = _of([page_id], Comment.state == CommentState.SHOWN).offset(skip).limit(most)
    query = query.where(ActionPage.comment == CommentPolicy.PUBLIC)
    return [_said(custom, at) for _, _, custom, at in session.execute(query)]


def kept(session: Session, page_ids: Sequence[int], state: CommentState, most: int = ON_A_SCREEN) -> list[Kept]:
    """The comments of these pages in one state: what waits the oldest first, else the newest."""
    waiting = state is CommentState.WAITING
    query = _of(page_ids, Comment.state == state, oldest_first=waiting).limit(most)
    return [Kept(id_, page, state, _said(custom, at)) for id_, page, custom, at in session.execute(query)]


def decide(
    session: Session,
    page_ids: Sequence[int],
    ids: Collection[int],
    state: CommentState,
    user_id: int | None,
    now: datetime,
) -> int:
    """Show or hide these comments of these pages; how many. What is no longer there is passed over."""
    chosen = (Comment.action_id.in_(ids), Comment.page_id.in_(page_ids), Comment.state != state)
    # In one order for everybody: two who decide about some of the same would wait for each other.
    found = select(Comment.action_id, Comment.page_id).where(*chosen).order_by(Comment.action_id).with_for_update()
    rows = session.execute(found).all()
    pages = [row.page_id for row in rows]
    decided = update(Comment).where(Comment.action_id.in_([row.action_id for row in rows]))
    session.execute(decided.values(state=state, decided_at=now, user_id=user_id))
    for page in session.scalars(select(ActionPage).where(ActionPage.id.in_(set(pages))).order_by(ActionPage.id)):
        facts = {"page": page.name, "number": pages.count(page.id)}
        audit.record(session, page.org_id, user_id, _EVENTS[state], facts, now)
    return len(pages)


def _of(
    page_ids: Sequence[int], which: ColumnElement[bool], *, oldest_first: bool = False
) -> Select[int, str, str, datetime]:
    order = Comment.action_id.asc() if oldest_first else Comment.action_id.desc()
    return (
        select(Comment.action_id, ActionPage.name, Action.custom_fields, Action.created_at)
        .join(Action, Action.id == Comment.action_id)
        .join(ActionPage, ActionPage.id == Comment.page_id)
        .where(Comment.page_id.in_(page_ids), which)
        .order_by(order)
    )


def _said(custom_fields: str, at: datetime) -> Said:
    text, name = public_comment.read(custom_fields)
    return Said(name, text, at.astimezone(UTC).date())
