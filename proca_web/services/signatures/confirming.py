"""The mailed link, seen from the web: what it leads to, and that it was pressed. Safe to repeat.

Nothing is opened here and nobody counted: the link's token is sealed to the worker hosts, and the worker does both.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.domain.errors import UnknownToken
from proca_web.domain.transient import Event, State, sources
from proca_web.domain.words import ActionStatus, KeyRole
from proca_web.services import driver
from proca_web.services.driver import AnyConnection
from proca_web.services.sealing.waiting import WaitSeal
from proca_web.services.signatures import clearing
from proca_web.services.signatures.addresses import blocks


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
    waits: str | None

    @property
    def is_accepted(self) -> bool:
        """Whether it has been accepted: it is counted, or needed no confirmation."""
        return self.status == ActionStatus.ACCEPTED

    @property
    def is_confirmed(self) -> bool:
        """Whether its button was pressed: the worker accepts it within seconds, if it has not yet."""
        return self.is_accepted or self.waits == State.TO_ACCEPT


class Rejection(Enum):
    """What "it wasn't me" led to."""

    PURGED = "purged"
    WITHDRAWN = "withdrawn"
    NOTHING_HELD = "nothing held"


class Waits(Protocol):
    """What seals to the worker hosts."""

    def seal(self, waiting: Waiting, *, throwaway: bool = False) -> WaitSeal: ...


_FIND = """
SELECT a.id, a.status, p.slug, p.id, p.campaign_id, a.testing, a.consent, a.created_at, t.state
  FROM actions a JOIN action_pages p ON p.id = a.action_page_id LEFT JOIN transients t ON t.action_id = a.id
 WHERE a.{column} = ?
"""
_HOLDERS = """
SELECT o.name, o.title, k.fingerprint, c.opt_in, o.legal_contact, o.privacy_url
  FROM contacts c JOIN orgs o ON o.id = c.org_id JOIN public_keys k ON k.id = c.public_key_id
 WHERE c.action_id = ? AND c.role = ? AND NOT c.erased ORDER BY c.id
"""
_TO_ACCEPT = """
UPDATE transients SET state = ?, wait_key = ?, wait_seal = ?, sealed_at = ?, next_try = ?, lease_until = NULL,
       attempts = 0, unsure = 0
 WHERE action_id = ? AND link_seal IS NOT NULL AND state IN ({states})
"""
_CONFIRMABLE = sources(Event.CONFIRM, State.TO_ACCEPT)
_CONFIRM = _TO_ACCEPT.format(states=", ".join("?" * len(_CONFIRMABLE)))


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
    action_id, status, page, page_id, campaign_id, testing, consent, created_at, waits = row
    return Signature(
        action_id=action_id,
        status=status,
        page=page,
        page_id=page_id,
        campaign_id=campaign_id,
        testing=bool(testing),
        consent=consent,
        created_at=driver.read_time(created_at),
        waits=waits,
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """An org that holds a copy, the key it was sealed to, and what the supporter allowed."""

    name: str
    title: str
    fingerprint: str
    opt_in: bool | None
    contact: str
    privacy_url: str


def holders(connection: AnyConnection, action_id: int) -> list[Holder]:
    """Who holds a copy of this signature."""
    rows = driver.execute(connection, _HOLDERS, (action_id, KeyRole.RECIPIENT)).fetchall()
    return [
        Holder(name, title, fingerprint, None if opt_in is None else bool(opt_in), contact, privacy_url)
        for name, title, fingerprint, opt_in, contact, privacy_url in rows
    ]


def seal(waits: Waits, token: bytes) -> WaitSeal:
    """The link's token for the worker hosts alone. Raises NoWorkerKey: the link stays good."""
    return waits.seal(Waiting("", "", token))


def confirm(connection: AnyConnection, signature: Signature, sealed: WaitSeal, now: datetime) -> bool:
    """Write down that the button was pressed; pressing it again seals anew. False: somebody else has decided."""
    moment = driver.time(connection, now)
    values = (State.TO_ACCEPT, sealed.key, sealed.seal, moment, moment, signature.action_id, *_CONFIRMABLE)
    changed: int = driver.execute(connection, _CONFIRM, values).rowcount
    return changed == 1


def purge(session: Session, signature: Signature, event: Event, now: datetime) -> bool:
    """ "It wasn't me", or a withdrawal before the confirmation. False: it is accepted, or gone.

    Who says "it wasn't me" gets no more mails of that campaign. An address that was never looked up has no mark (its
    mail was sent by a version without them, or its campaign's key is new): there is nothing to know it again by.
    """
    purged = clearing.purge(session, signature.action_id, event, now)
    if purged and event is Event.REJECT and purged.mark and purged.confirm_id:
        blocks.add(session, signature.campaign_id, purged.mark, purged.confirm_id, now)
    return purged is not None
