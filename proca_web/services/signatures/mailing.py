"""Which mail is due, and who holds it: leases (protocol 6).

A claim is committed before SMTP is spoken to; what became of the mail is `settling`'s. The link never leaves this room
but in a `DueMail`, which lives until its mail is handed over.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, LargeBinary, bindparam, func, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.transient import FAULT_PAUSE, LEASE, MOST_ANSWERS, Event, State, target
from proca_web.domain.words import DayEvent
from proca_web.models import Action, ActionPage, Campaign, Transient
from proca_web.services import driver
from proca_web.services.petitions import counting
from proca_web.services.petitions.transports import INSTANCE, TO_MAIL
from proca_web.services.sealing import worker_keys
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.sealing.worker_keys import Opener
from proca_web.services.signatures import fingerprints, reminding
from proca_web.services.signatures.addresses import sifting
from proca_web.services.signatures.addresses.looking import Asked, Found, Verdict

BATCH = 100


@dataclass(frozen=True, slots=True)
class DueMail:
    """One mail to send: to whom, on which page, with which link.

    `repeat`: the address has signed already. `reminds`: one more mail is to follow, if the link is not used.
    """

    action_id: int
    state: State
    page_id: int
    action_ref: bytes = field(repr=False)
    repeat: bool
    testing: bool
    confirm_days: int
    waiting: Waiting = field(repr=False)
    reminds: bool = False


_TRANSIENTS = driver.table(Transient)
_ROW = _TRANSIENTS.c
LEASED = (State.SENDING, State.REMINDING, State.THANKS_SENDING)


# What is due of a transport, the longest first; other workers take others. Each row is changed once: at a second time
# PostgreSQL would look at its action, which somebody may hold who waits for this row.
_FIRST_DUE = (
    select(_ROW.action_id, _ROW.wait_seal, _ROW.mark, _ROW.waiting_since)
    .where(_ROW.state == bindparam("state"), _ROW.transport == bindparam("whose"), _ROW.next_try <= bindparam("now"))
    .where(_ROW.attempts < MOST_ANSWERS, _ROW.wait_seal.is_not(None))
    .order_by(_ROW.next_try)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_GIVEN = func.unnest(bindparam("actions", type_=ARRAY(BigInteger())), bindparam("marks", type_=ARRAY(LargeBinary())))
_GIVEN_ROWS = _GIVEN.table_valued("action_id", "mark", name="given").render_derived()
_LEASE = update(_TRANSIENTS).values(state=bindparam("to"), lease_until=bindparam("lease"))
_LEASE_EACH = _LEASE.where(_ROW.action_id == bindparam("action")).values(mark=bindparam("found"))
_LEASE_ALL = _LEASE.where(_ROW.action_id == _GIVEN_ROWS.c.action_id).values(mark=_GIVEN_ROWS.c.mark)
_IDS: Any = bindparam("ids", expanding=True)
_HELD = update(_TRANSIENTS).where(_ROW.state == bindparam("held"), _ROW.action_id.in_(_IDS))
_RENEW = _HELD.values(lease_until=bindparam("lease")).returning(_ROW.action_id)
_HAND_BACK = _HELD.values(state=bindparam("back"), lease_until=None)
_PUT_OFF = _HAND_BACK.values(next_try=bindparam("later"))
_OF_TRANSPORTS = _ROW.transport.in_(bindparam("transports", expanding=True))
_DUE = (_ROW.state.in_(TO_MAIL), _OF_TRANSPORTS, _ROW.next_try <= bindparam("now"), _ROW.wait_seal.is_not(None))
_SOME_DUE = select(_ROW.action_id).where(*_DUE, _ROW.attempts < MOST_ANSWERS).limit(bindparam("most")).subquery()
_NUMBER_DUE = select(func.count()).select_from(_SOME_DUE)
_DETAILS = (
    select(Action.id, Action.ref, Action.action_page_id, Action.repeat, Action.testing, Campaign.confirm_days)
    .add_columns(ActionPage.campaign_id, reminding.IS_WANTED.label("reminds"), Action.utm_source, Action.area)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .join(*reminding.ORGS[0])
    .join(*reminding.ORGS[1])
    .where(Action.id.in_(_IDS))
)


def number_due(session: Session, now: datetime, most: int, transports: Collection[str] = (INSTANCE,)) -> int:
    """How many mails of these transports are due, no further than `most`; asked before the write lock is taken."""
    bound = {"now": now, "most": most, "transports": list(transports)}
    return session.execute(_NUMBER_DUE, bound).scalar_one()


def claim(
    session: Session, keyring: Keyring, state: State, now: datetime, limit: int = BATCH, transport: str = INSTANCE
) -> tuple[list[DueMail], list[int]]:
    """Lease up to `limit` rows of a transport in `to_send`, `thanks_to_send`, or `waiting` for a reminder.

    Commit before sending. Whose mail is not to go is purged or closed. Returns the mails, and the ids of rows that
    this host cannot open: those are set aside (the caller tells; the sweep ends them).
    """
    leased = target(state, Event.CLAIM)
    assert isinstance(leased, State)
    if leased is not State.THANKS_SENDING:
        fingerprints.marking(session)
    bound = {"state": state, "now": now, "most": limit, "whose": transport}
    rows = session.execute(_FIRST_DUE, bound).all()
    if not rows:
        return [], []
    details = {row.id: row for row in session.execute(_DETAILS, {"ids": [row.action_id for row in rows]})}
    with worker_keys.opener(session, keyring) as opener:
        opened = {row.action_id: _open(opener, leased, row) for row in rows}
    lost = [action for action, waiting in opened.items() if waiting is None]
    goes, waits = _sift(
        session, keyring, leased, [(row, opened[row.action_id], details[row.action_id]) for row in rows], now
    )
    mails = [
        _due_mail(details[action], leased, waiting, found)
        for action, found in goes.items()
        if (waiting := opened[action]) is not None
    ]
    _lease(session, leased, goes, now)
    if leased is State.SENDING:
        aside = {*lost, *waits}
        begun = [details[row.action_id] for row in rows if row.mark is None and row.action_id not in aside]
        counting.add_signed(session, [each for each in begun if not each.testing], DayEvent.SUBMITTED, now)
    if lost or waits:
        back = {"ids": lost + waits, "held": state, "back": state, "later": now + FAULT_PAUSE}
        session.execute(_PUT_OFF, back)
    return mails, lost


def _due_mail(action: Any, leased: State, waiting: Waiting, found: Found) -> DueMail:
    return DueMail(
        action_id=action.id,
        state=leased,
        page_id=action.action_page_id,
        action_ref=action.ref,
        repeat=action.repeat or found.verdict is Verdict.KNOWN,
        testing=action.testing,
        confirm_days=action.confirm_days,
        waiting=waiting,
        reminds=action.reminds,
    )


def _lease(session: Session, leased: State, goes: Mapping[int, Found], now: datetime) -> None:
    """These are ours for ten minutes, and known by their marks."""
    if not goes:
        return
    marks = {action: found.mark or None for action, found in goes.items()}
    to = {"to": leased, "lease": now + LEASE}
    if driver.dialect_of(session).name == "sqlite":
        session.execute(_LEASE_EACH, [to | {"action": action, "found": mark} for action, mark in marks.items()])
    else:
        session.execute(_LEASE_ALL, to | {"actions": list(marks), "marks": list(marks.values())})


def renew(session: Session, held: State, action_ids: Sequence[int], now: datetime) -> set[int]:
    """Lease what is in hand for another ten minutes; returns what still is in that state, nobody having decided."""
    return set(session.scalars(_RENEW, {"ids": action_ids, "held": held, "lease": now + LEASE}))


def hand_back(session: Session, held: State, action_ids: Collection[int], later: datetime | None = None) -> None:
    """What was claimed and not begun is to be sent by whoever comes next: at once, or not before that moment."""
    values = {"ids": list(action_ids), "held": held, "back": target(held, Event.FAILED)}
    if later is None:
        session.execute(_HAND_BACK, values)
    else:
        session.execute(_PUT_OFF, {**values, "later": later})


def page_name(session: Session, page_id: int) -> str:
    """By which name operators know the page."""
    return session.scalar(select(ActionPage.name).where(ActionPage.id == page_id)) or str(page_id)


def _sift(
    session: Session, keyring: Keyring, leased: State, rows: Sequence[tuple[Any, Waiting | None, Any]], now: datetime
) -> tuple[dict[int, Found], list[int]]:
    """Which of these go, and what is known of their address; which wait for their campaign's key."""
    if leased is State.THANKS_SENDING:
        return {row.action_id: Found(Verdict.GOES) for row, waiting, _ in rows if waiting is not None}, []
    begun = {}
    for row, waiting, details in rows:
        if waiting is not None:
            counts = row.mark is None or leased is State.REMINDING
            asked = Asked(row.action_id, details.campaign_id, waiting, row.mark, counts)
            begun[asked] = row.waiting_since if details.reminds else None
    if leased is State.REMINDING:
        return sifting.reminders(session, keyring, begun, now)
    return sifting.first_mails(session, keyring, list(begun), now)


def _open(opener: Opener, leased: State, row: Any) -> Waiting | None:
    """What waits; None: this host cannot open it. Before its first mail, what fits no key of ours is junk."""
    try:
        waiting = opener.open(row.wait_seal)
    except CannotOpen:
        waiting = None if row.mark or leased is State.THANKS_SENDING else Waiting("", "")
    is_first = leased is not State.THANKS_SENDING and row.mark is None
    return waiting if waiting and (waiting.email or is_first) else None
