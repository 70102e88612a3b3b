"""What is over age goes, and what still waits is sealed anew, so that keys nobody needs can be destroyed."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Row, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.transient import MOST_ANSWERS, UNSENT_AT_MOST, End, Event, State, sources, target
from proca_web.models import Action, ActionPage, Campaign, Supporter, Transient
from proca_web.services import driver
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import clearing, settling
from proca_web.services.signatures.confirming import Signature

BATCH = 500
CAMPAIGN_KEY_KEPT = timedelta(days=30)
# The states in which something is readable; few rows, found by the index on state. Waiting rows, by the million, are
# found by their moment of expiry, which stands in next_try from when the mail was sent.
_READABLE = tuple(state for state in State if state is not State.WAITING)
_UNSENT = (State.TO_SEND, State.TO_ACCEPT)
_ANSWERED = sources(Event.GIVE_UP, End.PURGED) + sources(Event.GIVE_UP, End.CLEARED)
_THANKS = sources(Event.EXPIRE, End.CLEARED)
_NEED_KEY = sources(Event.LOSE, End.PURGED) + sources(Event.LOSE, End.CLEARED)
_TRANSIENTS, _SUPPORTERS, _CAMPAIGNS = driver.table(Transient), driver.table(Supporter), driver.table(Campaign)
_NAME: BindParameter[str] = bindparam("name")
_CAMPAIGN: BindParameter[int] = bindparam("campaign")

_OVER = (
    select(Transient.action_id, Transient.state, Transient.unsure, Transient.attempts, Campaign.confirm_days)
    .join(Action, Action.id == Transient.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .limit(bindparam("most"))
)
_OVER_AGE = _OVER.where(
    or_(
        and_(Transient.state.in_(_UNSENT), Transient.created_at < bindparam("unsent")),
        and_(Transient.state.in_(_ANSWERED), Transient.attempts >= MOST_ANSWERS),
        and_(Transient.state == State.WAITING, Transient.next_try < bindparam("now")),
        and_(Transient.state.in_(_THANKS), Transient.sealed_at < bindparam("unsent")),
    )
)
_KEYS_NAMED = select(_TRANSIENTS.c.wait_key).where(_TRANSIENTS.c.state.in_(_NEED_KEY)).distinct()
_KEYLESS = _OVER.where(Transient.state.in_(_NEED_KEY), Transient.wait_key.in_(bindparam("names", expanding=True)))
_TO_ACCEPT = (
    select(Action.id, Action.status, ActionPage.name, Action.action_page_id, ActionPage.campaign_id, Action.testing)
    .add_columns(Action.consent, Action.created_at, Transient.wait_key, Transient.wait_seal)
    .select_from(Transient)
    .join(Action, Action.id == Transient.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .where(Transient.state == State.TO_ACCEPT)
    .order_by(Transient.action_id)
    .limit(bindparam("most"))
)
_WITH_KEY = (_TRANSIENTS.c.state.in_(_READABLE), _TRANSIENTS.c.wait_key == _NAME)
_SEALED_WITH = select(_TRANSIENTS.c.action_id, _TRANSIENTS.c.state, _TRANSIENTS.c.wait_seal).where(*_WITH_KEY)
_NAMED = select(_TRANSIENTS.c.action_id).where(*_WITH_KEY).limit(1)
_RESEAL = (
    update(_TRANSIENTS)
    .where(_TRANSIENTS.c.action_id == bindparam("action"), _TRANSIENTS.c.state == bindparam("held"))
    .where(_TRANSIENTS.c.wait_key == _NAME)
    .values(wait_key=bindparam("new_name"), wait_seal=bindparam("new_seal"))
)
_FORGETTABLE = select(Campaign.id).where(Campaign.closed_at < bindparam("before"), Campaign.forgotten_at.is_(None))
_NULL_FINGERPRINTS = update(_SUPPORTERS).where(_SUPPORTERS.c.campaign_id == _CAMPAIGN).values(fingerprint=None)
_FORGOTTEN = update(_CAMPAIGNS).where(_CAMPAIGNS.c.id == _CAMPAIGN).values(forgotten_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Over:
    """A row whose time is over, and by which event."""

    action_id: int
    state: State
    event: Event
    confirm_days: int


def over_age(session: Session, now: datetime) -> list[Over]:
    """What was not sent within 7 days or nine answers, or not confirmed within the campaign's days; late thank-yous."""
    bound = {"unsent": now - UNSENT_AT_MOST, "now": now, "most": BATCH}
    return [_over(row) for row in session.execute(_OVER_AGE, bound)]


def keyless(session: Session, keyring: Keyring) -> list[Over]:
    """What waits under an hourly key that is gone. A keyring that is not in order says nothing about its keys."""
    named = set(session.scalars(_KEYS_NAMED))
    gone = [] if keyring.faults() else sorted(named.difference(keyring.transient_names()))
    if not gone:
        return []
    rows = session.execute(_KEYLESS, {"names": gone, "most": BATCH})
    return [Over(row.action_id, State(row.state), Event.LOSE, row.confirm_days) for row in rows]


def end(session: Session, over: Over, now: datetime) -> bool:
    """End one row: purge it, clear a late thank-you, or wait for a link that may have arrived."""
    reached = target(over.state, over.event)
    if reached is End.CLEARED:
        return clearing.clear(session, [over.action_id], over.event) == 1
    if reached is End.PURGED:
        return clearing.purge(session, over.action_id, over.event, now)
    settling.wait(session, [over.action_id], over.event, now, over.confirm_days)
    return True


def _over(row: Any) -> Over:
    state = State(row.state)
    event = Event.GIVE_UP if state in _ANSWERED and row.attempts >= MOST_ANSWERS else Event.EXPIRE
    if state is State.TO_ACCEPT:
        event = Event.LOSE
    elif state is State.TO_SEND and row.unsure > 0:
        event = Event.LINGER
    return Over(row.action_id, state, event, row.confirm_days)


def unasked(session: Session, keyring: Keyring, limit: int = 50) -> list[tuple[Signature, Waiting]]:
    """Signatures of pages without double opt-in that wait to be accepted, with their address."""
    found = []
    for row in session.execute(_TO_ACCEPT, {"most": limit}):
        key = keyring.transient(row.wait_key)
        if key is not None:
            with suppress(CannotOpen):
                found.append((_signature(row), transient_seal.open_waiting(key, row.wait_seal)))
    return found


def reseal(session: Session, keyring: Keyring, name: str, now: datetime) -> int:
    """Seal what still waits under an old key with this hour's; the age of what is readable stays as it was."""
    old_key = keyring.transient(name)
    new_name, new_key = keyring.current_transient(now)
    if old_key is None or new_name == name:
        return 0
    done = 0
    for row in session.execute(_SEALED_WITH.limit(BATCH), {"name": name}).all():
        try:
            waiting = transient_seal.open_waiting(old_key, row.wait_seal)
        except CannotOpen:
            continue
        bound = {"action": row.action_id, "held": row.state, "name": name, "new_name": new_name}
        done += driver.changed(session, _RESEAL, bound | {"new_seal": transient_seal.seal_waiting(new_key, waiting)})
    return done


def is_named(session: Session, name: str) -> bool:
    """Whether any row is still sealed with that key."""
    return session.execute(_NAMED, {"name": name}).first() is not None


def forget_campaigns(session: Session, now: datetime) -> list[int]:
    """Null the fingerprints of campaigns closed for 30 days; the caller destroys their keys after the commit."""
    due = list(session.scalars(_FORGETTABLE, {"before": now - CAMPAIGN_KEY_KEPT}))
    for campaign_id in due:
        session.execute(_NULL_FINGERPRINTS, {"campaign": campaign_id})
        session.execute(_FORGOTTEN, {"campaign": campaign_id, "now": now})
    return due


def _signature(row: Row[Any]) -> Signature:
    return Signature(
        action_id=row.id,
        status=row.status,
        page=row.name,
        page_id=row.action_page_id,
        campaign_id=row.campaign_id,
        testing=row.testing,
        consent=row.consent,
        created_at=row.created_at,
        link_seal=None,
    )
