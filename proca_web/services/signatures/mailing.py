"""Which mail is due, and what its outcome does to the row that waits for it (protocol 6).

A claim is committed before SMTP is spoken to; an outcome is a compare-and-set after it. The link never leaves this
room but in a `DueMail`, which lives until its mail is handed over.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.outcome import Outcome
from proca_web.domain.pages.wording import LegalNotice
from proca_web.domain.transient import LEASE, MOST_DELIVERIES, End, Event, State, retry_after, sources, target
from proca_web.models import Action, ActionPage, Campaign, Transient
from proca_web.services import driver
from proca_web.services.driver import AnyConnection
from proca_web.services.petitions import wordings
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import clearing

BATCH = 20


@dataclass(frozen=True, slots=True)
class DueMail:
    """One mail to send: to whom, on which page, with which link."""

    action_id: int
    state: State
    page_id: int
    action_ref: bytes = field(repr=False)
    repeat: bool
    testing: bool
    expires_at: datetime
    waiting: Waiting = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageOfMail:
    """What a mail says about its page: texts, org, reply address, legal notices."""

    name: str
    title: str
    demand: str
    locale: str
    campaign: str
    confirm_days: int
    double_opt_in: bool
    org: str
    reply_to: str
    notices: tuple[LegalNotice, ...]
    next_step_label: str
    next_step_url: str


_TRANSIENTS = driver.table(Transient)
_ROW = _TRANSIENTS.c
_LEASED = (State.SENDING, State.THANKS_SENDING)
_BY_OUTCOME = {
    Outcome.SENT: Event.SENT,
    Outcome.REFUSED: Event.REFUSED,
    Outcome.FAILED: Event.FAILED,
    Outcome.FAILED_AFTER_DATA: Event.FAILED,
}


def _claim(to: State) -> ReturningUpdate[Any]:
    """Statement: lease rows that are due; other workers take others."""
    (state,) = sources(Event.CLAIM, to)
    due = select(_ROW.action_id).where(_ROW.state == state, _ROW.next_try <= bindparam("now"))
    first = due.order_by(_ROW.next_try).limit(bindparam("most")).with_for_update(skip_locked=True)
    return (
        update(_TRANSIENTS)
        .where(_ROW.state == state, _ROW.action_id.in_(first))
        .values(state=to, lease_until=bindparam("lease"))
        .values(attempts=_ROW.attempts + 1, deliveries=_ROW.deliveries + 1)
        .returning(_ROW.action_id, _ROW.wait_key, _ROW.wait_seal)
    )


_CLAIMS = {to: _claim(to) for to in _LEASED}
_WAIT = """
UPDATE transients SET state = ?, wait_key = NULL, wait_seal = NULL, sealed_at = NULL, lease_until = NULL, next_try = ?
 WHERE action_id = ? AND state = ?
"""
_RETRY = (
    update(_TRANSIENTS)
    .where(_ROW.action_id == bindparam("action"), _ROW.state.in_(sources(Event.FAILED, State.TO_SEND)))
    .values(state=State.TO_SEND, lease_until=None, next_try=bindparam("later"))
    .values(deliveries=_ROW.deliveries - bindparam("not_delivered"))
)
_ANY_DUE = select(_ROW.action_id).where(_ROW.state == bindparam("held"), _ROW.next_try <= bindparam("now")).limit(1)
_DETAILS = (
    select(Action.id, Action.ref, Action.action_page_id, Action.repeat, Action.testing, Action.created_at)
    .add_columns(Campaign.confirm_days)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .where(Action.id.in_(bindparam("ids", expanding=True)))
)
_TRIED = (
    select(Transient.attempts, Transient.deliveries, Transient.created_at, Campaign.confirm_days)
    .join(Action, Action.id == Transient.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .where(Transient.action_id == bindparam("action"), Transient.state == State.SENDING)
)
_LEASE_OVER = select(_ROW.action_id, _ROW.state).where(
    or_(
        and_(_ROW.state == State.SENDING, _ROW.lease_until < bindparam("now")),
        and_(_ROW.state == State.THANKS_SENDING, _ROW.lease_until < bindparam("aged")),
    )
)


def is_due(session: Session, state: State, now: datetime) -> bool:
    """Whether a mail of that kind is due; asked before the write lock is taken."""
    return session.execute(_ANY_DUE, {"held": state, "now": now}).first() is not None


def claim(
    session: Session, keyring: Keyring, state: State, now: datetime, limit: int = BATCH
) -> tuple[list[DueMail], list[int]]:
    """Lease up to `limit` due rows of `to_send` or `thanks_to_send`; commit before sending.

    Returns the mails, and the ids of rows whose key is gone (they cannot be sent: an alarm, and expiry ends them).
    """
    leased = target(state, Event.CLAIM)
    assert isinstance(leased, State)
    rows = session.execute(_CLAIMS[leased], {"now": now, "lease": now + LEASE, "most": limit}).all()
    if not rows:
        return [], []
    found = session.execute(_DETAILS, {"ids": [row.action_id for row in rows]})
    details = {action.id: action for action in found}
    mails, lost = [], []
    for row in rows:
        waiting = _open(keyring, row)
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
                expires_at=action.created_at + timedelta(days=action.confirm_days),
                waiting=waiting,
            )
        )
    return mails, lost


def only_waits(mail: DueMail, outcome: Outcome) -> bool:
    """Whether the outcome is the usual one, which `wait` alone writes down: one statement, by the shortest way."""
    return target(mail.state, _BY_OUTCOME[outcome]) is State.WAITING


def wait(connection: AnyConnection, action_id: int, event: Event, expires_at: datetime) -> None:
    """The mail is out: the address is closed, and waits for its link until the campaign's days are over."""
    (held,) = sources(event, State.WAITING)
    values = (State.WAITING, driver.time(connection, expires_at), action_id, held)
    driver.execute(connection, _WAIT, values)


def settle(session: Session, mail: DueMail, outcome: Outcome, now: datetime) -> None:
    """Write an outcome down. When the person has decided meanwhile, nothing changes."""
    event = _BY_OUTCOME[outcome]
    reached = target(mail.state, event)
    if reached is End.CLEARED:
        clearing.clear(session, mail.action_id, event)
    elif reached is End.PURGED:
        clearing.purge(session, mail.action_id, event, now)
    elif reached is State.WAITING:
        wait(session, mail.action_id, event, mail.expires_at)
    else:
        _retry(session, mail.action_id, now, reached_data=outcome is Outcome.FAILED_AFTER_DATA)


def end_leases(session: Session, now: datetime, aged: datetime | None = None) -> int:
    """Take back what a worker claimed and never settled: confirmations are tried again.

    Thank-yous are dropped, which nothing undoes: their leases count against the moment that ages count against.
    """
    rows = session.execute(_LEASE_OVER, {"now": now, "aged": aged or now}).all()
    for action_id, state in rows:
        if target(State(state), Event.FAILED) is End.CLEARED:
            clearing.clear(session, action_id, Event.FAILED)
        else:
            _retry(session, action_id, now, reached_data=True)
    return len(rows)


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
        reply_to=page.org.reply_to,
        notices=tuple(wordings.notice_of(org) for org in wordings.orgs_of(page).values()),
        next_step_label=page.next_step_label,
        next_step_url=page.next_step_url,
    )


def _retry(session: Session, action_id: int, now: datetime, *, reached_data: bool) -> None:
    """Try again later; a mail that may have arrived three times has been sent."""
    tried = session.execute(_TRIED, {"action": action_id}).first()
    if tried is None:
        return
    if reached_data and tried.deliveries >= MOST_DELIVERIES:
        expires_at = tried.created_at + timedelta(days=tried.confirm_days)
        wait(session, action_id, Event.GAVE_UP, expires_at)
        return
    later = now + retry_after(tried.attempts)
    session.execute(_RETRY, {"action": action_id, "later": later, "not_delivered": 0 if reached_data else 1})


def _open(keyring: Keyring, row: Any) -> Waiting | None:
    key = keyring.transient(row.wait_key) if row.wait_key else None
    if key is None:
        return None
    try:
        return transient_seal.open_waiting(key, row.wait_seal)
    except CannotOpen:
        return None
