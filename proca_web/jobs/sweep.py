"""The housekeeping of every minute, and all of a worker's work done once: each step one short transaction."""

import socket
from collections.abc import Callable
from datetime import datetime

from flask import Flask

from proca_web.adapters import clock, queue
from proca_web.adapters.alive import trouble
from proca_web.adapters.database import reading, truncate_wal, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.adapters.mail import routes
from proca_web.adapters.wordings import refresh_wordings
from proca_web.domain.errors import Unavailable
from proca_web.domain.transient import State
from proca_web.domain.words import Alarm
from proca_web.jobs import accept, beat, endings, factors, keys, mail_domains, worker_keys
from proca_web.jobs.mail import own_servers
from proca_web.jobs.mail.post_office import send_mail
from proca_web.jobs.release import release
from proca_web.services import heartbeats
from proca_web.services.instance import ageing, alarms, keyrings
from proca_web.services.petitions import counting, mail_delay
from proca_web.services.petitions.making import states
from proca_web.services.petitions.numbers import folding
from proca_web.services.petitions.showing import pictures
from proca_web.services.sealing import sender_rows
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import expiring, mending
from proca_web.services.signatures.addresses import marks
from proca_web.services.staff.account import arriving

_PORTIONS = 100
Step = tuple[str, Callable[[], object]]


def sweep(app: Flask) -> None:
    """Everything that a worker does, once, in one thread."""
    beat.beat(app)
    housekeeping(app)
    with app.app_context():
        if clock.is_right(app):
            _step(app, "accept", lambda: accept.accept(app))
    release(app)
    own_servers.try_out(app)
    send_mail(app)


def housekeeping(app: Flask) -> None:
    """What is to be done every minute, beside acceptance, release and mail."""
    with app.app_context():
        if not clock.is_right(app):
            return
        with writing() as session:
            now = clock.now()
            mending.mend(session, max(now, ageing.moment(session)))
            aged = ageing.advance(session, now)
            if ageing.is_behind(aged, now):
                alarms.raise_(session, Alarm.HOUSEKEEPING, now, aged=f"{aged:%Y-%m-%d %H:%M}")
        for name, act in steps(app, aged):
            _step(app, name, act)


def steps(app: Flask, aged: datetime) -> list[Step]:
    """What is done every minute, by name; inside the app's context. Ages count against `aged`."""
    return [
        *_by_age(app, aged),
        *keys.steps(app, aged),
        ("second steps", lambda: factors.finish_resets(aged)),
        ("wordings", refresh_wordings),
        ("write-ahead log", truncate_wal),
        ("disk", lambda: trouble.notice_little_space(app)),
        ("late mail", lambda: _notice_late_mail(app)),
        ("queue", lambda: queue.ask(app)),
        ("alarms", lambda: trouble.tell(app)),
        ("own mail servers", lambda: own_servers.seal_anew(app)),
        ("mail domains", lambda: mail_domains.ask(app)),
    ]


def _by_age(app: Flask, aged: datetime) -> list[Step]:
    """What goes by age counts against `aged`, which no leap of the clock moves by more than ten minutes."""
    keyring = keyring_of(app)
    return [
        ("worker key", lambda: worker_keys.renew(app)),
        ("leases", lambda: endings.end_leases(app, aged)),
        ("expiry", lambda: endings.expire(app, aged)),
        ("lost keys", lambda: endings.end_keyless(app)),
        ("old keys", lambda: worker_keys.tidy(app, aged)),
        ("senders", lambda: _write(lambda c: sender_rows.drop_old(c, aged))),
        ("closing dates", lambda: _write(lambda c: states.close_due(c, aged))),
        ("closed campaigns", lambda: _forget_campaigns(keyring, aged)),
        ("mails a day", lambda: _write(lambda c: marks.forget_old(c, aged))),
        ("accounts", lambda: _write(lambda c: arriving.tidy(c, aged))),
        ("pictures", lambda: _write(lambda c: pictures.sweep(c, aged - pictures.UNUSED_FOR))),
        ("recount", _recount),
        ("hours to days", _fold),
        ("signs of life", lambda: _write(lambda c: heartbeats.forget_old(c, aged))),
        ("campaign keys", lambda: _miss_keys(app, keyring)),
    ]


def _write(act: Callable[..., object]) -> None:
    with writing() as session:
        act(session)


def _forget_campaigns(keyring: Keyring, aged: datetime) -> None:
    with reading() as session:
        due = expiring.forgettable(session, aged)
    for campaign_id in due:
        with writing() as session:
            is_forgotten = expiring.forget_campaign(session, campaign_id, aged)
        if is_forgotten:
            keyring.destroy_campaign_key(campaign_id)


def _miss_keys(app: Flask, keyring: Keyring) -> None:
    with reading() as session:
        lacking = keyrings.lacking_campaigns(session, keyring)
    if not lacking:
        return
    first, host = ", ".join(str(id_) for id_ in lacking[:5]), socket.gethostname()
    app.logger.critical("keyring: the keys of %d campaigns are missing (%s)", len(lacking), first)
    with writing() as session:
        alarms.raise_(session, Alarm.CAMPAIGN_KEY, clock.now(), host=host, number=len(lacking), first=first)


def _notice_late_mail(app: Flask) -> None:
    """Mails wait, whatever the cause; counted before this run sends any."""
    stalled = app.extensions["proca_settings"].mail_stalled
    with reading() as session:
        delays = mail_delay.of(session, State.TO_SEND, clock.now(), routes.own(app))
    late = mail_delay.in_words(delays)
    if late:
        with writing() as session:
            hours = int(stalled.total_seconds() // 3600)
            alarms.raise_(session, Alarm.LATE_MAIL, clock.now(), late=late, hours=hours)


def _recount() -> None:
    with writing() as session:
        if heartbeats.is_recount_due(session, clock.now()):
            counting.recount(session, clock.now())


def _fold() -> None:
    """A portion is a transaction; what a day's portions leave, the next day's take."""
    with writing() as session:
        left = _PORTIONS if heartbeats.is_fold_due(session, clock.now()) else 0
    while left:
        with writing() as session:
            left = left - 1 if folding.fold(session, clock.now()) == folding.PORTION else 0


def _step(app: Flask, name: str, act: Callable[[], object]) -> None:
    """One step of the sweep; a fault in one does not keep the others from running."""
    try:
        act()
    except Unavailable as error:
        app.logger.critical("sweep: %s failed: %s", name, error.what)
        trouble.met(app, error)
    except Exception as error:
        app.logger.critical("sweep: %s failed (%s)", name, type(error).__name__)
