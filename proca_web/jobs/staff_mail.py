"""Mails to staff that are due, one after the other."""

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.mailer import Post
from proca_web.adapters.notices import write
from proca_web.services.staff import outbox

MOST_MAILS = 1000


def send_notices(app: Flask, post: Post) -> None:
    """Send the mails to staff that are due; inside the app's context."""
    for _ in range(MOST_MAILS):
        with reading() as session:
            if not outbox.is_due(session, clock.now()):
                return
        with writing() as session:
            notice = outbox.claim(session, clock.now())
        if notice is None:
            return
        sent = post.hand_over(write(app, notice))
        with writing() as session:
            outbox.settle(session, notice, sent, clock.now())
