"""What an answer of a mail server means: for the recipient, and for how much at once the server wants.

The text of an answer may hold an address: it is read here and goes no further.
"""

import re
from dataclasses import dataclass
from enum import Enum

from proca_web.domain.outcome import Outcome, of_refusal


class Step(Enum):
    """Where in the talk about one mail something was answered."""

    MAIL = "the sender"
    RCPT = "the recipient"
    DATA = "the beginning of the message"
    DOT = "the end of the message"


class Wish(Enum):
    """What the server wants of the connection, whoever the mail is for. A mail refused so was not tried."""

    NOTHING = "nothing"
    FEWER_MAILS = "not so many mails over one connection"
    FEWER_CONNECTIONS = "not so many connections"
    SLOWER = "not so many mails in a time"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of handing one mail over, and what the server wished; `named` is the number that its answer named.

    `is_put_off` where the server would be asked again for this recipient.
    """

    outcome: Outcome
    wish: Wish = Wish.NOTHING
    named: int | None = None
    is_put_off: bool = False


SENT = Reply(Outcome.SENT)
_CONNECTIONS = re.compile(
    r"too\ many\ (concurrent\ |simultaneous\ |open\ )?(smtp\ )?(connections|sessions) | \b4\.4\.5\b",
    re.IGNORECASE | re.VERBOSE,
)
_EACH = re.compile(r"(\d{1,5}) (?:e-?mails?|messages?|mails?|transactions?) (?:per|in a|each) ", re.IGNORECASE)
_RATE = re.compile(
    r"""throttl | slow\ down | too\ many\ (e-?mails|messages|mails|requests)
    | \brate\b.{0,20}\b(exceeded|limit) | limit.{0,20}\brate\b
    | \b(sending|relay|hourly|daily|message|mail|sender)\b.{0,20}\b(rate|quota|limit)s?\b""",
    re.IGNORECASE | re.VERBOSE,
)
# RFC 3463, x.2.x: the recipient's own mailbox. Its quota is no quota of ours; a provider's relay says 4.2.1 of itself.
_OF_THE_MAILBOX = re.compile(r"\s*[45]\.2\.(?!1\b)\d")


def is_taken(code: int) -> bool:
    """Whether that code says yes."""
    return 200 <= code <= 299


def of_answer(step: Step, code: int, answer: bytes) -> Reply:
    """What an answer that takes no mail means."""
    text = answer.decode("ascii", "replace")
    outcome = of_refusal(code, answer) if step is not Step.MAIL else Outcome.ANSWERED
    if outcome is Outcome.REFUSED:
        return Reply(outcome)
    if _CONNECTIONS.search(text):
        return Reply(outcome, Wish.FEWER_CONNECTIONS)
    if code == 454 or (_RATE.search(text) and not _OF_THE_MAILBOX.match(text)):
        return Reply(outcome, Wish.SLOWER)
    if code == 421:
        each = _EACH.search(text)
        return Reply(outcome, Wish.FEWER_MAILS, int(each[1]) if each else None)
    return Reply(outcome, is_put_off=400 <= code <= 499)
