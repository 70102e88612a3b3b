"""What somebody did for a launch: read both mails, opened a test signature, said yes. A change of it unticks."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import CampaignEvent, LaunchTick
from proca_web.models import ActionPage, Tick
from proca_web.services.petitions.making.launch import marks
from proca_web.services.staff import audit


def tick(session: Session, page: ActionPage, what: LaunchTick, org_id: int, user_id: int | None, now: datetime) -> None:
    """An org did this, as things are now; doing it again counts from now on."""
    mark = marks.mark(session, page, what, org_id)
    found = _of(session, page, what, org_id)
    if found is None:
        found = Tick(page_id=page.id, what=what, org_id=org_id)
        session.add(found)
    found.mark, found.user_id, found.at = mark, user_id, now
    about = {"page": page.name, "step": str(what)}
    audit.record(session, org_id, user_id, CampaignEvent.TICKED, about, now)


def standing(session: Session, page: ActionPage, what: LaunchTick, org_id: int) -> Tick | None:
    """An org's tick, if what it is about has not changed since."""
    found = _of(session, page, what, org_id)
    return found if found is not None and found.mark == marks.mark(session, page, what, org_id) else None


def _of(session: Session, page: ActionPage, what: LaunchTick, org_id: int) -> Tick | None:
    where = (Tick.page_id == page.id, Tick.what == what, Tick.org_id == org_id)
    return session.scalars(select(Tick).where(*where)).first()
