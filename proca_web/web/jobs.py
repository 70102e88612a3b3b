"""What the worker does when it is woken, and every minute: each step one short transaction.

Jobs take no data. They find their work in the tables, do all that is due, and may run twice or side by side.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import Flask
from flask_babel import force_locale, gettext
from sqlalchemy import select

from proca_web.domain.errors import CampaignKeyMissing
from proca_web.domain.transient import Event, State
from proca_web.models import ActionPage
from proca_web.services import confirming, counting, mailing, releasing, sweeping, wordings
from proca_web.services.keyring import Keyring
from proca_web.services.mailing import DueMail, Outcome, PageOfMail
from proca_web.web import key_jobs
from proca_web.web.database import db, direct_write, read_only, reading, truncate_wal, writing
from proca_web.web.mailer import Post

MOST_ROUNDS = 10_000


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


def release(app: Flask) -> None:
    """Accept what needs no confirmation, then give every accepted copy its place in the exports."""
    with app.app_context():
        _accept_unasked(app)
        for _ in range(MOST_ROUNDS):
            with reading() as connection:
                if not releasing.is_due(connection):
                    return
            with writing() as connection:
                releasing.release(connection, now())


def send_mail(app: Flask) -> None:
    """Send every mail that is due: confirmations first, then thank-yous, then what staff must know."""
    with app.app_context(), _post(app) as post:
        pages: dict[int, PageOfMail] = {}
        for state in (State.TO_SEND, State.THANKS_TO_SEND):
            for _ in range(MOST_ROUNDS):
                if not _send_batch(app, post, state, pages):
                    break
        key_jobs.send_notices(app, post, now)


def sweep(app: Flask) -> None:
    """The housekeeping of every minute, then whatever the wake-ups missed."""
    keyring = keyring_of(app)
    with app.app_context():
        with writing() as connection:
            sweeping.beat(connection, "worker", now())
        _step(app, "leases", lambda: _write(lambda c: mailing.end_leases(c, now())))
        _step(app, "expiry", lambda: _until_none(lambda c: sweeping.expire(c, now())))
        _step(app, "old keys", lambda: _renew_keys(keyring))
        _step(app, "senders", lambda: _write(lambda c: sweeping.drop_old_senders(c, now())))
        _step(app, "closed campaigns", lambda: _forget_campaigns(keyring))
        _step(app, "recount", _recount)
        for name, act in key_jobs.steps(app, now):
            _step(app, name, act)
        _step(app, "wordings", refresh_wordings)
        _step(app, "write-ahead log", truncate_wal)
    release(app)
    send_mail(app)


def keyring_of(app: Flask) -> Keyring:
    """The app's keyring."""
    keyring: Keyring = app.extensions["proca_keyring"]
    return keyring


def refresh_wordings() -> None:
    """Bring the wording of every page that is not closed up to date with its orgs, keys and language."""
    with read_only():
        names = db.session.scalars(select(ActionPage.id).where(ActionPage.status == "live")).all()
        db.session.rollback()
    for page_id in names:
        with writing():
            page = db.session.get_one(ActionPage, page_id)
            with force_locale(page.locale):
                wordings.refresh(db.session(), page, gettext, now())


def _accept_unasked(app: Flask) -> None:
    keyring = keyring_of(app)
    tried: set[int] = set()
    for _ in range(MOST_ROUNDS):
        with reading() as connection:
            found = sweeping.unasked(connection, keyring)
        fresh = [(signature, waiting) for signature, waiting in found if signature.action_id not in tried]
        if not fresh:
            return
        for signature, waiting in fresh:
            tried.add(signature.action_id)
            try:
                with writing() as connection:
                    confirming.accept(connection, keyring, signature, waiting, Event.ACCEPT, now())
            except CampaignKeyMissing as error:
                app.logger.critical("accept: %s", error)


@contextmanager
def _post(app: Flask) -> Iterator[Post]:
    post = Post(app)
    try:
        yield post
    finally:
        post.close()


def _send_batch(app: Flask, post: Post, state: State, pages: dict[int, PageOfMail]) -> bool:
    with reading() as connection:
        if not mailing.is_due(connection, state, now()):
            return False
    with writing() as connection:
        mails, lost = mailing.claim(connection, keyring_of(app), state, now())
    if lost:
        app.logger.critical("mail: the keyring lacks the key of %s waiting addresses", len(lost))
    for due in mails:
        if due.page_id not in pages:
            with reading() as connection:
                pages[due.page_id] = mailing.page_of(connection, due.page_id)
        _settle(due, post.deliver(due, pages[due.page_id]))
    return bool(mails or lost)


def _settle(due: DueMail, outcome: Outcome) -> None:
    """Write the outcome down at once; the usual one by the shortest way, mail is what limits a campaign."""
    if outcome is Outcome.SENT and due.state is State.SENDING:
        with direct_write(one_statement=True) as direct:
            mailing.wait(direct, due.action_id, due.expires_at)
        return
    with writing() as connection:
        mailing.settle(connection, due, outcome, now())


def _write(act: Callable[..., object]) -> None:
    with writing() as connection:
        act(connection)


def _until_none(act: Callable[..., int]) -> None:
    for _ in range(MOST_ROUNDS):
        with writing() as connection:
            if not act(connection):
                return


def _renew_keys(keyring: Keyring) -> None:
    for name in keyring.transient_names():
        if keyring.is_unused_age(name, now()):
            _until_none(lambda connection, name=name: sweeping.reseal(connection, keyring, name, now()))
            with reading() as connection:
                needed = sweeping.is_named(connection, name)
            if not needed:
                keyring.destroy_transient(name)


def _forget_campaigns(keyring: Keyring) -> None:
    with writing() as connection:
        forgotten = sweeping.forget_campaigns(connection, now())
    for campaign_id in forgotten:
        keyring.destroy_campaign_key(campaign_id)


def _recount() -> None:
    with writing() as connection:
        if sweeping.is_recount_due(connection, now()):
            counting.recount(connection, now())


def _step(app: Flask, name: str, act: Callable[[], object]) -> None:
    """One step of the sweep; a fault in one does not keep the others from running."""
    try:
        act()
    except Exception as error:
        db.session.rollback()
        app.logger.critical("sweep: %s failed (%s)", name, type(error).__name__)
