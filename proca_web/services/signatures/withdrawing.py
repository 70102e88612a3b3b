"""A signature is taken back: its own copies go, those of others who share the address stay unless ticked (protocol 6).

Locks all of the address's actions in the order of their numbers, then the supporter's row; so no acceptance or release
decides on the same rows unseen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.domain.words import ActionStatus, DayEvent
from proca_web.models import Action, ActionPage, Contact, Supporter
from proca_web.services import driver
from proca_web.services.petitions import counting
from proca_web.services.signatures import clearing

_ACTIONS, _SUPPORTERS = driver.table(Action), driver.table(Supporter)
_ACTION: BindParameter[int] = bindparam("action")
_SUPPORTER: BindParameter[int] = bindparam("supporter")
_SUPPORTER_OF = select(Action.supporter_id).where(Action.id == _ACTION)
_SIGNED_BY_SAME = (
    select(Action.id, Action.ref, Action.action_page_id, Action.counted, Action.repeat)
    .add_columns(exists().where(Contact.action_id == Action.id, Contact.seq.is_(None)).label("is_fresh"))
    .add_columns(Action.created_at, ActionPage.campaign_id, ActionPage.title, ActionPage.name)
    .add_columns(Action.confirm_id.is_(None).label("is_unasked"))
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .where(Action.status == ActionStatus.ACCEPTED, (Action.id == _ACTION) | (Action.supporter_id == _SUPPORTER))
    .order_by(Action.id)
)
_NO_REPEAT = (
    update(_ACTIONS)
    .where(_ACTIONS.c.id == _ACTION)
    .values(repeat=False, released=False, counted=bindparam("is_counted"))
)
_DROP_SUPPORTER = delete(_SUPPORTERS).where(_SUPPORTERS.c.id == _SUPPORTER)


@dataclass(frozen=True, slots=True)
class Other:
    """Another accepted signature of the same address in the campaign: where and when, nothing else."""

    name: str
    page: str
    title: str
    signed_at: datetime


def others(session: Session, action_id: int) -> list[Other]:
    """The other accepted signatures of that address in the campaign, oldest first."""
    supporter = session.scalar(_SUPPORTER_OF, {"action": action_id})
    signed = session.execute(_SIGNED_BY_SAME, {"action": action_id, "supporter": supporter})
    return [Other(encode(row.ref), row.name, row.title, row.created_at) for row in signed if row.id != action_id]


def withdraw(session: Session, action_id: int, also: Collection[str], now: datetime) -> bool:
    """Take one accepted signature back, and those others of its address that are named. False: it is not there."""
    supporter = session.scalar(_SUPPORTER_OF, {"action": action_id})
    signed = _locked(session, action_id, supporter)
    if action_id not in {row.id for row in signed}:
        return False
    gone = [row for row in signed if row.id == action_id or encode(row.ref) in also]
    for row in gone:
        clearing.withdraw(session, row.id)
    _settle_count(session, supporter, gone, [row for row in signed if row not in gone], now)
    return True


def _locked(session: Session, action_id: int, supporter: int | None) -> Sequence[Any]:
    """What this person signed, read once all of it is locked: neither released nor joined by another meanwhile."""
    locked: set[int] = set()
    while True:
        signed = session.execute(_SIGNED_BY_SAME, {"action": action_id, "supporter": supporter}).all()
        found = {row.id for row in signed}
        if found <= locked:
            return signed
        locked |= found
        driver.lock_actions(session, found)
        driver.lock_supporters(session, [supporter] if supporter is not None else [])


def _settle_count(
    session: Session, supporter: int | None, gone: list[Row[Any]], stay: list[Row[Any]], now: datetime
) -> None:
    """The count goes with the last signature; before that it goes over to the oldest that stays."""
    first = next((row for row in stay), None)
    needs_first = first is not None and all(row.repeat for row in stay)
    handed_over = False
    if first is not None and needs_first:
        # What was released before, and may wait to be released again, is not counted then: it takes the place over.
        handed_over = not first.is_fresh and any(row.counted for row in gone)
        session.execute(_NO_REPEAT, {"action": first.id, "is_counted": handed_over})
    for row in gone:
        if row.counted and not handed_over:
            counting.uncount(session, row.campaign_id, now, is_unasked=row.is_unasked)
            counting.add(session, row.action_page_id, DayEvent.WITHDRAWN, now)
        handed_over = handed_over and not row.counted
    if not stay and supporter is not None:
        session.execute(_DROP_SUPPORTER, {"supporter": supporter})
