"""Whether a keyring belongs to this database: another one's, or a new one, would count people twice and lose mails."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from proca_web.domain.errors import GuardDamaged, KeyringRefused
from proca_web.domain.transient import State
from proca_web.models import Campaign, Instance, KeyLogEntry, Supporter, Transient
from proca_web.services.keys import log as key_log
from proca_web.services.sealing.keyring import Keyring

_JOIN = (
    "the keyring does not say which instance it belongs to; put this instance's own keyring there, or run: "
    "python3 -m proca_web keys join (after an upgrade: python3 -m proca_web upgrade)"
)
_OTHER = "the keyring belongs to another instance than the database; put the one there that belongs to it"
_HAS_FINGERPRINTS = exists().where(Supporter.campaign_id == Campaign.id, Supporter.fingerprint.is_not(None))
_COUNTED = select(Campaign.id).where(Campaign.forgotten_at.is_(None), _HAS_FINGERPRINTS).order_by(Campaign.id)
_READABLE = tuple(state for state in State if state is not State.WAITING)
_NAMED = select(Transient.wait_key).where(Transient.state.in_(_READABLE), Transient.wait_key.is_not(None)).distinct()


def faults(session: Session, keyring: Keyring) -> list[str]:
    """Why no process may start with this keyring on this database."""
    try:
        named = keyring.guard.instance()
    except GuardDamaged as error:
        return [str(error)]
    if named is None:
        return [_JOIN]
    return [] if named == _instance_id(session) else [_OTHER]


def lacking_campaigns(session: Session, keyring: Keyring) -> list[int]:
    """Campaigns with fingerprints whose key the keyring lacks: their confirmations are refused."""
    return [id_ for id_ in session.scalars(_COUNTED) if not keyring.has_campaign_key(id_)]


def lacking_transients(session: Session, keyring: Keyring) -> set[str]:
    """Keys that waiting addresses are sealed with and the keyring lacks: those mails cannot be sent."""
    return {name for name in session.scalars(_NAMED) if name} - set(keyring.transient_names())


def join(session: Session, identity: bytes, keyring: Keyring) -> bool:
    """Name this instance in the keyring's guard, if the keyring fits; False when it does already.

    Raises KeyringRefused, KeyLogBroken, GuardDamaged.
    """
    named = keyring.guard.instance()
    if named is not None:
        if named != _instance_id(session):
            raise KeyringRefused(_OTHER)
        return False
    if keyring.guard.memory().lines or session.scalars(select(KeyLogEntry.position).limit(1)).first() is not None:
        key_log.checked(session, identity, keyring.guard)  # before the first entry there is nothing to compare
    if lacking := lacking_campaigns(session, keyring):
        raise KeyringRefused(f"the keyring lacks the keys of {len(lacking)} campaigns; share or copy the right one")
    if lost := lacking_transients(session, keyring):
        raise KeyringRefused(f"the keyring lacks {len(lost)} keys of waiting addresses; share or copy the right one")
    keyring.guard.join(_instance_id(session))
    return True


def _instance_id(session: Session) -> bytes:
    return bytes(session.scalars(select(Instance.instance_id)).one())
