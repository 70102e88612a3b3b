"""Which mail is due, and what its outcome does to the row that waits for it (protocol 6).

A claim is committed before SMTP is spoken to; an outcome is a compare-and-set after it. The link never leaves this
room but in a `DueMail`, which lives until its mail is handed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import LEASE, MOST_DELIVERIES, Event, State, retry_after
from proca_web.models.base import statement
from proca_web.services import driver
from proca_web.services.driver import AnyConnection
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
    notices: tuple[Mapping[str, str], ...]
    next_step_label: str
    next_step_url: str


_CLAIM = """
UPDATE transients SET state = :to, lease_until = :lease, attempts = attempts + 1, deliveries = deliveries + 1
 WHERE state = :from AND action_id IN (
   SELECT action_id FROM transients WHERE state = :from AND next_try <= :now ORDER BY next_try LIMIT :limit {lock})
RETURNING action_id, wait_key, wait_seal
"""
_CLAIMS = {
    "sqlite": statement(_CLAIM.format(lock=""), times=("lease", "now")),
    "postgresql": statement(_CLAIM.format(lock="FOR UPDATE SKIP LOCKED"), times=("lease", "now")),
}
_ANY_DUE = statement("SELECT 1 FROM transients WHERE state = :state AND next_try <= :now LIMIT 1", times=("now",))
_DETAILS = statement(
    """
SELECT a.id, a.ref, a.action_page_id, a.repeat, a.testing, a.created_at, c.confirm_days
  FROM actions a JOIN action_pages p ON p.id = a.action_page_id JOIN campaigns c ON c.id = p.campaign_id
 WHERE a.id IN :ids
""",
    lists=("ids",),
    returns=("created_at",),
)
_SENT = """
UPDATE transients SET state = 'waiting', wait_key = NULL, wait_seal = NULL, sealed_at = NULL, lease_until = NULL,
       next_try = ?
 WHERE action_id = ? AND state = 'sending'
"""
_EXPIRES = statement(
    """
SELECT t.created_at, c.confirm_days FROM transients t JOIN actions a ON a.id = t.action_id
  JOIN action_pages p ON p.id = a.action_page_id JOIN campaigns c ON c.id = p.campaign_id
 WHERE t.action_id = :id
""",
    returns=("created_at",),
)
_RETRY = statement(
    """
UPDATE transients SET state = 'to_send', lease_until = NULL, next_try = :next_try,
       deliveries = deliveries - :not_delivered
 WHERE action_id = :id AND state = 'sending'
""",
    times=("next_try",),
)
_TRIED = statement("SELECT attempts, deliveries FROM transients WHERE action_id = :id AND state = 'sending'")
_LEASE_OVER = statement(
    "SELECT action_id, state FROM transients WHERE state IN ('sending', 'thanks_sending') AND lease_until < :now",
    times=("now",),
)
_PAGE = statement("""
SELECT p.name, p.title, p.demand, p.locale, c.title AS campaign, c.confirm_days, p.double_opt_in, o.title AS org,
       o.reply_to, p.next_step_label, p.next_step_url, p.org_id, c.org_id AS lead_id
  FROM action_pages p JOIN campaigns c ON c.id = p.campaign_id JOIN orgs o ON o.id = p.org_id
 WHERE p.id = :id
""")
_NOTICES = statement("""
SELECT title, legal_name, legal_contact, privacy_url, retention FROM orgs WHERE id IN (:org, :lead)
 ORDER BY CASE WHEN id = :org THEN 0 ELSE 1 END
""")


def is_due(session: Session, state: State, now: datetime) -> bool:
    """Whether a mail of that kind is due; asked before the write lock is taken."""
    return session.execute(_ANY_DUE, {"state": state.value, "now": now}).first() is not None


def claim(
    session: Session, keyring: Keyring, state: State, now: datetime, limit: int = BATCH
) -> tuple[list[DueMail], list[int]]:
    """Lease up to `limit` due rows of `to_send` or `thanks_to_send`; commit before sending.

    Returns the mails, and the ids of rows whose key is gone (they cannot be sent: an alarm, and expiry ends them).
    """
    leased = {State.TO_SEND: State.SENDING, State.THANKS_TO_SEND: State.THANKS_SENDING}[state]
    bound = {"to": leased.value, "from": state.value, "now": now, "lease": now + LEASE, "limit": limit}
    rows = session.execute(_CLAIMS[session.get_bind().dialect.name], bound).all()
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
                action_ref=bytes(action.ref),
                repeat=bool(action.repeat),
                testing=bool(action.testing),
                expires_at=action.created_at + timedelta(days=action.confirm_days),
                waiting=waiting,
            )
        )
    return mails, lost


def settle(session: Session, mail: DueMail, outcome: Outcome, now: datetime) -> None:
    """Write an outcome down. When the person has decided meanwhile, nothing changes."""
    if mail.state is State.THANKS_SENDING:
        clearing.clear(session, mail.action_id, Event.SENT if outcome is Outcome.SENT else Event.FAILED)
    elif outcome is Outcome.SENT:
        wait(session, mail.action_id, mail.expires_at)
    elif outcome is Outcome.REFUSED:
        clearing.purge(session, mail.action_id, Event.REFUSED, now)
    else:
        _retry(session, mail.action_id, now, reached_data=outcome is Outcome.FAILED_AFTER_DATA)


def wait(connection: AnyConnection, action_id: int, expires_at: datetime) -> None:
    """The mail is out: the address is closed, and waits for its link until the campaign's days are over."""
    driver.execute(connection, _SENT, (driver.time(connection, expires_at), action_id))


def end_leases(session: Session, now: datetime) -> int:
    """Take back what a worker claimed and never settled: confirmations are tried again, thank-yous are dropped."""
    rows = session.execute(_LEASE_OVER, {"now": now}).all()
    for row in rows:
        if row.state == State.THANKS_SENDING:
            clearing.clear(session, row.action_id, Event.FAILED)
        else:
            _retry(session, row.action_id, now, reached_data=True)
    return len(rows)


def page_of(session: Session, page_id: int) -> PageOfMail:
    """What mails of that page say about it."""
    row = session.execute(_PAGE, {"id": page_id}).mappings().one()
    notices = session.execute(_NOTICES, {"org": row["org_id"], "lead": row["lead_id"]}).mappings().all()
    shown = {name: row[name] for name in row if name not in ("org_id", "lead_id")}
    return PageOfMail(notices=tuple(dict(notice) for notice in notices), **shown)


def _retry(session: Session, action_id: int, now: datetime, *, reached_data: bool) -> None:
    tried = session.execute(_TRIED, {"id": action_id}).first()
    if tried is None:
        return
    if reached_data and tried.deliveries >= MOST_DELIVERIES:
        held = session.execute(_EXPIRES, {"id": action_id}).one()
        wait(session, action_id, held.created_at + timedelta(days=held.confirm_days))
        return
    bound = {"id": action_id, "next_try": now + retry_after(tried.attempts), "not_delivered": 0 if reached_data else 1}
    session.execute(_RETRY, bound)


def _open(keyring: Keyring, row: Any) -> Waiting | None:
    key = keyring.transient(row.wait_key) if row.wait_key else None
    if key is None:
        return None
    try:
        return transient_seal.open_waiting(key, bytes(row.wait_seal))
    except CannotOpen:
        return None
