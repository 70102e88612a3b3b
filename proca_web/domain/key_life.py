"""How long things about an org's key last, and what a key's stored status means at a moment (protocol 5)."""

from datetime import datetime, timedelta

from proca_web.domain.words import KeyStatus

EXPIRED = "expired"
PENDING_LIVES = timedelta(hours=1)
LIVES_YEARS = 2
SEALS_AFTER_EXPIRY = timedelta(days=30)
NOTICE_DAYS = (90, 30, 7)
DRILL_EVERY = timedelta(days=90)
CHALLENGE_LIVES = timedelta(minutes=10)
CHALLENGE_TRIES = 5
CHANGE_WAITS = timedelta(hours=72)
CHANGE_DIES = timedelta(days=14)
CHANGE_VISIBLE = timedelta(days=90)
ROTATION_OLDEST = timedelta(days=7)
ROTATION_AHEAD = timedelta(minutes=5)
MOST_PENDING = 10


def expiry(activated_at: datetime) -> datetime:
    """24 months later; the 29th of February becomes the 1st of March."""
    try:
        return activated_at.replace(year=activated_at.year + LIVES_YEARS)
    except ValueError:
        return activated_at.replace(year=activated_at.year + LIVES_YEARS, month=3, day=1)


def state(status: str, expires_at: datetime | None, now: datetime) -> str:
    """What people see: the stored status, or `expired` for an active key past its time."""
    over = status == KeyStatus.ACTIVE and expires_at is not None and expires_at <= now
    return EXPIRED if over else status


def seals_if_expires_after(now: datetime) -> datetime:
    """An active key that expires after this moment is still sealed to: an expired one for 30 more days."""
    return now - SEALS_AFTER_EXPIRY


def is_fresh(signed_at: datetime, now: datetime) -> bool:
    """Whether a rotation was signed recently enough to be registered."""
    return now - ROTATION_OLDEST <= signed_at <= now + ROTATION_AHEAD


def due_notice(expires_at: datetime, now: datetime) -> int | None:
    """Which notice about the expiry is due: 90, 30 or 7 days before, 0 once it has expired; None: too early."""
    if expires_at <= now:
        return 0
    return min((days for days in NOTICE_DAYS if expires_at - now <= timedelta(days=days)), default=None)
