"""How long a key lives, to the second: its expiry, what people see of it, when it is told, when a rotation is old."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from proca_web.domain import key_life

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("activated", "expires"),
    [
        (NOON, datetime(2028, 3, 1, 12, tzinfo=UTC)),
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), datetime(2028, 2, 28, 23, 59, 59, tzinfo=UTC)),
        (datetime(2028, 2, 29, 6, tzinfo=UTC), datetime(2030, 3, 1, 6, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_key_expires_24_months_after_its_activation(activated: datetime, expires: datetime) -> None:
    assert key_life.expiry(activated) == expires


@given(some.datetimes(datetime(1970, 1, 1), datetime(9990, 1, 1), timezones=some.just(UTC)))
def test_every_moment_has_an_expiry_two_calendar_years_later(activated: datetime) -> None:
    expires = key_life.expiry(activated)
    assert expires.year == activated.year + 2
    assert expires.timetz() == activated.timetz()
    assert timedelta(days=730) <= expires - activated <= timedelta(days=731)


@pytest.mark.parametrize(
    ("status", "expires_at", "shown"),
    [
        ("active", None, "active"),
        ("active", NOON + SECOND, "active"),
        ("active", NOON, "expired"),
        ("active", NOON - SECOND, "expired"),
        ("pending", NOON - SECOND, "pending"),
        ("retired", NOON - SECOND, "retired"),
        ("revoked", NOON - SECOND, "revoked"),
    ],
)
def test_only_an_active_key_is_shown_as_expired(status: str, expires_at: datetime | None, shown: str) -> None:
    assert key_life.state(status, expires_at, NOON) == shown


def test_an_expired_key_is_sealed_to_for_30_more_days() -> None:
    limit = key_life.seals_if_expires_after(NOON)
    assert NOON - timedelta(days=30) + SECOND > limit
    assert NOON - timedelta(days=30) == limit


@pytest.mark.parametrize(
    ("signed_at", "fresh"),
    [
        (NOON, True),
        (NOON - timedelta(days=7), True),
        (NOON - timedelta(days=7) - SECOND, False),
        (NOON + timedelta(minutes=5), True),
        (NOON + timedelta(minutes=5) + SECOND, False),
    ],
)
def test_a_rotation_is_fresh_for_a_week_and_may_be_five_minutes_ahead(signed_at: datetime, fresh: bool) -> None:
    assert key_life.is_fresh(signed_at, NOON) is fresh


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (timedelta(days=90) + SECOND, None),
        (timedelta(days=90), 90),
        (timedelta(days=30) + SECOND, 90),
        (timedelta(days=30), 30),
        (timedelta(days=7) + SECOND, 30),
        (timedelta(days=7), 7),
        (SECOND, 7),
        (timedelta(0), 0),
        (-timedelta(days=400), 0),
    ],
)
def test_owners_are_told_90_30_and_7_days_before_and_at_the_expiry(left: timedelta, due: int | None) -> None:
    assert key_life.due_notice(NOON + left, NOON) == due


@given(some.lists(some.integers(-10_000_000, 10_000_000), min_size=2))
def test_as_time_goes_by_no_earlier_notice_becomes_due_again(seconds: list[int]) -> None:
    due = [key_life.due_notice(NOON, NOON + timedelta(seconds=second)) for second in sorted(seconds)]
    steps = [999 if days is None else days for days in due]
    assert all(earlier >= later for earlier, later in pairwise(steps))
