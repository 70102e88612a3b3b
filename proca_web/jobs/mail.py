"""Send what is due: confirmations first, then thank-yous, then what staff must know."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import direct_write, reading, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.adapters.mailer import Post
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import Event, State
from proca_web.jobs import staff_mail
from proca_web.services.signatures import mailing
from proca_web.services.signatures.mailing import DueMail, PageOfMail

MOST_ROUNDS = 10_000


def send_mail(app: Flask) -> None:
    """Send every mail that is due: confirmations first, then thank-yous, then what staff must know."""
    with app.app_context(), _post(app) as post:
        if not clock.is_right(app):
            return
        pages: dict[int, PageOfMail] = {}
        for state in (State.TO_SEND, State.THANKS_TO_SEND):
            for _ in range(MOST_ROUNDS):
                if not _send_batch(app, post, state, pages):
                    break
        staff_mail.send_notices(app, post)


@contextmanager
def _post(app: Flask) -> Iterator[Post]:
    post = Post(app)
    try:
        yield post
    finally:
        post.close()


def _send_batch(app: Flask, post: Post, state: State, pages: dict[int, PageOfMail]) -> bool:
    with reading() as session:
        if not mailing.is_due(session, state, clock.now()):
            return False
    with writing() as session:
        mails, lost = mailing.claim(session, keyring_of(app), state, clock.now())
    if lost:
        app.logger.critical("mail: the keyring lacks the key of %s waiting addresses", len(lost))
    for due in mails:
        if due.page_id not in pages:
            with reading() as session:
                pages[due.page_id] = mailing.page_of(session, due.page_id)
        _settle(due, post.deliver(due, pages[due.page_id]))
    return bool(mails or lost)


def _settle(due: DueMail, outcome: Outcome) -> None:
    """Write the outcome down at once; the usual one by the shortest way, mail is what limits a campaign."""
    if mailing.only_waits(due, outcome):
        with direct_write(one_statement=True) as direct:
            mailing.wait(direct, due.action_id, Event.SENT, due.expires_at)
        return
    with writing() as session:
        mailing.settle(session, due, outcome, clock.now())
