"""What waits in a browser's cookie: for ten minutes, for one person and purpose, and hidden from its reader."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from proca_web.models import User
from proca_web.web.second_step import halfway
from tests.databases import ON_SQLITE

pytestmark = ON_SQLITE
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
IN_TIME, LATE, BEFORE = NOW + timedelta(minutes=9, seconds=59), NOW + timedelta(minutes=10), NOW - timedelta(seconds=1)


@pytest.fixture
def cookie(app: Flask) -> Iterator[dict[str, Any]]:
    with app.app_context():
        yield {}


def test_a_right_password_waits_for_ten_minutes(cookie: dict[str, Any]) -> None:
    halfway.password_was_right(cookie, 7, "hash", NOW)
    assert [halfway.who(cookie, when) for when in (BEFORE, NOW, IN_TIME, LATE)] == [None, 7, 7, None]
    assert halfway.is_still(cookie, User(password_hash="hash", locked_at=None))
    assert not halfway.is_still(cookie, User(password_hash="another", locked_at=None))
    assert not halfway.is_still(cookie, User(password_hash="hash", locked_at=NOW))
    halfway.forget(cookie)
    assert halfway.who(cookie, NOW) is None


def test_a_challenge_is_taken_once_and_for_its_purpose(cookie: dict[str, Any]) -> None:
    halfway.new_challenge(cookie, halfway.USE, b"challenge", NOW)
    assert halfway.take_challenge(cookie, halfway.MAKE, NOW) is None
    assert halfway.take_challenge(cookie, halfway.USE, IN_TIME) == (b"challenge", NOW)
    assert halfway.take_challenge(cookie, halfway.USE, IN_TIME) is None
    halfway.new_challenge(cookie, halfway.USE, b"challenge", NOW)
    assert halfway.take_challenge(cookie, halfway.USE, LATE) is None


def test_a_new_app_is_its_owners_and_shown_in_time(cookie: dict[str, Any]) -> None:
    halfway.keep_app(cookie, 7, b"a secret of twenty b", NOW)
    assert halfway.app(cookie, 7, IN_TIME) == b"a secret of twenty b"
    assert halfway.app(cookie, 8, IN_TIME) is None
    assert halfway.app(cookie, 7, LATE) is None
    cookie["new-codes"] = cookie["new-app"]
    assert halfway.codes(cookie, 7, NOW) == []


def test_codes_are_shown_until_they_are_put_away(cookie: dict[str, Any]) -> None:
    halfway.keep_codes(cookie, 7, ["7KQX-M2VD", "P9RA-4TWC"], NOW)
    assert halfway.codes(cookie, 7, IN_TIME) == ["7KQX-M2VD", "P9RA-4TWC"]
    assert "7KQX" not in str(cookie)
    halfway.put_codes_away(cookie)
    assert halfway.codes(cookie, 7, NOW) == []


@pytest.mark.parametrize("planted", [None, "x", 7, {}, {"at": NOW.timestamp()}, {"at": NOW.timestamp(), "seal": "!"}])
def test_whatever_else_stands_there_is_nothing(cookie: dict[str, Any], planted: object) -> None:
    cookie["new-codes"] = planted
    assert halfway.codes(cookie, 7, NOW) == []
