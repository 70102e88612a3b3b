"""A mail to who runs the site, to see whether its mail server takes mails: asked for here, sent by the worker."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.staff_words import InstanceEvent
from proca_web.domain.words import OutboxState
from proca_web.models import OutboxMail
from proca_web.services.staff import audit, outbox


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of somebody's newest test mail."""

    asked_at: datetime
    taken_at: datetime | None
    attempts: int
    is_refused: bool
    next_try: datetime

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.taken_at is not None or self.is_refused


def ask(session: Session, user_id: int, now: datetime) -> None:
    """Have the worker write to who asks, by the site's own mail server."""
    home = outbox.home_id(session)
    if home is None:
        return
    event = InstanceEvent.MAIL_TRIED
    outbox.tell(session, event, home, (user_id,), f"{event.told}:{now.isoformat()}", now)
    audit.record(session, home, user_id, event.told, "", now)


def newest(session: Session, user_id: int) -> Trial | None:
    """What became of the last one that somebody asked for; None: it was never asked for, or is forgotten."""
    about = (OutboxMail.user_id == user_id, OutboxMail.kind == InstanceEvent.MAIL_TRIED.told)
    found = session.scalars(select(OutboxMail).where(*about).order_by(OutboxMail.id.desc()).limit(1)).first()
    if found is None:
        return None
    is_refused = outbox.was_refused(found)
    taken_at = found.sent_at if found.state == OutboxState.SENT and not is_refused else None
    return Trial(found.created_at, taken_at, found.attempts, is_refused, found.next_try)
