"""What the outcome of a mail does to the row that waits for it, and what ends a lease (protocol 6).

Each act is a compare-and-set on the state: when the person has decided meanwhile, nothing changes.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import (
    FAULT_PAUSE,
    REMINDED_AFTER,
    TAKEN_WITHIN,
    End,
    Event,
    State,
    retry_after,
    target,
    unsure_after,
)
from proca_web.domain.words import DayEvent
from proca_web.models import Action, Transient
from proca_web.services import driver, heartbeats
from proca_web.services.petitions import counting
from proca_web.services.signatures import clearing, reminding
from proca_web.services.signatures.mailing import DueMail

CUT_PAUSE = timedelta(minutes=1)
BATCH = 500
_BY_OUTCOME = {
    Outcome.SENT: Event.SENT,
    Outcome.REFUSED: Event.REFUSED,
    Outcome.ANSWERED: Event.FAILED,
    Outcome.UNSURE: Event.UNSURE,
    Outcome.FAULT: Event.FAILED,
    Outcome.CUT: Event.FAILED,
}
_TRANSIENTS = driver.table(Transient)
_ROW = _TRANSIENTS.c
_WAIT = (
    update(_TRANSIENTS)
    .where(_ROW.action_id.in_(bindparam("actions", expanding=True)), _ROW.state == bindparam("held"))
    .values(state=State.WAITING, wait_key=None, wait_seal=None, sealed_at=None, lease_until=None)
    .values(waiting_since=bindparam("since"), next_try=bindparam("until"))
)
_WAIT_ON = (
    update(_TRANSIENTS)
    .where(_ROW.action_id.in_(bindparam("actions", expanding=True)), _ROW.state == State.SENDING)
    .values(state=State.WAITING, lease_until=None, waiting_since=bindparam("since"), next_try=bindparam("until"))
)
_HELD = (_ROW.action_id == bindparam("action"), _ROW.state == bindparam("held"))
_TRIED = (
    select(_ROW.attempts, _ROW.unsure, Action.action_page_id).join(Action, Action.id == _ROW.action_id).where(*_HELD)
)
_LEASE_OVER = (
    select(_ROW.action_id, _ROW.state)
    .where(
        or_(
            and_(_ROW.state.in_((State.SENDING, State.REMINDING)), _ROW.lease_until < bindparam("now")),
            and_(_ROW.state == State.THANKS_SENDING, _ROW.lease_until < bindparam("aged")),
        )
    )
    .order_by(_ROW.action_id)
    .limit(BATCH)
)


def wait(session: Session, actions: Collection[int], held: State, now: datetime, confirm_days: int) -> None:
    """The mails are out: the addresses are closed, and wait for their links for the campaign's days from now."""
    until = now + timedelta(days=confirm_days)
    session.execute(_WAIT, {"actions": list(actions), "held": held, "since": now, "until": until})


def wait_on(session: Session, actions: Collection[int], now: datetime) -> None:
    """The mails are out, and there will be one more: the addresses stay sealed to the worker hosts until then."""
    session.execute(_WAIT_ON, {"actions": list(actions), "since": now, "until": now + REMINDED_AFTER})


def settle_sent(session: Session, mails: Iterable[DueMail], now: datetime) -> None:
    """Write down, many at once, that these mails are out: a statement for each length of time that is waited.

    Whose person has decided meanwhile stays as it is; the mail was taken all the same, and is counted.
    """
    waiting: dict[int, list[int]] = {}
    others: dict[State, list[int]] = {State.SENDING: [], State.REMINDING: [], State.THANKS_SENDING: []}
    taken: list[int] = []
    for mail in mails:
        if mail.state is State.SENDING and not mail.testing:
            taken.append(mail.page_id)
        if mail.state is State.SENDING and not mail.reminds:
            waiting.setdefault(mail.confirm_days, []).append(mail.action_id)
        else:
            others[mail.state].append(mail.action_id)
    for confirm_days, actions in sorted(waiting.items()):
        wait(session, sorted(actions), State.SENDING, now, confirm_days)
    if to_remind := others[State.SENDING]:
        wait_on(session, sorted(to_remind), now)
    if reminded := others[State.REMINDING]:
        reminding.close(session, reminded, State.REMINDING)
    if thanked := others[State.THANKS_SENDING]:
        clearing.clear(session, thanked, Event.SENT)
    counting.add_each(session, taken, DayEvent.MAILED, now)


def settle(session: Session, mail: DueMail, outcome: Outcome, relay: str, now: datetime) -> None:
    """Write an outcome down. When the person has decided meanwhile, nothing changes."""
    event = _BY_OUTCOME[outcome]
    reached = target(mail.state, event)
    if reached is End.CLEARED:
        clearing.clear(session, [mail.action_id], event)
    elif reached is End.PURGED:
        clearing.purge(session, mail.action_id, event, now)
    elif reached is State.WAITING and outcome is Outcome.SENT:
        settle_sent(session, [mail], now)
    elif reached is State.WAITING:
        reminding.close(session, [mail.action_id], mail.state)
    elif outcome is Outcome.ANSWERED:
        _answered(session, mail.action_id, mail.state, relay, now)
    elif outcome is Outcome.UNSURE:
        _unsure(session, mail.action_id, mail.state, now)
    else:
        pause = CUT_PAUSE if outcome is Outcome.CUT else FAULT_PAUSE
        _again(session, mail.action_id, mail.state, event, now + pause)


def lease_over(session: Session, now: datetime, aged: datetime) -> list[tuple[int, State]]:
    """What a worker claimed and never settled: it died, or nobody heard the answer.

    Thank-yous are dropped, which nothing undoes: their leases count against the moment that ages count against.
    """
    rows = session.execute(_LEASE_OVER, {"now": now, "aged": aged})
    return [(row.action_id, State(row.state)) for row in rows]


def end_lease(session: Session, action_id: int, held: State, now: datetime) -> None:
    """Nobody knows how that mail ended: a confirmation is tried again after a pause, all others are dropped."""
    if target(held, Event.UNSURE) is End.CLEARED:
        clearing.clear(session, [action_id], Event.UNSURE)
    elif held is State.REMINDING:
        reminding.close(session, [action_id], held)
    else:
        _unsure(session, action_id, held, now)


def _answered(session: Session, action_id: int, held: State, relay: str, now: datetime) -> None:
    """The relay took no mail. That counts against this row only while the relay takes others."""
    tried = session.execute(_TRIED, {"action": action_id, "held": held}).first()
    if tried is None:
        return
    taken_at = heartbeats.last_taken(session, relay)
    counts = taken_at is not None and now - taken_at <= TAKEN_WITHIN
    answers = tried.attempts + counts
    _again(session, action_id, held, Event.FAILED, now + retry_after(answers), answers=answers)


def _unsure(session: Session, action_id: int, held: State, now: datetime) -> None:
    tried = session.execute(_TRIED, {"action": action_id, "held": held}).first()
    if tried is None:
        return
    ends = tried.unsure + 1
    if _again(session, action_id, held, Event.UNSURE, now + unsure_after(ends), ends=ends):
        counting.add(session, tried.action_page_id, DayEvent.UNSURE, now)


def _again(session: Session, action_id: int, held: State, event: Event, later: datetime, **numbers: Any) -> bool:
    """Back to be sent, with what has been counted. False: somebody else has decided."""
    values = {"answers": _ROW.attempts, "ends": _ROW.unsure} | numbers
    statement = (
        update(_TRANSIENTS)
        .where(*_HELD)
        .values(state=target(held, event), lease_until=None, next_try=bindparam("later"))
        .values(attempts=values["answers"], unsure=values["ends"])
    )
    return driver.changed(session, statement, {"action": action_id, "held": held, "later": later}) == 1
