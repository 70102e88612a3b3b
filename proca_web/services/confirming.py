"""From a mailed link to an accepted signature, or to none. Safe to repeat; the first decision stands.

The address is readable here for one moment: the link opens it, the campaign's key turns it into a fingerprint, and it
is sealed again for the thank-you.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection, bindparam

from proca_web.crypto import transient_seal
from proca_web.crypto.labels import keyed
from proca_web.crypto.transient_seal import Waiting
from proca_web.domain.errors import UnknownToken
from proca_web.domain.transient import Event, sources
from proca_web.models.base import statement
from proca_web.services import clearing
from proca_web.services.keyring import Keyring


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


class Rejection(Enum):
    """What "it wasn't me" led to."""

    PURGED = "purged"
    WITHDRAWN = "withdrawn"
    NOTHING_HELD = "nothing held"


_FIND = statement(
    """
SELECT a.id, a.status, p.name AS page, p.id AS page_id, p.campaign_id, a.testing, a.consent, a.created_at, t.link_seal
  FROM actions a JOIN action_pages p ON p.id = a.action_page_id LEFT JOIN transients t ON t.action_id = a.id
 WHERE a.confirm_id = :confirm_id
""",
    returns=("created_at",),
)
_HOLDERS = statement("""
SELECT o.title, c.opt_in, o.legal_contact, o.privacy_url FROM contacts c JOIN orgs o ON o.id = c.org_id
 WHERE c.action_id = :id AND c.role = 'recipient' AND NOT c.erased ORDER BY c.id
""")
_TO_THANKS = statement(
    """
UPDATE transients SET state = 'thanks_to_send', link_seal = NULL, wait_key = :wait_key, wait_seal = :wait_seal,
       sealed_at = :now, next_try = :now, lease_until = NULL, attempts = 0, deliveries = 0
 WHERE action_id = :id AND state IN :states
""",
    times=("now",),
).bindparams(bindparam("states", expanding=True))
_ACCEPT = statement(
    """
UPDATE actions SET status = 'accepted', accepted_at = :now, supporter_id = :supporter, repeat = :repeat,
       withdraw_id = :withdraw_id, email_status = :email_status
 WHERE id = :id AND status = 'pending'
""",
    times=("now",),
)
_NEW_SUPPORTER = statement(
    """
INSERT INTO supporters (campaign_id, fingerprint, created_at) VALUES (:campaign, :fingerprint, :now)
ON CONFLICT (campaign_id, fingerprint) DO NOTHING RETURNING id
""",
    times=("now",),
)
_KNOWN_SUPPORTER = statement("SELECT id FROM supporters WHERE campaign_id = :campaign AND fingerprint = :fingerprint")
_HAS_FINGERPRINTS = statement("SELECT 1 FROM supporters WHERE campaign_id = :campaign LIMIT 1")


def find(connection: Connection, token: bytes) -> Signature:
    """The signature a confirm link belongs to. Raises UnknownToken."""
    row = connection.execute(_FIND, {"confirm_id": transient_seal.link_id(token)}).mappings().first()
    if row is None:
        raise UnknownToken
    return Signature(
        action_id=row["id"],
        status=row["status"],
        page=row["page"],
        page_id=row["page_id"],
        campaign_id=row["campaign_id"],
        testing=bool(row["testing"]),
        consent=row["consent"],
        created_at=row["created_at"],
        link_seal=bytes(row["link_seal"]) if row["link_seal"] else None,
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """An org that holds a copy, and what the supporter allowed it."""

    title: str
    opt_in: bool | None
    contact: str
    privacy_url: str


def holders(connection: Connection, action_id: int) -> list[Holder]:
    """Who holds a copy of this signature."""
    rows = connection.execute(_HOLDERS, {"id": action_id}).all()
    return [
        Holder(row.title, None if row.opt_in is None else bool(row.opt_in), row.legal_contact, row.privacy_url)
        for row in rows
    ]


def confirm(connection: Connection, keyring: Keyring, token: bytes, now: datetime) -> Signature:
    """Accept the signature behind the link; a second call changes nothing.

    Raises UnknownToken (never held, purged or withdrawn), CampaignKeyMissing.
    """
    signature = find(connection, token)
    if signature.status == "accepted":
        return signature
    if signature.link_seal is None:
        raise UnknownToken
    waiting = transient_seal.open_under_link(token, signature.link_seal)
    if not accept(connection, keyring, signature, waiting, Event.CONFIRM, now):
        return find(connection, token)
    return signature


def accept(
    connection: Connection, keyring: Keyring, signature: Signature, waiting: Waiting, event: Event, now: datetime
) -> bool:
    """Count this person once in the campaign and go on to the thank-you. False: decided by somebody else meanwhile."""
    withdraw = transient_seal.new_token()
    name, key = keyring.current_transient(now)
    moved = connection.execute(
        _TO_THANKS,
        {
            "id": signature.action_id,
            "states": [state.value for state in sources(event)],
            "wait_key": name,
            "wait_seal": transient_seal.seal_waiting(key, Waiting(waiting.email, waiting.first_name, withdraw)),
            "now": now,
        },
    )
    if moved.rowcount != 1:
        return False
    supporter, repeat = (None, False) if signature.testing else _supporter(connection, keyring, signature, waiting, now)
    connection.execute(
        _ACCEPT,
        {
            "id": signature.action_id,
            "supporter": supporter,
            "repeat": repeat,
            "withdraw_id": transient_seal.withdraw_id(withdraw),
            "email_status": "double_opt_in" if event is Event.CONFIRM else "none",
            "now": now,
        },
    )
    return True


def reject(connection: Connection, token: bytes, now: datetime) -> Rejection:
    """ "It wasn't me": purge an unconfirmed signature, withdraw a confirmed one; safe to repeat."""
    try:
        signature = find(connection, token)
    except UnknownToken:
        return Rejection.NOTHING_HELD
    if clearing.purge(connection, signature.action_id, Event.REJECT, now):
        return Rejection.PURGED
    if clearing.withdraw(connection, signature.action_id, now):
        return Rejection.WITHDRAWN
    return Rejection.NOTHING_HELD


def fingerprint(campaign_key: bytes, address: str) -> bytes:
    """K("dedupe", campaign key, normalised address): the same person in the same campaign, and nothing else."""
    return keyed("dedupe", campaign_key, normalise_address(address).encode())


def normalise_address(address: str) -> str:
    """NFKC, trimmed, lower case, IDNA domain; dots and plus signs are left alone, some providers tell them apart."""
    local, _, domain = unicodedata.normalize("NFKC", address).strip().lower().rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


def _supporter(
    connection: Connection, keyring: Keyring, signature: Signature, waiting: Waiting, now: datetime
) -> tuple[int, bool]:
    """The row of this person in the campaign, and whether it was there before."""
    campaign = signature.campaign_id
    held = keyring.has_campaign_key(campaign)
    known = not held and connection.execute(_HAS_FINGERPRINTS, {"campaign": campaign}).first() is not None
    mark = fingerprint(keyring.campaign_key(campaign, has_fingerprints=known), waiting.email)
    bound = {"campaign": campaign, "fingerprint": mark}
    for _ in range(3):
        made = connection.execute(_NEW_SUPPORTER, {**bound, "now": now}).first()
        if made is not None:
            return int(made.id), False
        there = connection.execute(_KNOWN_SUPPORTER, bound).first()
        if there is not None:
            return int(there.id), True
    raise UnknownToken  # withdrawn under our hands three times: the caller rolls back
