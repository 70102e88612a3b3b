"""From a mailed link to an accepted signature, or to none. Safe to repeat; the first decision stands.

The address is readable here for one moment: the link opens it, the campaign's key turns it into a fingerprint, and it
is sealed again for the thank-you.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.labels import keyed
from proca_web.domain.errors import UnknownToken
from proca_web.domain.transient import Event, State, sources
from proca_web.domain.words import ActionStatus, EmailStatus, KeyRole
from proca_web.services import driver
from proca_web.services.driver import AnyConnection
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import clearing


@dataclass(frozen=True, slots=True)
class Signature:
    """What a link leads to: the action's state and where it belongs."""

    action_id: int
    status: str
    page: str
    page_id: int
    campaign_id: int
    testing: bool
    consent: str
    created_at: datetime
    link_seal: bytes | None = field(repr=False)

    @property
    def is_accepted(self) -> bool:
        """Whether it has been confirmed, or needed no confirmation."""
        return self.status == ActionStatus.ACCEPTED


class Rejection(Enum):
    """What "it wasn't me" led to."""

    PURGED = "purged"
    WITHDRAWN = "withdrawn"
    NOTHING_HELD = "nothing held"


_FIND = """
SELECT a.id, a.status, p.name, p.id, p.campaign_id, a.testing, a.consent, a.created_at, t.link_seal
  FROM actions a JOIN action_pages p ON p.id = a.action_page_id LEFT JOIN transients t ON t.action_id = a.id
 WHERE a.{column} = ?
"""
_HOLDERS = """
SELECT o.id, o.title, k.fingerprint, c.opt_in, o.legal_contact, o.privacy_url
  FROM contacts c JOIN orgs o ON o.id = c.org_id JOIN public_keys k ON k.id = c.public_key_id
 WHERE c.action_id = ? AND c.role = ? AND NOT c.erased ORDER BY c.id
"""
_TO_THANKS = """
UPDATE transients SET state = ?, link_seal = NULL, wait_key = ?, wait_seal = ?, sealed_at = ?,
       next_try = ?, lease_until = NULL, attempts = 0, unsure = 0
 WHERE action_id = ? AND state IN ({states})
"""
_ACCEPT = """
UPDATE actions SET status = ?, accepted_at = ?, supporter_id = ?, repeat = ?, withdraw_id = ?,
       email_status = ?
 WHERE id = ? AND status = ?
"""
_NEW_SUPPORTER = """
INSERT INTO supporters (campaign_id, fingerprint, created_at) VALUES (?, ?, ?)
ON CONFLICT (campaign_id, fingerprint) DO NOTHING RETURNING id
"""
_KNOWN_SUPPORTER = "SELECT id FROM supporters WHERE campaign_id = ? AND fingerprint = ?"
_HAS_FINGERPRINTS = "SELECT 1 FROM supporters WHERE campaign_id = ? LIMIT 1"


def find(connection: AnyConnection, token: bytes) -> Signature:
    """The signature a confirm link belongs to. Raises UnknownToken."""
    return _find(connection, "confirm_id", transient_seal.link_id(token))


def find_by_withdraw(connection: AnyConnection, token: bytes) -> Signature:
    """The signature a withdraw link belongs to. Raises UnknownToken."""
    return _find(connection, "withdraw_id", transient_seal.withdraw_id(token))


def _find(connection: AnyConnection, column: str, token_id: bytes) -> Signature:
    row = driver.execute(connection, _FIND.format(column=column), (token_id,)).fetchone()
    if row is None:
        raise UnknownToken
    action_id, status, page, page_id, campaign_id, testing, consent, created_at, link_seal = row
    return Signature(
        action_id=action_id,
        status=status,
        page=page,
        page_id=page_id,
        campaign_id=campaign_id,
        testing=bool(testing),
        consent=consent,
        created_at=driver.read_time(created_at),
        link_seal=bytes(link_seal) if link_seal else None,
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """An org that holds a copy, the key it was sealed to, and what the supporter allowed."""

    org_id: int
    title: str
    fingerprint: str
    opt_in: bool | None
    contact: str
    privacy_url: str


def holders(connection: AnyConnection, action_id: int) -> list[Holder]:
    """Who holds a copy of this signature."""
    rows = driver.execute(connection, _HOLDERS, (action_id, KeyRole.RECIPIENT)).fetchall()
    return [
        Holder(org_id, title, fingerprint, None if opt_in is None else bool(opt_in), contact, privacy_url)
        for org_id, title, fingerprint, opt_in, contact, privacy_url in rows
    ]


def confirm(connection: AnyConnection, keyring: Keyring, token: bytes, now: datetime) -> Signature:
    """Accept the signature behind the link; a second call changes nothing.

    Raises UnknownToken (never held, purged or withdrawn), CampaignKeyMissing.
    """
    signature = find(connection, token)
    if signature.status == ActionStatus.ACCEPTED:
        return signature
    if signature.link_seal is None:
        raise UnknownToken
    held = transient_seal.open_under_link(token, signature.link_seal)
    waiting = Waiting(held.email, held.first_name, transient_seal.withdraw_token(token))
    if not accept(connection, keyring, signature, waiting, Event.CONFIRM, now):
        return find(connection, token)
    return signature


def accept(
    connection: AnyConnection, keyring: Keyring, signature: Signature, waiting: Waiting, event: Event, now: datetime
) -> bool:
    """Count this person once in the campaign and go on to the thank-you; `waiting` holds the withdraw link's token.

    False: decided by somebody else meanwhile. Locks the action's row, then the supporter's.
    """
    withdraw = waiting.token or transient_seal.new_token()  # none: signed before there was one
    driver.lock_actions(connection, [signature.action_id])
    name, key = keyring.current_transient(now)
    seal = transient_seal.seal_waiting(key, Waiting(waiting.email, waiting.first_name, withdraw))
    moment = driver.time(connection, now)
    states = sources(event, State.THANKS_TO_SEND)
    to_thanks = _TO_THANKS.format(states=", ".join("?" * len(states)))
    values = (State.THANKS_TO_SEND, name, seal, moment, moment, signature.action_id, *states)
    if driver.execute(connection, to_thanks, values).rowcount != 1:
        return False
    supporter, repeat = (None, False) if signature.testing else _supporter(connection, keyring, signature, waiting, now)
    email_status = EmailStatus.DOUBLE_OPT_IN if event is Event.CONFIRM else EmailStatus.NONE
    accepted = (ActionStatus.ACCEPTED, moment, supporter, repeat, transient_seal.withdraw_id(withdraw), email_status)
    driver.execute(connection, _ACCEPT, (*accepted, signature.action_id, ActionStatus.PENDING))
    return True


def purge(session: Session, signature: Signature, event: Event, now: datetime) -> bool:
    """ "It wasn't me", or a withdrawal before the confirmation. False: it is accepted, or gone."""
    return clearing.purge(session, signature.action_id, event, now)


def fingerprint(campaign_key: bytes, address: str) -> bytes:
    """K("dedupe", campaign key, normalised address): the same person in the same campaign, and nothing else."""
    return keyed("dedupe", campaign_key, normalise_address(address).encode())


def normalise_address(address: str) -> str:
    """NFKC, trimmed, lower case, IDNA domain; dots and plus signs are left alone, some providers tell them apart."""
    local, _, domain = unicodedata.normalize("NFKC", address).strip().lower().rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


def _supporter(
    connection: AnyConnection, keyring: Keyring, signature: Signature, waiting: Waiting, now: datetime
) -> tuple[int, bool]:
    """The row of this person in the campaign, and whether it was there before."""
    campaign = signature.campaign_id
    held = keyring.has_campaign_key(campaign)
    known = not held and driver.execute(connection, _HAS_FINGERPRINTS, (campaign,)).fetchone() is not None
    mark = fingerprint(keyring.campaign_key(campaign, has_fingerprints=known), waiting.email)
    for _ in range(3):
        made = driver.execute(connection, _NEW_SUPPORTER, (campaign, mark, driver.time(connection, now))).fetchone()
        if made is not None:
            return int(made[0]), False
        there = driver.execute(connection, _KNOWN_SUPPORTER, (campaign, mark)).fetchone()
        if there is None:
            continue
        driver.lock_supporters(connection, [there[0]])  # waits for a withdrawal, after which the row is gone
        if driver.execute(connection, _KNOWN_SUPPORTER, (campaign, mark)).fetchone() == there:
            return int(there[0]), True
    raise UnknownToken  # withdrawn under our hands three times: the caller rolls back
