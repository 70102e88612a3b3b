"""What became of a mail that was handed to a mail server."""

from enum import Enum


class Outcome(Enum):
    """What SMTP said: taken, refused for good for this recipient, failed before or after the message went over."""

    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"
    FAILED_AFTER_DATA = "failed after DATA"
