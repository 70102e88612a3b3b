"""Ask the name server about our From domains: once a day, and soon after somebody wants to know.

No transaction is open while it is asked. The first that is not answered ends the round: the others would wait as long.
"""

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.senders import own
from proca_web.adapters.senders.resolver import Resolver, organisation, resolver_of
from proca_web.domain.senders import judging
from proca_web.domain.senders.sender import NotAnswered, Sender
from proca_web.services.instance import mail_domains

PATIENCE_SECONDS = 10.0


def ask(app: Flask) -> None:
    """Ask about every domain that is due; inside the app's context."""
    if not own.is_asked(app):
        return
    with reading() as session:
        senders = own.senders(app, session)
        due = mail_domains.due(session, senders, clock.now())
    if not due:
        return
    with writing() as session:
        mail_domains.keep_only(session, {sender.domain for sender in senders})
    reason = ""
    for group in due.values():
        reason = reason or _ask(app, group)
        if reason:
            with writing() as session:
                mail_domains.not_answered(session, group, reason, clock.now())


def _ask(app: Flask, senders: list[Sender]) -> str:
    """Why there was no answer; empty where there was one."""
    try:
        names: Resolver = resolver_of(app, PATIENCE_SECONDS)
        found = judging.judge(senders, names, organisation)
    except NotAnswered as failure:
        return str(failure)
    with writing() as session:
        mail_domains.answered(session, senders, found, clock.now())
    return ""
