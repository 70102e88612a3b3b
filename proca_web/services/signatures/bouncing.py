"""A mail came back because its recipient is not there: what becomes of the signature (protocol 6).

Whoever reports it is never asked for an address: the action is known by its reference, or by the id of its mails.
"""

import hashlib
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.labels import label
from proca_web.domain.transient import Event
from proca_web.domain.words import ActionStatus, EmailStatus
from proca_web.models import Action
from proca_web.services import driver
from proca_web.services.signatures import clearing

# Longest wait for a confirmation, for a thank-you to be sent, and for a mail server to give a mail up.
OLDEST = timedelta(days=30 + 7 + 7)
# A mail goes within seven days, a reminder two days later, and each comes back within seven.
# A look makes three ids a signature of that time.
OLDEST_BY_ID = timedelta(days=7 + 2 + 7)
ID_BYTES = 16
_A_LOOK = 10_000
_BEGINNINGS = [hashlib.sha512(label("message-id") + kind) for kind in (b"confirm_signature", b"reminder", b"thank_you")]
_ACTIONS = driver.table(Action)
_BY_REF = select(Action.id).where(
    Action.ref.in_(bindparam("refs", expanding=True)), Action.created_at >= bindparam("since")
)
_RECENT = (
    select(_ACTIONS.c.id, _ACTIONS.c.ref)
    .where(_ACTIONS.c.created_at >= bindparam("since"))
    .execution_options(yield_per=_A_LOOK)
)
_MARK = (
    update(_ACTIONS)
    .where(
        _ACTIONS.c.id == bindparam("action"),
        _ACTIONS.c.status == ActionStatus.ACCEPTED,
        _ACTIONS.c.email_status.in_((EmailStatus.NONE, EmailStatus.DOUBLE_OPT_IN)),
    )
    .values(email_status=EmailStatus.BOUNCE, released=False)
)


class Effect(StrEnum):
    """What a report changed."""

    DELETED = "deleted"
    MARKED = "marked"
    NOTHING = "nothing"


def find(session: Session, refs: Collection[bytes], message_ids: Collection[bytes], now: datetime) -> list[int]:
    """The actions that these references and ids of mails name; a read that may take a second, so no lock is held."""
    found = set(session.scalars(_BY_REF, {"refs": list(refs), "since": now - OLDEST})) if refs else set()
    found |= set(_by_message_id(session, message_ids, now)) if message_ids else set()
    return sorted(found)


def bounced(session: Session, action_id: int, now: datetime) -> Effect:
    """An unaccepted signature goes; an accepted one is marked and released again. A second report changes nothing."""
    if clearing.purge(session, action_id, Event.BOUNCE, now):
        return Effect.DELETED
    return Effect.MARKED if driver.changed(session, _MARK, {"action": action_id}) else Effect.NOTHING


def _by_message_id(session: Session, message_ids: Collection[bytes], now: datetime) -> Iterator[int]:
    """An id is made of the action's reference by a one-way function: that of every recent mail is made again."""
    wanted = frozenset(message_ids)
    for action, ref in session.execute(_RECENT, {"since": now - OLDEST_BY_ID}):
        for beginning in _BEGINNINGS:
            made = beginning.copy()
            made.update(ref)
            if made.digest()[:ID_BYTES] in wanted:
                yield action
