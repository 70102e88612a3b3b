"""The guard follows the key log: after every act on a key, and each minute. A log that was changed is an alarm."""

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading
from proca_web.adapters.encryption import home_of
from proca_web.adapters.keyring import keyring_of
from proca_web.domain.errors import GuardDamaged, KeyLogBroken
from proca_web.services.instance import keyrings
from proca_web.services.keys import log as key_log
from proca_web.services.keys.log import Published
from proca_web.services.sealing.guard import Guard


def guard_of(app: Flask) -> Guard:
    """The memory beside the keys."""
    guard: Guard = keyring_of(app).guard
    return guard


def join(app: Flask) -> bool:
    """Name this instance in the keyring's guard, once it is seen to fit; False when it does already.

    Raises KeyringRefused, KeyLogBroken, GuardDamaged.
    """
    with reading() as session:
        return keyrings.join(session, home_of(app).identity, keyring_of(app))


def follow(app: Flask) -> None:
    """Remember new entries after an act; a fault is logged, it does not undo what was committed."""
    try:
        with reading() as session:
            key_log.mirror(session, home_of(app).identity, guard_of(app))
    except (KeyLogBroken, GuardDamaged) as error:
        app.logger.critical("key log: %s", error)


def fault(app: Flask) -> str:
    """Remember new entries, after reading the whole log again; what is wrong with it, as a sentence, or nothing."""
    try:
        with reading() as session:
            require_sound_log(app, session)
        with reading() as session:
            key_log.mirror(session, home_of(app).identity, guard_of(app))
    except (KeyLogBroken, GuardDamaged) as error:
        return str(error)
    return ""


def published(app: Flask, now: datetime) -> Published:
    """The log with a head signed now, read in a session of its own: an older one would miss what the guard knows.

    Raises KeyLogBroken, GuardDamaged.
    """
    with reading() as session:
        return key_log.publish(session, home_of(app), guard_of(app), now)


def require_sound_log(app: Flask, session: Session) -> None:
    """No key is endorsed on top of a log that was changed. Raises KeyLogBroken, GuardDamaged."""
    key_log.checked(session, home_of(app).identity, guard_of(app))
