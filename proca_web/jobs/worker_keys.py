"""The hourly keys of a worker host: made in time, what they opened sealed anew, overwritten when nothing needs them.

One process of a host at a time; a crash between any two steps leaves a key too many, never one too few.
"""

from datetime import datetime

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.encryption import home_of
from proca_web.adapters.keyring import keyring_of, waiting_of
from proca_web.services.sealing import worker_keys
from proca_web.services.signatures import expiring

MOST_ROUNDS = 10_000


def begin(app: Flask) -> str:
    """Take a worker host up: note which of its keys are gone, and see that it has one to open with.

    Why it may not: another worker host was seen within six hours; else empty. Inside the app's context.
    """
    keyring = keyring_of(app)
    host = keyring.become_worker()
    with reading() as session:
        others = worker_keys.others_seen(session, host, clock.now())
    if others:
        other = others[0]
        return (
            f"this worker host is {host}, and another, {other.name}, was seen at {other.newest:%Y-%m-%d %H:%M} UTC; "
            "several worker hosts with a keyring each come with a later version: share one keyring, or, if that host "
            f"is gone for good, run: python3 -m proca_web keys leave {other.name}"
        )
    with keyring.worker.turn():
        with writing() as session:
            gone = worker_keys.gone(session, keyring)
            worker_keys.remove(session, gone)
            orphans = worker_keys.orphans(session, keyring)
        for public in orphans:
            keyring.worker.destroy(public)
    if gone:
        app.logger.critical("keyring: %d keys of this worker host are gone, and what waits under them alone", len(gone))
    renew(app)
    return ""


def renew(app: Flask) -> None:
    """Make this host's next key when an hour is over: the file first, then its row."""
    keyring = keyring_of(app)
    host = keyring.become_worker()
    if not _is_due(app, host) or not clock.is_right(app):
        return
    with keyring.worker.turn():
        if _is_due(app, host):
            public = keyring.worker.make()
            with writing() as session:
                worker_keys.add(session, home_of(app), host, public, clock.now())


def tidy(app: Flask, aged: datetime) -> None:
    """Seal anew what still waits under old keys, and overwrite those that nothing names any more."""
    keyring, now = keyring_of(app), clock.now()
    with reading() as session:
        old = worker_keys.old(session, keyring.host, aged, now)
    if not old:
        return
    _reseal(app, max(key.id for key in old))
    with keyring.worker.turn():
        with reading() as session:
            unneeded = worker_keys.unneeded(session, keyring.host, aged, now)
        for key in unneeded:
            keyring.worker.destroy(key.public)
            with writing() as session:
                worker_keys.remove(session, [key])


def _reseal(app: Flask, key: int) -> None:
    after = 0
    for _ in range(MOST_ROUNDS):
        with reading() as session, worker_keys.opener(session, keyring_of(app)) as opener:
            rows, after = expiring.sealed_before(session, opener, waiting_of(app), key, after)
        if rows:
            with writing() as session:
                expiring.reseal(session, rows)
        if not after:
            return


def _is_due(app: Flask, host: str) -> bool:
    with reading() as session:
        return worker_keys.is_due(session, home_of(app).identity, host, clock.now())
