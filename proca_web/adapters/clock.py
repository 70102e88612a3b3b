"""The one clock of the server: whoever needs the present asks here, so that a test can move it in one place."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)
