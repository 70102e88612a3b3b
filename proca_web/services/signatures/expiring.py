"""What is over age goes, and what still waits is sealed anew, so that keys nobody needs can be destroyed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, exists, or_, select, text, update
from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.transient import MOST_ANSWERS, UNSENT_AT_MOST, End, Event, State, sources, target
from proca_web.models import Action, ActionPage, Campaign, Transient, WorkerKeyRow
from proca_web.services import driver
from proca_web.services.sealing.waiting import WaitSeal
from proca_web.services.sealing.worker_keys import Opener
from proca_web.services.signatures import accepting, clearing, fingerprints, reminding, settling
from proca_web.services.signatures.confirming import Waits

BATCH = 500
_ANY_KEY = 2**63 - 1
CAMPAIGN_KEY_KEPT = timedelta(days=30)
_ANSWERED = sources(Event.GIVE_UP, End.PURGED) + sources(Event.GIVE_UP, End.CLEARED)
_THANKS = sources(Event.EXPIRE, End.CLEARED)
_NEED_KEY = (*sources(Event.LOSE, End.PURGED), *sources(Event.LOSE, End.CLEARED), State.WAITING)
_TRANSIENTS, _CAMPAIGNS = driver.table(Transient), driver.table(Campaign)
_CAMPAIGN: BindParameter[int] = bindparam("campaign")

_IS_WAITING = text("transients.state = 'waiting'")  # word for word as the index has it
_OVER = (
    select(Transient.action_id, Transient.state, Transient.unsure, Transient.attempts, Campaign.confirm_days)
    .add_columns(Transient.wait_seal, Transient.link_seal.is_not(None).label("has_link"))
    .join(Action, Action.id == Transient.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .limit(bindparam("most"))
)
_OVER_AGE = _OVER.where(
    or_(
        and_(Transient.state == State.TO_SEND, Transient.created_at < bindparam("unsent")),
        and_(Transient.state == State.TO_ACCEPT, Transient.sealed_at < bindparam("unsent")),
        and_(Transient.state.in_(_ANSWERED), Transient.attempts >= MOST_ANSWERS),
        and_(_IS_WAITING, Transient.next_try < bindparam("now"), Transient.wait_seal.is_(None)),
        and_(Transient.state.in_(_THANKS), Transient.sealed_at < bindparam("unsent")),
    )
)
_KEYS_NAMED = select(_TRANSIENTS.c.wait_key).where(
    _TRANSIENTS.c.state.in_(_NEED_KEY), _TRANSIENTS.c.wait_key.is_not(None)
)
_KEYS_NAMED = _KEYS_NAMED.distinct()
_KEYLESS = _OVER.where(Transient.state.in_(_NEED_KEY), Transient.wait_key.in_(bindparam("names", expanding=True)))
_KEYLESS = _KEYLESS.where(Transient.action_id > bindparam("after")).order_by(Transient.action_id)
_SEALED_BEFORE = (
    select(_TRANSIENTS.c.action_id, _TRANSIENTS.c.state, _TRANSIENTS.c.wait_seal)
    .where(_TRANSIENTS.c.wait_key.is_not(None), _TRANSIENTS.c.wait_key <= bindparam("key"))
    .where(_TRANSIENTS.c.action_id > bindparam("after"))
    .order_by(_TRANSIENTS.c.action_id)
    .limit(BATCH)
)
_RESEAL = (
    update(_TRANSIENTS)
    .where(_TRANSIENTS.c.action_id == bindparam("action"), _TRANSIENTS.c.state == bindparam("held"))
    .where(_TRANSIENTS.c.wait_seal == bindparam("old_seal"))
    .values(wait_key=bindparam("new_key"), wait_seal=bindparam("new_seal"))
)
_OF_CAMPAIGN = exists().where(
    Action.id == Transient.action_id,
    ActionPage.id == Action.action_page_id,
    ActionPage.campaign_id == Campaign.id,
)
_IN_HAND = _OF_CAMPAIGN.where(Transient.state.in_((State.SENDING, State.REMINDING, State.TO_ACCEPT)))
_UNCONFIRMED = (
    select(Transient.action_id)
    .join(Action, Action.id == Transient.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .where(ActionPage.campaign_id == _CAMPAIGN, Transient.state.in_(sources(Event.EXPIRE, End.PURGED)))
)
_FORGETTABLE = select(Campaign.id).where(
    Campaign.closed_at < bindparam("before"), Campaign.forgotten_at.is_(None), ~_IN_HAND
)
_FORGOTTEN = update(_CAMPAIGNS).where(_CAMPAIGNS.c.id == _CAMPAIGN).values(forgotten_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Over:
    """A row whose time is over, and by which event."""

    action_id: int
    state: State
    event: Event
    confirm_days: int


@dataclass(frozen=True, slots=True)
class Resealed:
    """A row whose seal is to be replaced: what it was, and what it becomes."""

    action_id: int
    state: State
    old: bytes = field(repr=False)
    new: WaitSeal = field(repr=False)


def over_age(session: Session, now: datetime) -> list[Over]:
    """What was not sent within 7 days or nine answers, or not confirmed within the campaign's days; late thank-yous.

    And what still waits for its reminder 26 hours after its mail: that is closed.
    """
    bound = {"unsent": now - UNSENT_AT_MOST, "now": now, "most": BATCH}
    found = [_over(row) for row in session.execute(_OVER_AGE, bound)]
    return found + [Over(action, state, Event.CLOSE, 0) for action, state in reminding.overdue(session, now)]


def keyless(session: Session) -> list[Over]:
    """What waits under worker keys that are all gone."""
    named = set(session.scalars(_KEYS_NAMED))
    known = set(session.scalars(select(WorkerKeyRow.id)))  # after the names: what was made meanwhile is known
    found: list[Over] = []
    after: int | None = 0
    while after is not None and len(found) < BATCH:
        bound = {"names": sorted(named - known), "most": BATCH, "after": after}
        rows = session.execute(_KEYLESS, bound).all() if named - known else []
        found += [_lost(row) for row in rows if known.isdisjoint(transient_seal.key_ids(row.wait_seal))]
        after = rows[-1].action_id if rows else None
    return found


def end(session: Session, over: Over, now: datetime) -> bool:
    """End one row: purge it, clear a late thank-you, close it, or wait for a link that may have arrived."""
    reached = target(over.state, over.event)
    if reached is End.CLEARED:
        return clearing.clear(session, [over.action_id], over.event) == 1
    if over.event is Event.CLOSE:
        return reminding.close(session, [over.action_id], over.state) == 1
    if over.event is Event.REOPEN:
        return accepting.reopen(session, over.action_id, now, over.confirm_days)
    if reached is End.PURGED:
        return clearing.purge(session, over.action_id, over.event, now) is not None
    settling.wait(session, [over.action_id], over.state, now, over.confirm_days)
    return True


def _over(row: Any) -> Over:
    state = State(row.state)
    event = Event.GIVE_UP if state in _ANSWERED and row.attempts >= MOST_ANSWERS else Event.EXPIRE
    if state is State.TO_ACCEPT:
        return _lost(row)
    if state is State.TO_SEND and row.unsure > 0:
        event = Event.LINGER
    return Over(row.action_id, state, event, row.confirm_days)


def waiting_for(session: Session, host: str) -> int:
    """How many addresses no other worker host could open."""
    others = set(session.scalars(select(WorkerKeyRow.id).where(WorkerKeyRow.host != host)))
    number = after = 0
    while rows := session.execute(_SEALED_BEFORE, {"key": _ANY_KEY, "after": after}).all():
        number += sum(others.isdisjoint(transient_seal.key_ids(row.wait_seal)) for row in rows)
        after = rows[-1].action_id
    return number


def _lost(row: Any) -> Over:
    """Nobody can open it: a link that was mailed or pressed works on, everything else is over."""
    state = State(row.state)
    if state is State.WAITING:
        return Over(row.action_id, state, Event.CLOSE, row.confirm_days)
    reopens = state is State.TO_ACCEPT and row.has_link
    return Over(row.action_id, state, Event.REOPEN if reopens else Event.LOSE, row.confirm_days)


def sealed_before(session: Session, opener: Opener, waits: Waits, key: int, after: int) -> tuple[list[Resealed], int]:
    """What names that key or an older one, in order behind `after`, sealed as it would be now; and how far this came.

    What this host cannot open stays as it is.
    """
    rows = session.execute(_SEALED_BEFORE, {"key": key, "after": after}).all()
    found = []
    for row in rows:
        try:
            waiting = opener.open(row.wait_seal)
        except CannotOpen:
            continue
        if waiting is not None:
            found.append(Resealed(row.action_id, State(row.state), row.wait_seal, waits.seal(waiting)))
    return found, rows[-1].action_id if rows else 0


def reseal(session: Session, rows: Sequence[Resealed]) -> int:
    """Replace those seals that nobody has changed meanwhile; the age of what is readable stays as it was."""
    done = 0
    for row in rows:
        bound = {"action": row.action_id, "held": row.state, "old_seal": row.old}
        done += driver.changed(session, _RESEAL, bound | {"new_key": row.new.key, "new_seal": row.new.seal})
    return done


def forgettable(session: Session, aged: datetime) -> Collection[int]:
    """Campaigns closed for 30 days of which nothing is confirmed and not yet accepted."""
    return session.scalars(_FORGETTABLE, {"before": aged - CAMPAIGN_KEY_KEPT}).all()


def forget_campaign(session: Session, campaign_id: int, now: datetime) -> bool:
    """Purge what is unconfirmed, null fingerprints, marks and blocks; the caller destroys the key after the commit.

    False: somebody confirmed at this very moment; it is for the next time.
    """
    fingerprints.alone(session)
    fingerprints.marking(session)
    for action_id in session.scalars(_UNCONFIRMED, {"campaign": campaign_id}).all():
        clearing.purge(session, action_id, Event.EXPIRE, now)
    if session.scalar(select(_IN_HAND).where(Campaign.id == campaign_id)):
        return False
    fingerprints.forget(session, campaign_id)
    session.execute(_FORGOTTEN, {"campaign": campaign_id, "now": now})
    return True
