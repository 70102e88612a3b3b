"""Limits per network: the unit is a household, the count is shared where Redis is, and an address is never kept."""

import time

import pytest
import redis
from flask import Flask
from werkzeug.exceptions import TooManyRequests
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from proca_web.web import ratelimit
from proca_web.web.arriving import shared_counts
from proca_web.web.arriving.client import Client
from proca_web.web.ratelimit import Limit, RateLimit, network_key
from tests import proxy
from tests.factories import FakeClock


def limited_app(url: str, secret: str = "s" * 32, proxies: int = 0) -> Flask:
    app = Flask("limited")
    RateLimit().init_app(app, url, secret, proxies)
    return app


def call(app: Flask, limit: Limit, address: str, told: str = "") -> float:
    """0 when allowed, else the seconds to wait."""
    with app.app_context():
        try:
            asked = EnvironBuilder(environ_base={"REMOTE_ADDR": address}, headers={"X-Forwarded-For": told})
            limit.check(Request(asked.get_environ()))
        except TooManyRequests as refusal:
            return float(refusal.retry_after)
    return 0.0


@pytest.mark.parametrize("storage", ["memory", "redis"])
def test_the_call_beyond_the_limit_waits_for_the_rest_of_the_minute(
    storage: str, request: pytest.FixtureRequest
) -> None:
    url = "memory://" if storage == "memory" else request.getfixturevalue("redis_url")
    app, limit = limited_app(url), Limit("sign", 3)
    assert [call(app, limit, "10.0.0.1") for _ in range(3)] == [0, 0, 0]
    assert 0 < call(app, limit, "10.0.0.1") <= 61
    assert call(app, limit, "10.0.0.2") == 0
    assert call(app, Limit("login", 3), "10.0.0.1") == 0


def test_a_new_minute_begins_anew_and_forgets_everybody(clock: FakeClock) -> None:
    app, limit = limited_app("memory://"), Limit("sign", 1)
    assert call(app, limit, "10.0.0.1") == 0
    assert call(app, limit, "10.0.0.1") > 0
    clock.forward(seconds=60)
    assert call(app, limit, "10.0.0.1") == 0


def test_processes_share_their_counts_in_redis(redis_url: str) -> None:
    first, second = limited_app(redis_url), limited_app(redis_url)
    limit = Limit("sign", 3)
    answers = [call(app, limit, "10.0.0.9") for app in (first, second, first, second)]
    assert answers[:3] == [0, 0, 0]
    assert answers[3] > 0


def test_redis_never_sees_an_address(redis_url: str) -> None:
    app = limited_app(redis_url)
    call(app, Limit("sign", 3), "203.0.113.77")
    keys = b" ".join(redis.Redis.from_url(redis_url).keys())
    assert b"LIMIT" in keys
    assert b"203.0.113" not in keys


def test_while_redis_is_away_each_process_keeps_the_limit_by_itself(
    one_minute: None, caplog: pytest.LogCaptureFixture
) -> None:
    app, limit = limited_app("redis://127.0.0.1:1/0"), Limit("login", 10)
    answers = [call(app, limit, "10.0.0.1") for _ in range(14)]
    assert answers[:10] == [0] * 10
    assert all(answer > 0 for answer in answers[10:])
    assert call(app, limit, "10.0.0.2") == 0
    assert caplog.text.count("Redis is not reachable") == 1


def test_a_redis_that_hangs_is_waited_for_once_and_asked_again_later(
    own_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_redis.flushdb()
    monkeypatch.setattr(shared_counts, "REDIS_SECONDS", 0.1)
    monkeypatch.setattr(ratelimit, "PAUSE_SECONDS", 3600.0)
    where = own_redis.connection_pool.connection_kwargs
    with proxy.between(where.get("host", "127.0.0.1"), where.get("port", 6379)) as between:
        between.stalls = True
        app, limit = limited_app(f"redis://127.0.0.1:{between.port}/{where.get('db', 0)}"), Limit("sign", 3)
        began = time.monotonic()
        assert [call(app, limit, "10.0.0.1") for _ in range(3)] == [0, 0, 0]
        assert call(app, limit, "10.0.0.1") > 0
        assert time.monotonic() - began < 2
        between.stalls = False
        moment = time.monotonic() + 3601
        monkeypatch.setattr("proca_web.adapters.clock.monotonic", lambda: moment)
        assert call(app, limit, "10.0.0.1") == 0
        assert own_redis.dbsize() > 0


def test_redis_counts_by_a_key_of_this_instance() -> None:
    caller = Client(b"\x0a\0\0\x01", is_known=True)
    assert network_key(b"k" * 32, caller) != network_key(b"x" * 32, caller)


def test_behind_a_proxy_each_visitor_counts_apart_whatever_the_port() -> None:
    app, limit = limited_app("memory://", proxies=1), Limit("sign", 2)
    for port in (41001, 41002):
        assert call(app, limit, "127.0.0.1", f"203.0.113.5:{port}") == 0
    assert call(app, limit, "127.0.0.1", "::ffff:203.0.113.5") > 0
    for other in ("203.0.113.6:41001", "[2001:db8:1::5]:41001", "::ffff:198.51.100.7"):
        assert call(app, limit, "127.0.0.1", other) == 0


@pytest.mark.parametrize("told", ["unknown", "_hidden", "not an address", ""])
def test_an_unknown_visitor_is_not_everybody(told: str, caplog: pytest.LogCaptureFixture) -> None:
    app, limit = limited_app("memory://", proxies=1), Limit("sign", 2)
    assert [call(app, limit, "127.0.0.1", told) for _ in range(40)] == [0] * 40
    assert call(app, limit, "127.0.0.1", told) > 0
    assert call(app, limit, "127.0.0.1", "203.0.113.5") == 0
    assert caplog.text.count("X-Forwarded-For") == 1
