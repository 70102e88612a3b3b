"""What became of a mail that was handed to a mail server, and what its answer means for the recipient."""

import re
from enum import Enum

# RFC 3463 and 7505: no such mailbox, no such system, bad address syntax, mailbox moved, recipient takes no mail.
_ABOUT_THE_RECIPIENT = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
# RFC 2034: the enhanced code stands before the text, nowhere else.
_ENHANCED = re.compile(r"\s*(5\.\d{1,3}\.\d{1,3})(?=\s|$)")


class Outcome(Enum):
    """What SMTP said, or that it said nothing."""

    SENT = "taken"
    REFUSED = "refused, surely for this recipient and for good"
    ANSWERED = "not taken, for whatever other reason"
    UNSURE = "no answer to the last dot"
    FAULT = "ours could not write or hand it over"
    CUT = "the connection ended before an answer"


def is_about_the_recipient(enhanced: str) -> bool:
    """Whether an enhanced status code says that there is no such recipient, and never will be."""
    return enhanced in _ABOUT_THE_RECIPIENT


def of_refusal(code: int, answer: bytes) -> Outcome:
    """What an answer to RCPT or DATA that takes no mail means: a few codes are surely about the recipient."""
    found = _ENHANCED.match(answer.decode("ascii", "replace")) if 500 <= code <= 599 else None
    return Outcome.REFUSED if found and is_about_the_recipient(found[1]) else Outcome.ANSWERED
