"""Forms as people type them, kept until they are saved or thrown away: valid or not, one for each page and person."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.models import ActionPage, FormDraft

MOST_UNFINISHED = 20
_MOST_CHARACTERS = 60_000


def keep(
    session: Session, org_id: int, user_id: int, page: ActionPage | None, draft_id: int, typed: Mapping[str, str],
    now: datetime,
) -> FormDraft:  # fmt: skip
    """What is typed, kept as it is; for a new campaign under its own number, for a page one for each person."""
    draft = of_page(session, page, user_id) if page is not None else new_one(session, org_id, user_id, draft_id)
    kept = {place: text[:_MOST_CHARACTERS].replace("\0", "") for place, text in typed.items()}
    if draft is None:
        draft = FormDraft(org_id=org_id, user_id=user_id, page_id=page and page.id, created_at=now, edits=0)
        draft.edits = page.edits if page is not None else 0
        session.add(draft)
    draft.fields, draft.saved_at = kept, now
    session.flush()
    return draft


def of_page(session: Session, page: ActionPage, user_id: int) -> FormDraft | None:
    """What this person typed about a page and did not save."""
    where = (FormDraft.page_id == page.id, FormDraft.user_id == user_id)
    return session.scalars(select(FormDraft).where(*where)).first()


def new_one(session: Session, org_id: int, user_id: int, draft_id: int) -> FormDraft | None:
    """A new campaign that this person began here, by its number."""
    where = (FormDraft.id == draft_id, FormDraft.page_id.is_(None))
    own = (FormDraft.org_id == org_id, FormDraft.user_id == user_id)
    return session.scalars(select(FormDraft).where(*where, *own)).first()


def unfinished(session: Session, org_id: int, user_id: int) -> Sequence[FormDraft]:
    """New campaigns that this person began and has not saved, the newest first."""
    where = (FormDraft.org_id == org_id, FormDraft.user_id == user_id, FormDraft.page_id.is_(None))
    return session.scalars(
        select(FormDraft).where(*where).order_by(FormDraft.saved_at.desc()).limit(MOST_UNFINISHED)
    ).all()


def discard(session: Session, page: ActionPage, user_id: int) -> None:
    """Throw away what this person typed about a page."""
    session.execute(delete(FormDraft).where(FormDraft.page_id == page.id, FormDraft.user_id == user_id))


def discard_new(session: Session, org_id: int, user_id: int, draft_id: int) -> None:
    """Throw away a new campaign that was begun."""
    where = (FormDraft.id == draft_id, FormDraft.org_id == org_id, FormDraft.user_id == user_id)
    session.execute(delete(FormDraft).where(*where, FormDraft.page_id.is_(None)))
