"""Somebody lost phone and codes: another one asks for their second step to be taken off, which takes a day.

All who could object are told at once, and each of them can stop it. Nothing here signs anybody in.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from proca_web.domain.errors import BadSetting
from proca_web.domain.second_step import RESET_AFTER
from proca_web.domain.staff_words import FactorEvent, StaffRole
from proca_web.models import FactorReset, Membership, Org, User
from proca_web.services.staff import audit, outbox, people, sessions
from proca_web.services.staff.second_factor import standing

_OPEN = FactorReset.ended_at.is_(None)


def ask(session: Session, org: Org, user: User, asked_by: User | None, now: datetime) -> FactorReset:
    """Take off this person's second step in 24 hours, in the name of `org`; told to all owners and to them.

    `asked_by`: an owner, or an operator where nobody else could; None: the operator's command. Raises BadSetting.
    """
    _refuse_wrong_asker(session, org, user, asked_by)
    if not standing.is_on(session, user.id):
        raise BadSetting(f"{user.email} has no second step that could be reset")
    by = asked_by.id if asked_by else None
    reset = FactorReset(user_id=user.id, org_id=org.id, asked_by=by, asked_at=now, due_at=now + RESET_AFTER)
    try:
        with session.begin_nested():
            session.add(reset)
    except IntegrityError as error:
        raise BadSetting(f"a reset for {user.email} waits already") from error
    _note(session, reset, FactorEvent.RESET_ASKED, by, now)
    return reset


def waiting(session: Session, user_id: int) -> FactorReset | None:
    """The reset of this person that waits, if any."""
    return session.scalars(select(FactorReset).where(_OPEN, FactorReset.user_id == user_id)).first()


def cancel(session: Session, user_id: int, by: int | None, now: datetime) -> bool:
    """Somebody objects; everything stays as it is. False: it was cancelled or done already."""
    ended = update(FactorReset).where(_OPEN, FactorReset.user_id == user_id).values(ended_at=now)
    found = session.scalars(ended.returning(FactorReset)).first()
    if found is not None:
        _note(session, found, FactorEvent.RESET_CANCELLED, by, now)
    return found is not None


def is_any_due(session: Session, now: datetime) -> bool:
    """Whether a reset has waited for its day."""
    return bool(session.scalar(select(exists().where(_OPEN, FactorReset.due_at <= now))))


def finish_due(session: Session, aged: datetime, now: datetime) -> int:
    """Carry out what has waited for its day, and end those people's sessions; how many. `aged`: the time ages go by."""
    due = update(FactorReset).where(_OPEN, FactorReset.due_at <= aged).values(ended_at=now, done=True)
    done = session.scalars(due.returning(FactorReset)).all()
    for reset in done:
        standing.take_off(session, reset.user_id)
        sessions.end_all(session, reset.user_id)
        _note(session, reset, FactorEvent.RESET_DONE, None, now)
    return len(done)


def others_who_can(session: Session, org: Org, user_id: int) -> Sequence[str]:
    """Who else could ask for it in that org: its other owners, in the Home Org the other operators."""
    role = StaffRole.OPERATOR if org.is_home else StaffRole.OWNER
    others = (Membership.org_id == org.id, Membership.role == role, Membership.user_id != user_id)
    return session.scalars(select(User.email).join(Membership).where(*others).order_by(User.email)).all()


def _refuse_wrong_asker(session: Session, org: Org, user: User, asked_by: User | None) -> None:
    if all(place.org_id != org.id for place in people.places(session, user.id)):
        raise BadSetting(f"{user.email} is not on the staff of {org.name}")
    if asked_by is None:
        return
    if asked_by.id == user.id:
        raise BadSetting("nobody resets their own second step: move it to another phone, or ask another owner")
    others = others_who_can(session, org, user.id)
    if others and asked_by.email not in others:
        raise BadSetting(f"an owner of {org.title} can do that: {', '.join(others)}")


def _note(session: Session, reset: FactorReset, event: FactorEvent, by: int | None, now: datetime) -> None:
    """In the record of the org, and a mail to everybody who could object: all owners of where they work, and them."""
    user = session.get_one(User, reset.user_id)
    asker = session.get(User, reset.asked_by) if reset.asked_by else None
    places = select(Membership).where(Membership.user_id == user.id).options(joinedload(Membership.org))
    for place in session.scalars(places).all():
        audit.record(session, place.org_id, by, event, {"user": user.email}, now)
        told = [*outbox.owners_of(session, place.org_id), user.id]
        due = f"{reset.due_at:%Y-%m-%d %H:%M}"
        detail = {"person": user.email, "asked_by": asker.email if asker else "", "due": due}
        outbox.tell(session, event, place.org_id, told, f"{event}:{reset.id}", now, user_id=user.id, **detail)
