"""Who belongs to an org, as what, and how that changes: under the org's lock, so that two acts at once see each other.

The rules: nobody gives what they do not hold, and an org that has an owner keeps one. No session ends here: what
somebody may do is asked at every request.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from proca_web.domain import rights
from proca_web.domain.errors import RightGone, StaffRefused
from proca_web.domain.messages import N_
from proca_web.domain.rights import Right
from proca_web.domain.staff_words import StaffEvent, StaffRole
from proca_web.models import AuditEntry, Membership, Org, Passkey, TotpFactor
from proca_web.services.staff import audit, outbox

GONE = N_("This person is not a member any more. Nothing was changed.")
LAST_OWNER = N_(
    "The last owner of %(org)s cannot leave or take a smaller role, as nobody could then look after keys and people. "
    "Make somebody else an owner first."
)
NOT_YOURS = N_(
    "You may not do this any more: your own role in %(org)s has changed meanwhile. Nothing was done. An owner can help."
)
# Who keeps an org in somebody's hands: owners; for the Home Org its operators.
_KEEPERS = (StaffRole.OWNER, StaffRole.OPERATOR)


@dataclass(frozen=True, slots=True)
class Member:
    """One person on an org's staff, as its people page shows them."""

    user_id: int
    email: str
    name: str
    role: StaffRole
    since: datetime
    has_second_step: bool
    is_locked: bool
    is_last_owner: bool


def of_org(session: Session, org_id: int) -> list[Member]:
    """Everybody on an org's staff, owners first."""
    has_step = or_(
        exists().where(TotpFactor.user_id == Membership.user_id),
        exists().where(Passkey.user_id == Membership.user_id),
    )
    query = select(Membership, has_step).where(Membership.org_id == org_id).options(joinedload(Membership.user))
    found = session.execute(query).all()
    is_alone = sum(place.role in _KEEPERS for place, _ in found) == 1
    members = [
        Member(
            user_id=place.user_id,
            email=place.user.email,
            name=place.user.name,
            role=StaffRole(place.role),
            since=place.created_at,
            has_second_step=bool(step),
            is_locked=place.user.locked_at is not None,
            is_last_owner=is_alone and place.role in _KEEPERS,
        )
        for place, step in found
    ]
    order = list(StaffRole)
    return sorted(members, key=lambda member: (order.index(member.role), member.name or member.email))


def lock(session: Session, org_id: int) -> Org:
    """The org as it is now; whoever else changes its people waits to the end of this transaction.

    What rows of other tables say about it (signatures, entries) is not kept waiting.
    """
    query = select(Org).where(Org.id == org_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def place_of(session: Session, org_id: int, user_id: int) -> Membership | None:
    """Somebody's place in an org as it is now, whatever was read before the lock."""
    query = select(Membership).where(Membership.org_id == org_id, Membership.user_id == user_id)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def has_owner(session: Session, org_id: int) -> bool:
    """Whether anybody keeps this org."""
    return _keepers(session, org_id) > 0


def change_role(session: Session, org_id: int, actor_id: int, user_id: int, role: StaffRole, now: datetime) -> None:
    """Somebody gets another role. Raises StaffRefused for the last owner, RightGone where the actor may not give it."""
    org = lock(session, org_id)
    place = _changed_by(session, org, actor_id, user_id, role)
    before = StaffRole(place.role)
    if before == role:
        return
    _keep_an_owner(session, org, place)
    place.role = role
    _write_down(session, place, actor_id, StaffEvent.ROLE_CHANGED, now, before=before, after=role)


def remove(session: Session, org_id: int, actor_id: int | None, user_id: int, now: datetime) -> None:
    """Somebody is taken off an org's staff; `actor_id` None: by an operator's command.

    Their account stays. Raises StaffRefused for the last owner, RightGone where the actor may not.
    """
    org = lock(session, org_id)
    place = place_of(session, org_id, user_id) if actor_id is None else _changed_by(session, org, actor_id, user_id)
    if place is None:
        raise StaffRefused(GONE)
    _keep_an_owner(session, org, place)
    _write_down(session, place, actor_id, StaffEvent.REMOVED, now, before=place.role)
    session.delete(place)


def leave(session: Session, org_id: int, user_id: int, now: datetime) -> None:
    """Somebody leaves an org by themselves. Raises StaffRefused for the last owner."""
    org = lock(session, org_id)
    place = place_of(session, org_id, user_id)
    if place is None:
        raise StaffRefused(N_("You are no member here: there is nothing to leave."))
    _keep_an_owner(session, org, place)
    audit.record(session, org_id, user_id, StaffEvent.LEFT.told, detail_of(place, before=place.role), now)
    session.delete(place)


def was_removed(session: Session, org_name: str, user_id: int, since: datetime) -> bool:
    """Whether somebody left or was taken off that org's staff since then: what they typed meanwhile is theirs."""
    ended = (StaffEvent.REMOVED.told, StaffEvent.LEFT.told)
    where = (Org.name == org_name, AuditEntry.event.in_(ended), AuditEntry.at >= since)
    details = session.scalars(select(AuditEntry.detail).join(Org, Org.id == AuditEntry.org_id).where(*where))
    return any(json.loads(detail).get("user") == user_id for detail in details)


def detail_of(place: Membership, **more: str) -> dict[str, str | int]:
    """What an entry of the record says about somebody's place."""
    return {"user": place.user_id, "person": place.user.email, **more}


def is_alone(session: Session, place: Membership) -> bool:
    """Whether nobody keeps the org once this place is gone. Certain only under its lock."""
    return place.role in _KEEPERS and _keepers(session, place.org_id) == 1


def _keep_an_owner(session: Session, org: Org, place: Membership) -> None:
    if is_alone(session, place):
        raise StaffRefused(LAST_OWNER, org=org.title)


def _changed_by(session: Session, org: Org, actor_id: int, user_id: int, role: StaffRole | None = None) -> Membership:
    """The place that is changed, if the actor may: asked under the lock, not of what they might when they asked."""
    acting = place_of(session, org.id, actor_id)
    if acting is None or Right.PEOPLE not in rights.TABLE[StaffRole(acting.role)]:
        raise RightGone(NOT_YOURS, org=org.title)
    place = place_of(session, org.id, user_id)
    if place is None:
        raise StaffRefused(GONE)
    for given in filter(None, (StaffRole(place.role), role)):
        if not rights.may_give(StaffRole(acting.role), given):
            raise RightGone(N_("You can give, and take, only what you have yourself. Nothing was changed."))
    return place


def _keepers(session: Session, org_id: int) -> int:
    query = select(func.count()).where(Membership.org_id == org_id, Membership.role.in_(_KEEPERS))
    return session.scalar(query) or 0


def _write_down(
    session: Session, place: Membership, actor_id: int | None, event: StaffEvent, now: datetime, **change: str
) -> None:
    """One entry of the record, and a mail to whom it is about."""
    audit.record(session, place.org_id, actor_id, event.told, detail_of(place, **change), now)
    outbox.tell(
        session, event, place.org_id, _others(actor_id, place.user_id), f"{event}:{now.isoformat()}", now, **change
    )


def _others(actor_id: int | None, user_id: int) -> Sequence[int]:
    return () if actor_id == user_id else (user_id,)
