"""What must always hold, asked of the database and the keyring: `check` prints what does not.

Each question is answered by an index, a counter or a short table; what needs the rows themselves is asked in `rows`.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, joinedload

from proca_web.crypto.encoding import encode
from proca_web.crypto.errors import KeyRefused
from proca_web.crypto.keys.keys import check_public
from proca_web.domain.errors import GuardDamaged, KeyLogBroken
from proca_web.domain.transient import REMINDED_WITHIN, UNSENT_AT_MOST, State
from proca_web.domain.words import ActionStatus, Publication
from proca_web.models import (
    Action,
    ActionPage,
    Base,
    Campaign,
    ConsentText,
    Contact,
    Org,
    PublicKey,
    ReleaseCounter,
    Transient,
)
from proca_web.services import heartbeats
from proca_web.services.instance import alarms, health, keyrings
from proca_web.services.keys import log as key_log
from proca_web.services.keys import recipients
from proca_web.services.petitions import wordings
from proca_web.services.sealing import sender_rows, worker_keys
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.sealing.vouching import Vouching
from proca_web.services.staff import record_heads

MOST_LATE = timedelta(days=3)
RELEASED_WITHIN = timedelta(minutes=10)
_UNRELEASED = text("actions.status <> 'pending' AND NOT actions.released")  # word for word as the index has it
_SECRET_WORDS = ("secret", "private", "seed", "passphrase")
NOTES = (
    "a snapshot of the running machine (memory and disk together) can repeat nonces; use PROCA_SENDER=throwaway there",
)


def faults(session: Session, identity: bytes, keyring: Keyring, now: datetime) -> list[str]:
    """Every broken invariant as a sentence."""
    vouching, key_log_faults = _key_log(session, identity, keyring)  # first: the log is compared with a memory as old
    return [
        *secret_columns(),
        *_keys(session),
        *key_log_faults,
        *_pages(session, vouching, now),
        *_transients(session, now),
        *_campaign_keys(session, keyring),
        *_counters(session),
        *_releases(session, now),
        *_worker(session, now),
        *_worker_keys(session, identity, now),
        *[f"alarm: {alarm.sentence}" for alarm in alarms.standing(session, now)],
        *(f"{each.name} was set aside or failed ({each.reason})" for each in heartbeats.faults(session, now)),
    ]


def secret_columns() -> list[str]:
    """Columns whose name says that they hold a secret: there must be none."""
    return [
        f"the column {table.name}.{column.name} looks like a secret"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(word in column.name for word in _SECRET_WORDS)
    ]


def _keys(session: Session) -> list[str]:
    found = []
    for key in recipients.active_rows(session):
        try:
            check_public(key.public)
        except KeyRefused as refusal:
            found.append(f"key {key.id} of {key.org.name} must not be encrypted for ({refusal})")
    return found


def _key_log(session: Session, identity: bytes, keyring: Keyring) -> tuple[Vouching | None, list[str]]:
    """Whom the Home identity vouches for; and the log, the guard, and that every key in force stands in them."""
    vouching = None
    try:
        vouching = Vouching(identity, keyring.guard.memory().ended)
        _, chain = key_log.checked(session, identity, keyring.guard)
    except (KeyLogBroken, GuardDamaged) as error:
        return vouching, [str(error), *record_heads.faults(session, ())]
    found = record_heads.faults(session, chain.entries)
    found += [
        f"key {key.id} of {key.org.name} is active, but not signed by the Home key: it is not used"
        for key in recipients.unvouched(session, vouching)
    ]
    for key in recipients.active_rows(session):
        if chain.current(key.org.name, key.role) != encode(key.public):
            found.append(f"key {key.id} of {key.org.name} is active, but not by the key log")
    known = {(home.identity, home.box) for home in chain.homes}
    homes = session.scalars(select(PublicKey).where(sender_rows.IS_HOME))
    found += [f"Home key {home.id} is not in the key log" for home in homes if _halves(home) not in known]
    return vouching, found


def _halves(home: PublicKey) -> tuple[bytes, bytes]:
    return home.sign_public or b"", home.public


def _pages(session: Session, vouching: Vouching | None, now: datetime) -> list[str]:
    """Live pages that cannot work. While the guard cannot be read none does: that is said once, not for each."""
    found = []
    receiving = recipients.orgs_that_receive(session, vouching, now)
    worded = set(session.scalars(select(ConsentText.action_page_id).where(ConsentText.valid_until.is_(None))))
    of_campaign = joinedload(ActionPage.campaign).joinedload(Campaign.lead)
    live = select(ActionPage).options(of_campaign, joinedload(ActionPage.org))
    for page in session.scalars(live.where(ActionPage.status == Publication.LIVE).order_by(ActionPage.id)):
        orgs = wordings.orgs_of(page)
        for receiver in wordings.distribution_of(page).always():
            org = orgs[receiver]
            if vouching is not None and org.id not in receiving and org.locked_at is None:
                found.append(f"page {page.name} is live, but {org.name} has no active key: it answers 503")
        if page.id not in worded:
            found.append(f"page {page.name} is live without a wording")
    home_owns = select(func.count()).select_from(Campaign).join(Org, Org.id == Campaign.org_id).where(Org.is_home)
    if session.scalar(home_owns):
        found.append("the Home Org owns a campaign; it must own none")
    return found


def _transients(session: Session, now: datetime) -> list[str]:
    found = []
    is_to_remind = Transient.state.in_((State.WAITING, State.REMINDING))
    for state, since, longest, said in (
        (~is_to_remind, Transient.sealed_at, UNSENT_AT_MOST, "for more than 7 days"),
        (is_to_remind, Transient.waiting_since, REMINDED_WITHIN, "more than 26 hours after their first mail"),
    ):
        limit = now - longest - timedelta(minutes=5)
        late = select(func.count()).select_from(Transient).where(Transient.wait_seal.is_not(None), state)
        number = session.scalar(late.where(Transient.sealed_at < limit, since < limit))  # the first has an index
        if number:
            found.append(f"{number} addresses are readable {said}; is the worker running?")
    begun = func.coalesce(Transient.waiting_since, Transient.created_at)
    for days in session.scalars(select(Campaign.confirm_days).distinct()):
        of_age = now - timedelta(days=days) - MOST_LATE
        old = select(func.count()).select_from(Transient).join(Action, Action.id == Transient.action_id)
        old = old.join(ActionPage, ActionPage.id == Action.action_page_id).join(Campaign)
        old = old.where(Transient.created_at < of_age, begun < of_age)  # the first has an index
        number = session.scalar(old.where(Campaign.confirm_days == days))
        if number:
            found.append(
                f"{number} addresses are {MOST_LATE.days} days over the {days} to confirm; is the worker running?"
            )
    return found


def _campaign_keys(session: Session, keyring: Keyring) -> list[str]:
    return [
        f"campaign {campaign_id} has fingerprints, and its key is not in the keyring: confirmations wait; restore it"
        for campaign_id in keyrings.lacking_campaigns(session, keyring)
    ]


def _counters(session: Session) -> list[str]:
    found = []
    for counter in session.scalars(select(ReleaseCounter)):
        own = (Contact.org_id == counter.org_id, Contact.role == counter.role, Contact.seq.is_not(None))
        highest = session.scalar(select(func.max(Contact.seq)).where(*own))
        if (highest or 0) > counter.last_seq:
            found.append(f"org {counter.org_id}: a copy has number {highest}, the counter stands at {counter.last_seq}")
    return found


def _releases(session: Session, now: datetime) -> list[str]:
    waiting = (Action.status == ActionStatus.ACCEPTED, ~Action.released, Action.accepted_at < now - RELEASED_WITHIN)
    number = session.scalar(select(func.count()).select_from(Action).where(_UNRELEASED, *waiting))
    return [f"{number} accepted signatures are not released; the worker's log says why"] if number else []


def _worker_keys(session: Session, identity: bytes, now: datetime) -> list[str]:
    """Without a key of a worker host no address can be taken."""
    keys = worker_keys.every(session)
    if not keys or worker_keys.chosen(keys, identity, now):
        return []
    return ["no worker host has a key of the last 6 hours: signatures are refused; is the worker running?"]


def worker_hosts(session: Session) -> list[str]:
    """Which worker hosts can open what waits, as notes for `check`."""
    return [
        f"worker host {host.name} has {host.keys} keys, the newest of {host.newest:%Y-%m-%d %H:%M} UTC"
        for host in worker_keys.hosts(session)
    ]


def _worker(session: Session, now: datetime) -> list[str]:
    found = health.worker(session, now)
    if found.seen_at is not None and not found.is_alive:
        return ["no worker was seen for three minutes: no mail leaves, nothing is released"]
    return []
