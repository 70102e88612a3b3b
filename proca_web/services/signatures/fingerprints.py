"""The fingerprint of a person in one campaign, and the key it is made with: a file of worker hosts (protocol 6).

`campaigns.key_check` says which file is the campaign's key; another file counts as missing. Who accepts holds the lock
`alone`, who looks addresses up `marking`, and who ends a key both, so that none is replaced meanwhile.
"""

import unicodedata
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from hmac import compare_digest

from sqlalchemy import BindParameter, bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.labels import digest, keyed
from proca_web.domain.errors import CampaignKeyMissing
from proca_web.models import Action, ActionPage, Block, Campaign, MailMark, Supporter, Transient
from proca_web.services import driver
from proca_web.services.sealing.keyring import Keyring

_CHECK_BYTES = 8
_LOCK, _MARKING_LOCK = 0x70726F6362, 0x70726F6363
_CAMPAIGNS, _SUPPORTERS = driver.table(Campaign), driver.table(Supporter)
_TRANSIENTS = driver.table(Transient)
_CAMPAIGN: BindParameter[int] = bindparam("campaign")
_KEPT = exists().where(Supporter.campaign_id == Campaign.id, Supporter.fingerprint.is_not(None))
_CHECK = select(Campaign.key_check, _KEPT).where(Campaign.id == _CAMPAIGN)
_CHECKS = select(Campaign.id, Campaign.key_check).where(Campaign.id.in_(bindparam("campaigns", expanding=True)))
_SET_CHECK = (
    update(_CAMPAIGNS)
    .where(_CAMPAIGNS.c.id == _CAMPAIGN, _CAMPAIGNS.c.key_check.is_(None))
    .values(key_check=bindparam("check"))
)
_IN_USE = select(Campaign.id, Campaign.key_check).where(
    Campaign.forgotten_at.is_(None), _KEPT | Campaign.key_check.is_not(None)
)
_NULL_FINGERPRINTS = update(_SUPPORTERS).where(_SUPPORTERS.c.campaign_id == _CAMPAIGN).values(fingerprint=None)
_OF_CAMPAIGN = select(Action.id).join(ActionPage, ActionPage.id == Action.action_page_id)
_OF_CAMPAIGN = _OF_CAMPAIGN.where(ActionPage.campaign_id == _CAMPAIGN)
_NULL_MARKS = update(_TRANSIENTS).where(_TRANSIENTS.c.mark.is_not(None), _TRANSIENTS.c.action_id.in_(_OF_CAMPAIGN))
_KNOWN_BY_KEY = (
    _NULL_FINGERPRINTS,
    _NULL_MARKS.values(mark=None),
    *(delete(table).where(table.c.campaign_id == _CAMPAIGN) for table in map(driver.table, (MailMark, Block))),
)
_REKEYED = update(_CAMPAIGNS).where(_CAMPAIGNS.c.id == _CAMPAIGN).values(key_check=None, rekeyed_at=bindparam("now"))


def alone(session: Session) -> None:
    """Wait until nobody else accepts; held to the end of the transaction."""
    driver.lock(session, _LOCK)


def marking(session: Session) -> None:
    """Wait until nobody else looks addresses up; after `alone`, where both are held, and before any row is locked."""
    driver.lock(session, _MARKING_LOCK)


def of(campaign_key: bytes, address: str) -> bytes:
    """K("dedupe", campaign key, normalised address): the same person in the same campaign, and nothing else."""
    return keyed("dedupe", campaign_key, normalise_address(address).encode())


def normalise_address(address: str) -> str:
    """NFKC, trimmed, lower case, IDNA domain; dots and plus signs are left alone, some providers tell them apart."""
    local, _, domain = unicodedata.normalize("NFKC", address).strip().lower().rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


def key_of(session: Session, keyring: Keyring, campaign_id: int) -> bytes:
    """The campaign's key, made by whoever needs it first. Raises CampaignKeyMissing: a new key would count twice."""
    check, is_used = session.execute(_CHECK, {"campaign": campaign_id}).one()
    key = keyring.campaign_key(campaign_id)
    if key is None and (check is not None or is_used):
        raise CampaignKeyMissing(campaign_id)
    if key is None:
        key = keyring.make_campaign_key(campaign_id)
    if check is None:
        session.execute(_SET_CHECK, {"campaign": campaign_id, "check": _check_of(key)})
        check, _ = session.execute(_CHECK, {"campaign": campaign_id}).one()
    if check is None or not compare_digest(check, _check_of(key)):
        raise CampaignKeyMissing(campaign_id)
    return key


def keys_of(session: Session, keyring: Keyring, campaigns: Collection[int]) -> dict[int, bytes]:
    """The keys of these campaigns, in one statement where nobody needs one for the first time; without missing ones."""
    found = {}
    for campaign, check in session.execute(_CHECKS, {"campaigns": sorted(campaigns)}).all() if campaigns else ():
        if check is None:
            with suppress(CampaignKeyMissing):
                found[campaign] = key_of(session, keyring, campaign)
        elif (key := keyring.campaign_key(campaign)) is not None and compare_digest(check, _check_of(key)):
            found[campaign] = key
    return found


def lacking(session: Session, keyring: Keyring) -> list[int]:
    """Campaigns whose key this keyring lacks, or has another file for: their confirmations wait."""
    return [id_ for id_, check in session.execute(_IN_USE.order_by(Campaign.id)) if not _fits(keyring, id_, check)]


def start_anew(session: Session, campaign_id: int, now: datetime) -> None:
    """The campaign's key is lost for good: nobody is known any more, and who signed before can count again."""
    alone(session)
    marking(session)
    forget(session, campaign_id)
    session.execute(_REKEYED, {"campaign": campaign_id, "now": now})


def forget(session: Session, campaign_id: int) -> None:
    """Nobody is known any more, by a signature, mail or block; the caller holds both locks, and destroys the key."""
    for statement in _KNOWN_BY_KEY:
        session.execute(statement, {"campaign": campaign_id})


def _fits(keyring: Keyring, campaign_id: int, check: bytes | None) -> bool:
    if not keyring.has_campaign_key(campaign_id):
        return False
    key = keyring.campaign_key(campaign_id)
    return check is None or (key is not None and compare_digest(check, _check_of(key)))


def _check_of(key: bytes) -> bytes:
    return digest(_CHECK_BYTES, "campaign-key", key)
