"""Whether a keyring belongs to this database: another one's, or a new one, would count people twice and lose mails."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.errors import GuardDamaged, KeyringRefused
from proca_web.models import Instance, KeyLogEntry
from proca_web.services.keys import log as key_log
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import fingerprints

_JOIN = (
    "the keyring does not say which instance it belongs to; put this instance's own keyring there, or run: "
    "python3 -m proca_web keys join (after an upgrade: python3 -m proca_web upgrade)"
)
_OTHER = "the keyring belongs to another instance than the database; put the one there that belongs to it"


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
    """Campaigns whose key this worker host lacks: their confirmations wait. A web host needs none."""
    return fingerprints.lacking(session, keyring) if keyring.host else []


def join(session: Session, identity: bytes, keyring: Keyring) -> bool:
    """Name this instance in the keyring's guard, if its memory of the key log fits; False when it is named already.

    What opens and counts is a worker's, from its start on; a host that serves the web needs none of it.
    Raises KeyringRefused, KeyLogBroken, GuardDamaged.
    """
    named = keyring.guard.instance()
    if named is not None:
        if named != _instance_id(session):
            raise KeyringRefused(_OTHER)
        return False
    if keyring.guard.memory().lines or session.scalars(select(KeyLogEntry.position).limit(1)).first() is not None:
        key_log.checked(session, identity, keyring.guard)  # before the first entry there is nothing to compare
    keyring.guard.join(_instance_id(session))
    return True


def _instance_id(session: Session) -> bytes:
    return bytes(session.scalars(select(Instance.instance_id)).one())
