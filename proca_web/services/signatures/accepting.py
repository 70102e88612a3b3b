"""The worker's part of a confirmation: what waits is opened, the person counted once, the thank-you made ready.

The address is readable here for one moment. What needs no confirmation is accepted alike, and makes nobody known.
"""

from collections.abc import Mapping, Sequence
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
from proca_web.models import Action, ActionPage, Campaign, Supporter, Transient
from proca_web.services import driver
from proca_web.services.petitions import counting
from proca_web.services.petitions.showing import comments
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.sealing.waiting import WaitSeal
from proca_web.services.sealing.worker_keys import Opener
from proca_web.services.signatures import clearing, fingerprints
from proca_web.services.signatures.addresses import looking
from proca_web.services.signatures.addresses.looking import Asked, Verdict

BATCH = 100
_PURGED = {Verdict.JUNK: Event.JUNK, Verdict.BLOCKED: Event.BLOCK}
ACCEPTED_WITHIN = timedelta(minutes=5)
_TRANSIENTS, _ACTIONS = driver.table(Transient), driver.table(Action)
_ROW = _TRANSIENTS.c
_TO_ACCEPT = _ROW.state == State.TO_ACCEPT
_DUE = (
    select(_ROW.action_id, _ROW.wait_seal, _ROW.link_seal, Action.testing, Action.action_page_id)
    .add_columns(ActionPage.campaign_id, Campaign.confirm_days)
    .join(Action, Action.id == _ROW.action_id)
    .join(ActionPage, ActionPage.id == Action.action_page_id)
    .join(Campaign, Campaign.id == ActionPage.campaign_id)
    .where(_TO_ACCEPT, _ROW.next_try <= bindparam("now"))
    .order_by(_ROW.next_try, _ROW.action_id)
    .limit(bindparam("most"))
)
_IDS: Any = bindparam("ids", expanding=True)
_LATER = update(_TRANSIENTS).where(_TO_ACCEPT, _ROW.action_id.in_(_IDS)).values(next_try=bindparam("later"))
_LATE = select(func.count()).select_from(_TRANSIENTS).where(_TO_ACCEPT, _ROW.sealed_at < bindparam("before"))
_THANKS = (
    update(_TRANSIENTS)
    .where(_ROW.action_id == bindparam("action"), _ROW.state.in_(sources(Event.ACCEPT, State.THANKS_TO_SEND)))
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
_NEW_SUPPORTER = driver.insert(
    Supporter,
    lambda new: new.on_conflict_do_nothing(index_elements=["campaign_id", "fingerprint"]).returning(Supporter.id),
)
_KNOWN = select(Supporter.id).where(
    Supporter.campaign_id == bindparam("campaign"), Supporter.fingerprint == bindparam("mark")
)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A row that waits to be accepted; without a link's seal nobody was asked."""

    action_id: int
    page_id: int
    campaign_id: int
    confirm_days: int
    testing: bool
    wait_seal: bytes = field(repr=False)
    link_seal: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """The same with who it is, and what the thank-you will be made of."""

    row: Confirmed
    thanks: Waiting = field(repr=False)
    seal: WaitSeal = field(repr=False)


def due(session: Session, now: datetime, limit: int = BATCH) -> list[Confirmed]:
    """What waits to be accepted, the oldest first."""
    return [
        Confirmed(
            action_id=row.action_id,
            page_id=row.action_page_id,
            campaign_id=row.campaign_id,
            confirm_days=row.confirm_days,
            testing=row.testing,
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
    asked = {each.row.campaign_id for each in opened if each.row.link_seal is not None and not each.row.testing}
    keys = {campaign: fingerprints.key_of(session, keyring, campaign) for campaign in sorted(asked)}
    done = sum(_accept(session, keys, each, looked.get(each.row.action_id, Verdict.GOES), now) for each in opened)
    comments.enter(session, [each.row.action_id for each in opened], now)
    return done


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


def _look(session: Session, keyring: Keyring, unasked: Sequence[Opened], now: datetime) -> dict[int, Verdict]:
    """What becomes of signatures that nobody is asked to confirm: their thank-yous are mails as any other."""
    asked = [Asked(each.row.action_id, each.row.campaign_id, each.thanks) for each in unasked]
    found = looking.look(session, keyring, asked, now)
    for each in asked:
        if each.action_id not in found:
            raise CampaignKeyMissing(each.campaign_id)
    return {action: each.verdict for action, each in found.items()}


def _accept(session: Session, keys: Mapping[int, bytes], opened: Opened, verdict: Verdict, now: datetime) -> bool:
    row = opened.row
    if verdict in _PURGED:
        clearing.purge(session, row.action_id, _PURGED[verdict], now)
        return False
    sealed = {"action": row.action_id, "key": opened.seal.key, "seal": opened.seal.seal, "now": now}
    if driver.changed(session, _THANKS, sealed) != 1:
        return False
    supporter, is_repeat = None, False
    if row.link_seal is not None and not row.testing:
        mark = fingerprints.of(keys[row.campaign_id], opened.thanks.email)
        supporter, is_repeat = _supporter(session, row.campaign_id, mark, now)
    status = {
        "action": row.action_id,
        "now": now,
        "supporter": supporter,
        "is_repeat": is_repeat,
        "withdraw": transient_seal.withdraw_id(opened.thanks.token),
        "email": EmailStatus.NONE if row.link_seal is None else EmailStatus.DOUBLE_OPT_IN,
    }
    session.execute(_ACCEPT, status)
    if verdict is Verdict.CAPPED:
        clearing.clear(session, [row.action_id], Event.CAP)
    return True


def _supporter(session: Session, campaign: int, mark: bytes, now: datetime) -> tuple[int, bool]:
    """The row of this person in the campaign, and whether it was there before."""
    while True:
        new = {"campaign_id": campaign, "fingerprint": mark, "created_at": now}
        made = session.scalar(_NEW_SUPPORTER.of(session), new)
        if made is not None:
            return int(made), False
        known = {"campaign": campaign, "mark": mark}
        there = session.scalar(_KNOWN, known)
        if there is None:
            continue
        driver.lock_supporters(session, [there])  # waits for a withdrawal, after which the row is gone
        if session.scalar(_KNOWN, known) == there:
            return int(there), True
