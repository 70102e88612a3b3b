"""The one clock of the server: whoever needs the present asks here, so that a test can move it in one place."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that only go forward, for the distance between two moments of this process."""
    return time.monotonic()
