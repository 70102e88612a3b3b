"""The housekeeping of keys, every minute, and the mails to staff: each step one short transaction.

Nothing here decides about a key: it carries out what was approved, tells people, and raises the alarm.
"""

from collections.abc import Callable
from datetime import datetime

from flask import Flask

from proca_web.domain.errors import GuardDamaged
from proca_web.services import activating, key_changes, key_notices, outbox, proving, registering
from proca_web.web import key_guard
from proca_web.web.database import db, reading, writing
from proca_web.web.encryption import home_of, vouching_of
from proca_web.web.mailer import Post
from proca_web.web.notices import write

MOST_MAILS = 1000
Now = Callable[[], datetime]


def steps(app: Flask, now: Now) -> list[tuple[str, Callable[[], object]]]:
    """What the sweep does about keys, by name; inside the app's context."""
    return [
        ("expired keys", lambda: _note_expired(app, now())),
        ("key changes", lambda: _finish_changes(app, now())),
        ("pending keys", lambda: _drop_stale(now())),
        ("key notices", lambda: _tell(app, now())),
        ("key log", lambda: _follow(app, now())),
        ("outbox", lambda: _tidy(now())),
    ]


def send_notices(app: Flask, post: Post, now: Now) -> None:
    """Send the mails to staff that are due; inside the app's context."""
    for _ in range(MOST_MAILS):
        with reading() as connection:
            if not outbox.is_due(connection, now()):
                return
        with writing():
            notice = outbox.claim(db.session(), now())
        if notice is None:
            return
        sent = post.hand_over(write(app, notice))
        with writing() as connection:
            outbox.settle(connection, notice, sent, now())


def _note_expired(app: Flask, now: datetime) -> None:
    with writing():
        activating.note_expired(db.session(), home_of(app), now)


def _follow(app: Flask, now: datetime) -> None:
    fault = key_guard.fault(app)
    if fault:
        app.logger.critical("key log: %s", fault)
        with writing():
            key_notices.about_log(db.session(), fault, now)


def _finish_changes(app: Flask, now: datetime) -> None:
    with reading():
        if not key_changes.is_any_open(db.session()):
            return
    with writing():
        key_guard.require_sound_log(app)
        key_changes.finish_due(db.session(), home_of(app), now)


def _drop_stale(now: datetime) -> None:
    with writing():
        registering.drop_stale(db.session(), now)
        proving.drop_old(db.session(), now)


def _tell(app: Flask, now: datetime) -> None:
    try:
        vouching = vouching_of(app)
    except GuardDamaged as error:
        app.logger.critical("keys: %s", error)
        return
    with writing():
        session = db.session()
        key_notices.about_expiry(session, now)
        lacking = key_notices.lacking(session, vouching, now)
        key_notices.about_refusals(session, lacking, now)
        unvouched = key_notices.unvouched(session, vouching)
        key_notices.about_unvouched(session, unvouched, now)
        ids = [key.id for key in unvouched]
    for org in sorted(lacking):
        app.logger.critical("keys: %s has no key that may be sealed to; its live pages are refused", org)
    for id_ in ids:
        app.logger.critical("keys: row %s is active, but not endorsed; nothing is sealed to it", id_)


def _tidy(now: datetime) -> None:
    with writing() as connection:
        outbox.tidy(connection, now)
