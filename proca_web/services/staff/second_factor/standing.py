"""What somebody's second step consists of, whether they need one, and telling them that it changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from proca_web.domain.rights import NEED_SECOND_STEP
from proca_web.domain.staff_words import FactorEvent
from proca_web.models import Membership, Passkey, RecoveryCode, TotpFactor
from proca_web.services.staff import audit, outbox
from proca_web.services.staff.second_factor import recovery


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's second step; `app_since` is None without an app."""

    app_since: datetime | None
    passkeys: Sequence[Passkey]
    codes_left: int

    @property
    def is_on(self) -> bool:
        """Whether signing in asks for it."""
        return self.app_since is not None or bool(self.passkeys)

    @property
    def is_single(self) -> bool:
        """Whether there is one way alone, so that without it there is no second step."""
        return (self.app_since is not None) + len(self.passkeys) == 1


def of(session: Session, user_id: int) -> Standing:
    """What this person has."""
    app = session.get(TotpFactor, user_id)
    mine = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
    return Standing(app.created_at if app else None, session.scalars(mine).all(), recovery.left(session, user_id))


def is_on(session: Session, user_id: int) -> bool:
    """Whether this person's password alone does not sign in."""
    ways = (exists().where(TotpFactor.user_id == user_id), exists().where(Passkey.user_id == user_id))
    return any(session.scalar(select(way)) for way in ways)


def is_needed(places: Iterable[Membership]) -> bool:
    """Whether somebody in these places may not work without one."""
    return any(place.role in NEED_SECOND_STEP for place in places)


def take_off(session: Session, user_id: int) -> None:
    """Nothing of it is left: the password alone signs in until a new one is set up."""
    for kind in (TotpFactor, Passkey, RecoveryCode):
        session.execute(delete(kind).where(kind.user_id == user_id))


def changed(session: Session, user_id: int, event: FactorEvent, now: datetime, **detail: str | int) -> None:
    """They, or somebody in their name, changed it: in the record of each org they work for, and a mail to them."""
    orgs = _orgs(session, user_id)
    for org_id in orgs:
        audit.record(session, org_id, user_id, event, "{}", now)
    for org_id in orgs[:1]:
        once = f"{event}:{user_id}:{now:%Y%m%dT%H%M%S%f}"
        outbox.tell(session, event, org_id, [user_id], once, now, what=event.value, **detail)


def _orgs(session: Session, user_id: int) -> Sequence[int]:
    mine = select(Membership.org_id).where(Membership.user_id == user_id)
    return session.scalars(mine.order_by(Membership.org_id)).all()
