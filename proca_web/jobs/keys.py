"""The housekeeping of keys, every minute: each step one short transaction.

Nothing here decides about a key: it carries out what was approved, tells people, and raises the alarm.
"""

from collections.abc import Callable
from datetime import datetime

from flask import Flask

from proca_web.adapters import clock, key_guard
from proca_web.adapters.database import reading, writing
from proca_web.adapters.encryption import home_of, vouching_of
from proca_web.crypto.encoding import encode
from proca_web.domain.errors import GuardDamaged
from proca_web.domain.words import Alarm, KeyEvent
from proca_web.services.instance import alarms
from proca_web.services.keys import activating, proving, recipients, registering
from proca_web.services.keys import changes as key_changes
from proca_web.services.keys import log as key_log
from proca_web.services.keys import notices as key_notices
from proca_web.services.petitions import refusals
from proca_web.services.staff import outbox, record_heads


def steps(app: Flask, aged: datetime) -> list[tuple[str, Callable[[], object]]]:
    """What the sweep does about keys, by name; inside the app's context. Ages count against `aged`."""
    return [
        ("expired keys", lambda: _note_expired(app, aged)),
        ("key changes", lambda: _finish_changes(app, aged)),
        ("pending keys", lambda: _drop_stale(aged)),
        ("key notices", lambda: _tell(app, aged)),
        ("records", lambda: _take_records_in(app, aged)),
        ("key log", lambda: _follow(app, clock.now())),
        ("outbox", lambda: _tidy(aged)),
    ]


def _note_expired(app: Flask, now: datetime) -> None:
    with writing() as session:
        activating.note_expired(session, home_of(app), now)


def _follow(app: Flask, now: datetime) -> None:
    fault = key_guard.fault(app)
    if fault:
        app.logger.critical("key log: %s", fault)
        with writing() as session:
            key_notices.about_log(session, fault, now)
            alarms.raise_(session, Alarm.KEY_LOG, now, fault=fault)


def _take_records_in(app: Flask, now: datetime) -> None:
    """Once a day the key log says how far all orgs' records have come."""
    with reading() as session:
        if not record_heads.is_due(session, now):
            return
    with writing() as session:
        key_log.lock(session)
        if record_heads.is_due(session, now):
            heads = record_heads.of_all(session)
            place = key_log.append(session, home_of(app), KeyEvent.RECORDS, now, hash=encode(heads.hash))
            record_heads.taken_in(session, place, heads)


def _finish_changes(app: Flask, now: datetime) -> None:
    with reading() as session:
        if not key_changes.is_any_open(session):
            return
    with writing() as session:
        key_guard.require_sound_log(app, session)
        key_changes.finish_due(session, home_of(app), now)


def _drop_stale(now: datetime) -> None:
    with writing() as session:
        registering.drop_stale(session, now)
        proving.drop_old(session, now)


def _tell(app: Flask, now: datetime) -> None:
    try:
        vouching = vouching_of(app)
    except GuardDamaged as error:
        app.logger.critical("keys: %s", error)
        return
    with writing() as session:
        key_notices.about_expiry(session, vouching, now)
        lacking = refusals.lacking(session, vouching, now)
        refusals.tell(session, lacking, now)
        unvouched = recipients.unvouched(session, vouching)
        key_notices.about_unvouched(session, unvouched, now)
        ids = [key.id for key in unvouched]
    for org in sorted(lacking):
        app.logger.critical("keys: %s has no key in force; its live pages are refused", org)
    for id_ in ids:
        app.logger.critical("keys: key %s is active, but not signed by the Home key; it is not used", id_)


def _tidy(now: datetime) -> None:
    with writing() as session:
        outbox.tidy(session, now)
