"""One test mail, for `check`: whether it goes, and what the time it takes means in mails a second."""

import secrets
from dataclasses import dataclass

from flask import current_app

from proca_web.adapters import clock, links
from proca_web.adapters.mail.extension import connect
from proca_web.adapters.mail.letters import Letter
from proca_web.adapters.mail.routes import Route
from proca_web.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Tried:
    """What went wrong, as sentences without the address; else how long one connection takes for a mail."""

    faults: list[str]
    seconds: float = 0.0


def send_test(address: str, route: Route, sender: str) -> Tried:
    """Send a test mail over that route."""
    letter = the_letter(address, sender)
    try:
        connection = connect(route.org)
        with connection:
            began = clock.monotonic()
            reply = connection.deliver(sender, letter.as_mail())
            took = clock.monotonic() - began
    except Exception as error:
        kind = type(error).__name__
        return Tried([f"the test mail could not be sent by {route.name} ({kind}); check the PROCA_MAIL_* settings"])
    if reply.outcome is not Outcome.SENT:
        return Tried([f"the mail server {route.name} did not take the test mail ({reply.outcome.value})"])
    return Tried([], took)


def the_letter(address: str, sender: str) -> Letter:
    """What a test mail says."""
    link = links.url(current_app, "front.index")  # a mail that comes back with another one was changed on its way
    said = "This is the test mail you asked for."
    letter = Letter(
        subject="proca_web: mail works",
        recipients=[address],
        body=f"{said}\n\n{link}\n",
        html=f'<!doctype html><html lang="en"><body><p>{said}</p><p><a href="{link}">{link}</a></p></body></html>\n',
    )
    letter.sender = sender
    letter.msgId = f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"
    return letter
