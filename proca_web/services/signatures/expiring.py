"""What is over age goes, and what still waits is sealed anew, so that keys nobody needs can be destroyed."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Row, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.domain.transient import READABLE_AT_MOST, End, Event, State, sources, target
from proca_web.models import Action, ActionPage, Campaign, Supporter, Transient
from proca_web.services import driver
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import clearing
from proca_web.services.signatures.confirming import Signature

BATCH = 500
CAMPAIGN_KEY_KEPT = timedelta(days=30)
# The states in which something is readable; few rows, found by the index on state. Waiting rows, by the million, are
# found by their moment of expiry, which stands in next_try from when the mail was sent.
_READABLE = tuple(state for state in State if state is not State.WAITING)
_UNSENT = tuple(state for state in sources(Event.EXPIRE, End.PURGED) if state is not State.WAITING)
_THANKS = sources(Event.EXPIRE, End.CLEARED)
_TRANSIENTS, _SUPPORTERS, _CAMPAIGNS = driver.table(Transient), driver.table(Supporter), driver.table(Campaign)
_NAME: BindParameter[str] = bindparam("name")
_CAMPAIGN: BindParameter[int] = bindparam("campaign")

_OVER_AGE = (
    select(Transient.action_id, Transient.state)
    .where(
        or_(
            and_(Transient.state.in_(_UNSENT), Transient.created_at < bindparam("unsent")),
            and_(Transient.state == State.WAITING, Transient.next_try < bindparam("now")),
            and_(Transient.state.in_(_THANKS), Transient.sealed_at < bindparam("unsent")),
        )
    )
    .limit(bindparam("most"))
)
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


def expire(session: Session, now: datetime) -> int:
    """Purge what was not sent within 72 hours or not confirmed within the campaign's days; clear late thank-yous."""
    done = 0
    bound = {"unsent": now - READABLE_AT_MOST, "now": now, "most": BATCH}
    for row in session.execute(_OVER_AGE, bound).all():
        if target(State(row.state), Event.EXPIRE) is End.CLEARED:
            done += clearing.clear(session, row.action_id, Event.EXPIRE)
        else:
            done += clearing.purge(session, row.action_id, Event.EXPIRE, now)
    return done


def unasked(session: Session, keyring: Keyring, limit: int = 50) -> list[tuple[Signature, Waiting]]:
    """Signatures of pages without double opt-in that wait to be accepted, with their address."""
    found = []
    for row in session.execute(_TO_ACCEPT, {"most": limit}):
        key = keyring.transient(row.wait_key)
        if key is not None:
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
        waiting = transient_seal.open_waiting(old_key, row.wait_seal)
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
