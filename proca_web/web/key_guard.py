"""The guard follows the key log: after every act on a key, and each minute. A log that was changed is an alarm."""

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from proca_web.domain.errors import GuardDamaged, KeyLogBroken
from proca_web.services import key_log
from proca_web.services.guard import Guard
from proca_web.services.key_log import Published
from proca_web.web.database import db, read_only, reading
from proca_web.web.encryption import home_of


def guard_of(app: Flask) -> Guard:
    """The memory beside the keys."""
    guard: Guard = app.extensions["proca_keyring"].guard
    return guard


def follow(app: Flask) -> None:
    """Remember new entries after an act; a fault is logged, it does not undo what was committed."""
    try:
        with reading():
            key_log.mirror(db.session(), home_of(app).identity, guard_of(app))
    except (KeyLogBroken, GuardDamaged) as error:
        app.logger.critical("key log: %s", error)


def fault(app: Flask) -> str:
    """Remember new entries, after reading the whole log again; what is wrong with it, as a sentence, or nothing."""
    try:
        with reading():
            require_sound_log(app)
        with reading():
            key_log.mirror(db.session(), home_of(app).identity, guard_of(app))
    except (KeyLogBroken, GuardDamaged) as error:
        return str(error)
    return ""


def published(app: Flask, now: datetime) -> Published:
    """The log with a head signed now, read in a session of its own: a request's may see an older one than the guard.

    Raises KeyLogBroken, GuardDamaged.
    """
    with read_only(), Session(db.engine) as session:
        return key_log.publish(session, home_of(app), guard_of(app), now)


def require_sound_log(app: Flask) -> None:
    """No key is endorsed on top of a log that was changed. Raises KeyLogBroken, GuardDamaged."""
    key_log.checked(db.session(), home_of(app).identity, guard_of(app))
