"""Which mail is due, and who holds it: leases, and the pages that mails speak of (protocol 6).

A claim is committed before SMTP is spoken to; what became of the mail is `settling`'s. The link never leaves this room
but in a `DueMail`, which lives until its mail is handed over.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.pages.wording import LegalNotice
from proca_web.domain.transient import FAULT_PAUSE, LEASE, MOST_ANSWERS, Event, State, sources, target
from proca_web.models import Action, ActionPage, Campaign, Transient
from proca_web.services import driver
from proca_web.services.petitions import wordings
from proca_web.services.petitions.transports import INSTANCE, TO_MAIL
from proca_web.services.sealing import worker_keys
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.sealing.worker_keys import Opener

BATCH = 100


@dataclass(frozen=True, slots=True)
class DueMail:
    """One mail to send: to whom, on which page, with which link."""

    action_id: int
    state: State
    page_id: int
    action_ref: bytes = field(repr=False)
    repeat: bool
    testing: bool
    confirm_days: int
    waiting: Waiting = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageOfMail:
    """What a mail says about its page: texts, org, its sender name and addresses, legal notices."""

    name: str
    title: str
    demand: str
    locale: str
    campaign: str
    confirm_days: int
    double_opt_in: bool
    org: str
    sender_name: str
    mail_from: str
    reply_to: str
    notices: tuple[LegalNotice, ...]
    next_step_label: str
    next_step_url: str


_TRANSIENTS = driver.table(Transient)
_ROW = _TRANSIENTS.c
LEASED = (State.SENDING, State.THANKS_SENDING)


def _claim(to: State) -> ReturningUpdate[Any]:
    """Statement: lease rows that are due; other workers take others."""
    (state,) = sources(Event.CLAIM, to)
    due = select(_ROW.action_id).where(_ROW.state == state, _ROW.transport == bindparam("whose"))
    due = due.where(_ROW.next_try <= bindparam("now"), _ROW.attempts < MOST_ANSWERS)
    first = due.order_by(_ROW.next_try).limit(bindparam("most")).with_for_update(skip_locked=True)
    return (
        update(_TRANSIENTS)
        .where(_ROW.state == state, _ROW.action_id.in_(first))
        .values(state=to, lease_until=bindparam("lease"))
        .returning(_ROW.action_id, _ROW.wait_seal)
    )


_CLAIMS = {to: _claim(to) for to in LEASED}
_IDS: Any = bindparam("ids", expanding=True)
_HELD = update(_TRANSIENTS).where(_ROW.state == bindparam("held"), _ROW.action_id.in_(_IDS))
_RENEW = _HELD.values(lease_until=bindparam("lease")).returning(_ROW.action_id)
_HAND_BACK = _HELD.values(state=bindparam("back"), lease_until=None)
_PUT_OFF = _HAND_BACK.values(next_try=bindparam("later"))
_OF_TRANSPORTS = _ROW.transport.in_(bindparam("transports", expanding=True))
_DUE = (_ROW.state.in_(TO_MAIL), _OF_TRANSPORTS, _ROW.next_try <= bindparam("now"))
_SOME_DUE = select(_ROW.action_id).where(*_DUE, _ROW.attempts < MOST_ANSWERS).limit(bindparam("most")).subquery()
_NUMBER_DUE = select(func.count()).select_from(_SOME_DUE)
_DETAILS = (
    select(Action.id, Action.ref, Action.action_page_id, Action.repeat, Action.testing, Campaign.confirm_days)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .where(Action.id.in_(_IDS))
)


def number_due(session: Session, now: datetime, most: int, transports: Collection[str] = (INSTANCE,)) -> int:
    """How many mails of these transports are due, no further than `most`; asked before the write lock is taken."""
    bound = {"now": now, "most": most, "transports": list(transports)}
    return session.execute(_NUMBER_DUE, bound).scalar_one()


def claim(
    session: Session, keyring: Keyring, state: State, now: datetime, limit: int = BATCH, transport: str = INSTANCE
) -> tuple[list[DueMail], list[int]]:
    """Lease up to `limit` due rows of a transport in `to_send` or `thanks_to_send`; commit before sending.

    Returns the mails, and the ids of rows that do not open: those are set aside (an alarm; the sweep ends them).
    """
    leased = target(state, Event.CLAIM)
    assert isinstance(leased, State)
    bound = {"now": now, "lease": now + LEASE, "most": limit, "whose": transport}
    rows = session.execute(_CLAIMS[leased], bound).all()
    if not rows:
        return [], []
    found = session.execute(_DETAILS, {"ids": [row.action_id for row in rows]})
    details = {action.id: action for action in found}
    mails, lost = [], []
    with worker_keys.opener(session, keyring) as opener:
        opened = {row.action_id: _open(opener, row.wait_seal) for row in rows}
    for row in rows:
        waiting = opened[row.action_id]
        if waiting is None:
            lost.append(row.action_id)
            continue
        action = details[row.action_id]
        mails.append(
            DueMail(
                action_id=row.action_id,
                state=leased,
                page_id=action.action_page_id,
                action_ref=action.ref,
                repeat=action.repeat,
                testing=action.testing,
                confirm_days=action.confirm_days,
                waiting=waiting,
            )
        )
    if lost:
        back = {"ids": lost, "held": leased, "back": state, "later": now + FAULT_PAUSE}
        session.execute(_PUT_OFF, back)
    return mails, lost


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


def page_of(session: Session, page_id: int) -> PageOfMail:
    """What mails of that page say about it."""
    page = session.get_one(ActionPage, page_id)
    return PageOfMail(
        name=page.name,
        title=page.title,
        demand=page.demand,
        locale=page.locale,
        campaign=page.campaign.title,
        confirm_days=page.campaign.confirm_days,
        double_opt_in=page.double_opt_in,
        org=page.org.title,
        sender_name=page.org.mail_name or page.org.title,
        mail_from=page.org.mail_from,
        reply_to=page.org.reply_to,
        notices=tuple(wordings.notice_of(org) for org in wordings.orgs_of(page).values()),
        next_step_label=page.next_step_label,
        next_step_url=page.next_step_url,
    )


def _open(opener: Opener, seal: bytes) -> Waiting | None:
    try:
        waiting = opener.open(seal)
    except CannotOpen:
        return None
    return waiting if waiting and waiting.email else None
