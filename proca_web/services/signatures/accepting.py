"""The worker's part of a confirmation: what waits is opened, the person counted once, the thank-you made ready.

The address is readable here for one moment. What needs no confirmation is accepted alike, and makes nobody known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Carries, Waiting
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.errors import CampaignKeyMissing
from proca_web.domain.transient import FAULT_PAUSE, Event, State, sources
from proca_web.domain.words import ActionStatus, DayEvent, EmailStatus
from proca_web.models import Action, ActionPage, Campaign, Transient
from proca_web.services import driver
from proca_web.services.petitions import counting
from proca_web.services.petitions.showing import comments
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.sealing.waiting import WaitSeal
from proca_web.services.sealing.worker_keys import Opener
from proca_web.services.signatures import clearing, fingerprints
from proca_web.services.signatures.addresses import looking, supporters
from proca_web.services.signatures.addresses.looking import Asked, Verdict
from proca_web.services.signatures.addresses.marks import Mark
from proca_web.services.signatures.addresses.supporters import Person

BATCH = 100
_PURGED = {Verdict.JUNK: Event.JUNK, Verdict.BLOCKED: Event.BLOCK}
ACCEPTED_WITHIN = timedelta(minutes=5)
_TRANSIENTS, _ACTIONS = driver.table(Transient), driver.table(Action)
_ROW = _TRANSIENTS.c
_TO_ACCEPT = _ROW.state == State.TO_ACCEPT
# In the index's own order: else each batch would look at all that wait, and after an outage never catch up.
_DUE = (
    select(_ROW.action_id, _ROW.wait_seal, _ROW.link_seal, Action.testing, Action.action_page_id)
    .add_columns(ActionPage.campaign_id, Campaign.confirm_days, Action.utm_source, Action.area)
    .join(Action, Action.id == _ROW.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .where(_TO_ACCEPT, _ROW.next_try <= bindparam("now"))
    .order_by(_ROW.transport, _ROW.next_try)
    .limit(bindparam("most"))
)
_IDS: Any = bindparam("ids", expanding=True)
_LATER = update(_TRANSIENTS).where(_TO_ACCEPT, _ROW.action_id.in_(_IDS)).values(next_try=bindparam("later"))
_LATE = select(func.count()).select_from(_TRANSIENTS).where(_TO_ACCEPT, _ROW.sealed_at < bindparam("before"))
_STILL = (
    select(_ROW.action_id)
    .where(_ROW.action_id.in_(_IDS), _ROW.state.in_(sources(Event.ACCEPT, State.THANKS_TO_SEND)))
    .order_by(_ROW.action_id)
    .with_for_update()
)
_THANKS = (
    update(_TRANSIENTS)
    .where(_ROW.action_id == bindparam("action"))
    .values(
        state=State.THANKS_TO_SEND, link_seal=None, mark=None, wait_key=bindparam("key"), wait_seal=bindparam("seal")
    )
    .values(sealed_at=bindparam("now"), next_try=bindparam("now"), lease_until=None, attempts=0, unsure=0)
)
_REOPENED = (
    update(_TRANSIENTS)
    .where(_ROW.action_id == bindparam("action"), _ROW.state.in_(sources(Event.REOPEN, State.WAITING)))
    .where(_ROW.link_seal.is_not(None))
    .values(state=State.WAITING, wait_key=None, wait_seal=None, sealed_at=None, lease_until=None)
    .values(waiting_since=bindparam("now"), next_try=bindparam("over"))
)
_ACCEPT = (
    update(_ACTIONS)
    .where(_ACTIONS.c.id == bindparam("action"), _ACTIONS.c.status == ActionStatus.PENDING)
    .values(status=ActionStatus.ACCEPTED, accepted_at=bindparam("now"), supporter_id=bindparam("supporter"))
    .values(repeat=bindparam("is_repeat"), withdraw_id=bindparam("withdraw"), email_status=bindparam("email"))
)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A row that waits to be accepted; without a link's seal nobody was asked."""

    action_id: int
    action_page_id: int
    campaign_id: int
    confirm_days: int
    testing: bool
    utm_source: str
    area: str
    wait_seal: bytes = field(repr=False)
    link_seal: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """The same with who it is, and what the thank-you will be made of."""

    row: Confirmed
    thanks: Waiting = field(repr=False)
    seal: WaitSeal = field(repr=False)


def due(session: Session, now: datetime, limit: int = BATCH) -> list[Confirmed]:
    """What waits to be accepted, of each mail server the oldest first."""
    return [
        Confirmed(
            action_id=row.action_id,
            action_page_id=row.action_page_id,
            campaign_id=row.campaign_id,
            confirm_days=row.confirm_days,
            testing=row.testing,
            utm_source=row.utm_source,
            area=row.area,
            wait_seal=row.wait_seal,
            link_seal=row.link_seal,
        )
        for row in session.execute(_DUE, {"now": now, "most": limit})
    ]


def read(opener: Opener, row: Confirmed) -> Waiting | None:
    """The address with the withdraw link's token; None when this host has none of its keys.

    Raises CannotOpen when nothing in it opens what the link opens.
    """
    waiting = opener.open(row.wait_seal)
    if waiting is None:
        return None
    if row.link_seal is None:
        token = waiting.token or transient_seal.new_token()  # none: signed before there was one
        held = waiting
    else:
        token = transient_seal.withdraw_token(waiting.token)
        held = transient_seal.open_under_link(waiting.token, row.link_seal)
    if not held.email:
        raise CannotOpen("no address")
    return Waiting(held.email, held.first_name, token, held.check, Carries.WITHDRAW)


def accept(session: Session, keyring: Keyring, opened: Sequence[Opened], now: datetime) -> int:
    """Accept these in one transaction; how many nobody had decided about meanwhile. Raises CampaignKeyMissing.

    Locks the actions' rows, then the supporters'; one such batch at a time.
    """
    fingerprints.alone(session)
    unasked = [each for each in opened if each.row.link_seal is None]
    if unasked:
        fingerprints.marking(session)
    driver.lock_actions(session, [each.row.action_id for each in opened])
    looked = _look(session, keyring, unasked, now)
    marks = _marks(session, keyring, opened)
    decided: set[int] = set()
    for verdict, event in _PURGED.items():
        if ended := looked[verdict]:
            decided |= clearing.purge_free(session, ended, event, now)
    accepted = _thank(session, opened, now)
    decided |= accepted.keys()
    begun = [each.row for each in unasked if each.row.action_id in decided and not each.row.testing]
    counting.add_signed(session, begun, DayEvent.SUBMITTED, now)
    people = supporters.enter(session, {action: mark for action, mark in marks.items() if action in accepted}, now)
    if accepted:
        session.execute(_ACCEPT, [_accepted(accepted[action], people.get(action), now) for action in accepted])
    if capped := looked[Verdict.CAPPED] & accepted.keys():
        clearing.clear(session, sorted(capped), Event.CAP)
    comments.enter(session, sorted(accepted), now)
    return len(accepted)


def discard(session: Session, action_id: int, now: datetime) -> None:
    """What nobody was asked about and does not open is purged as junk."""
    clearing.purge(session, action_id, Event.JUNK, now)


def put_off(session: Session, action_ids: Sequence[int], now: datetime) -> None:
    """These stay as they are, and are looked at again in ten minutes."""
    session.execute(_LATER, {"ids": list(action_ids), "later": now + FAULT_PAUSE})


def reopen(session: Session, action_id: int, now: datetime, confirm_days: int) -> bool:
    """What nobody can open waits for its link again, which then works once more; without a link it is purged.

    False: somebody else has decided meanwhile.
    """
    driver.lock_actions(session, [action_id])
    bound = {"action": action_id, "now": now, "over": now + timedelta(days=confirm_days)}
    if driver.changed(session, _REOPENED, bound) == 1:
        page = session.scalars(select(Action.action_page_id).where(Action.id == action_id)).one()
        counting.add(session, page, DayEvent.REOPENED, now)
        return True
    return clearing.purge(session, action_id, Event.LOSE, now) is not None


def late(session: Session, now: datetime) -> int:
    """How many wait longer than five minutes: somebody should know."""
    return session.scalar(_LATE, {"before": now - ACCEPTED_WITHIN}) or 0


def _look(session: Session, keyring: Keyring, unasked: Sequence[Opened], now: datetime) -> dict[Verdict, set[int]]:
    """What becomes of signatures that nobody is asked to confirm: their thank-yous are mails as any other."""
    asked = [Asked(each.row.action_id, each.row.campaign_id, each.thanks) for each in unasked]
    found = looking.look(session, keyring, asked, now)
    looked: dict[Verdict, set[int]] = {verdict: set() for verdict in Verdict}
    for each in asked:
        if each.action_id not in found:
            raise CampaignKeyMissing(each.campaign_id)
        looked[found[each.action_id].verdict].add(each.action_id)
    return looked


def _marks(session: Session, keyring: Keyring, opened: Sequence[Opened]) -> dict[int, Mark]:
    """By which those who were asked are known; nobody is known by a signature that is a test."""
    asked = [each for each in opened if each.row.link_seal is not None and not each.row.testing]
    campaigns = sorted({each.row.campaign_id for each in asked})
    keys = {campaign: fingerprints.key_of(session, keyring, campaign) for campaign in campaigns}
    return {
        each.row.action_id: (each.row.campaign_id, fingerprints.of(keys[each.row.campaign_id], each.thanks.email))
        for each in asked
    }


def _thank(session: Session, opened: Sequence[Opened], now: datetime) -> dict[int, Opened]:
    """Their thank-yous are due, of whom nobody has decided meanwhile: who these are."""
    still = set(session.scalars(_STILL, {"ids": [each.row.action_id for each in opened]}))
    accepted = {each.row.action_id: each for each in opened if each.row.action_id in still}
    sealed = [
        {"action": action, "key": each.seal.key, "seal": each.seal.seal, "now": now}
        for action, each in accepted.items()
    ]
    if sealed:
        session.execute(_THANKS, sealed)
    return accepted


def _accepted(opened: Opened, person: Person | None, now: datetime) -> dict[str, Any]:
    return {
        "action": opened.row.action_id,
        "now": now,
        "supporter": person.id if person else None,
        "is_repeat": person is not None and person.was_there,
        "withdraw": transient_seal.withdraw_id(opened.thanks.token),
        "email": EmailStatus.NONE if opened.row.link_seal is None else EmailStatus.DOUBLE_OPT_IN,
    }
