"""The only code that removes clear data: called by confirm, reject, thank-you, refusal, bounce, expiry and withdrawal.

Each act is a compare-and-set on the transient's state and part of the caller's transaction, and locks its action first.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, delete, update
from sqlalchemy.orm import Session

from proca_web.domain.transient import End, Event, sources
from proca_web.domain.words import ActionStatus, DayEvent
from proca_web.models import Action, Comment, Contact, Transient
from proca_web.services import driver
from proca_web.services.petitions import counting

# What a purge leaves behind: one more on this counter of the day.
_COUNTED_AS = {
    Event.REJECT: DayEvent.REJECTED,
    Event.REFUSED: DayEvent.REFUSED,
    Event.BOUNCE: DayEvent.BOUNCED,
    Event.EXPIRE: DayEvent.EXPIRED,
    Event.GIVE_UP: DayEvent.REFUSED,
    Event.LOSE: DayEvent.LOST,
    Event.WITHDRAW: DayEvent.WITHDRAWN,
    Event.JUNK: DayEvent.JUNK,
    Event.CAP: DayEvent.CAPPED,
    Event.BLOCK: DayEvent.BLOCKED,
}
_ACTIONS, _CONTACTS = driver.table(Action), driver.table(Contact)
_TRANSIENTS, _COMMENTS = driver.table(Transient), driver.table(Comment)
_ACTION: BindParameter[int] = bindparam("action")

_DROP_TRANSIENT = delete(_TRANSIENTS).where(_TRANSIENTS.c.action_id == _ACTION)
_END_TRANSIENTS = delete(_TRANSIENTS).where(
    _TRANSIENTS.c.action_id.in_(bindparam("actions", expanding=True)),
    _TRANSIENTS.c.state.in_(bindparam("states", expanding=True)),
)
_PURGE_TRANSIENTS = _END_TRANSIENTS.returning(_TRANSIENTS.c.action_id, _TRANSIENTS.c.mark)
_PURGE_ACTIONS = (
    delete(_ACTIONS)
    .where(_ACTIONS.c.id.in_(bindparam("actions", expanding=True)), _ACTIONS.c.status == ActionStatus.PENDING)
    .returning(_ACTIONS.c.id, _ACTIONS.c.action_page_id, _ACTIONS.c.confirm_id)
)

_DROP_UNRELEASED = delete(_CONTACTS).where(_CONTACTS.c.action_id == _ACTION, _CONTACTS.c.seq.is_(None))
_DROP_COMMENT = delete(_COMMENTS).where(_COMMENTS.c.action_id == _ACTION)
_EMPTY_RELEASED = (
    update(_CONTACTS)
    .where(_CONTACTS.c.action_id == _ACTION)
    .values(erased=True, payload=None, crypto_nonce=None, public_key_id=None, sign_key_id=None, opt_in=None)
)
_WITHDRAW_ACTION = (
    update(_ACTIONS)
    .where(_ACTIONS.c.id == _ACTION, _ACTIONS.c.status == ActionStatus.ACCEPTED)
    .values(
        status=ActionStatus.WITHDRAWN,
        released=bindparam("nothing_left"),
        counted=False,
        area="",
        custom_fields="{}",
        utm_source="",
        utm_medium="",
        utm_campaign="",
        utm_content="",
        confirm_id=None,
        withdraw_id=None,
    )
)


@dataclass(frozen=True, slots=True)
class Purged:
    """What a block needs to know of a signature that is gone."""

    action_id: int
    mark: bytes | None = field(repr=False)
    confirm_id: bytes | None = field(repr=False)


def purge(session: Session, action_id: int, event: Event, now: datetime) -> Purged | None:
    """Delete an unaccepted signature whole: transient, copies and action; one more on a counter of the day.

    None: somebody else has decided meanwhile, nothing was done.
    """
    driver.lock_actions(session, [action_id])
    return next(iter(_purge(session, [action_id], event, now)), None)


def purge_free(session: Session, action_ids: Collection[int], event: Event, now: datetime) -> set[int]:
    """Delete those of them that nobody decides about at this moment; which.

    For whoever holds their transients' rows already: waiting for an action that somebody holds would be for ever.
    """
    free = driver.lock_free_actions(session, sorted(action_ids))
    return {purged.action_id for purged in _purge(session, free, event, now)}


def clear(session: Session, action_ids: Sequence[int], event: Event) -> int:
    """Delete the last clear data of accepted signatures, sent or not; of how many. The others were gone already."""
    return _end(session, action_ids, event, End.CLEARED)


def withdraw(session: Session, action_id: int) -> bool:
    """Delete every copy of one accepted signature, and a thank-you that waits; the caller holds the action's lock.

    Copies an org may have fetched leave a tombstone with the reference that org knows; the worker releases it.
    """
    bound = {"action": action_id}
    session.execute(_DROP_TRANSIENT, bound)
    session.execute(_DROP_UNRELEASED, bound)
    session.execute(_DROP_COMMENT, bound)
    left = driver.changed(session, _EMPTY_RELEASED, bound)
    return driver.changed(session, _WITHDRAW_ACTION, {**bound, "nothing_left": left == 0}) == 1


def _purge(session: Session, action_ids: Sequence[int], event: Event, now: datetime) -> list[Purged]:
    """Their actions' rows are locked."""
    bound = {"actions": list(action_ids), "states": sources(event, End.PURGED)}
    marks = {row.action_id: row.mark for row in session.execute(_PURGE_TRANSIENTS, bound)}
    actions = session.execute(_PURGE_ACTIONS, {"actions": list(marks)}).all() if marks else ()
    for page, number in sorted(Counter(row.action_page_id for row in actions).items()):
        counting.add(session, page, _COUNTED_AS[event], now, number)
    return [Purged(row.id, marks[row.id], row.confirm_id) for row in actions]


def _end(session: Session, action_ids: Sequence[int], event: Event, end: End) -> int:
    driver.lock_actions(session, action_ids)
    return driver.changed(session, _END_TRANSIENTS, {"actions": list(action_ids), "states": sources(event, end)})
