"""Counts of calls in Redis, for processes that share them. Loaded by those alone: its libraries take a moment."""

from typing import Any

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from proca_web.adapters import clock

REDIS_SECONDS = 0.3


class InRedis:
    """Counts that several processes share."""

    def __init__(self, url: str) -> None:
        waits = {"socket_connect_timeout": REDIS_SECONDS, "socket_timeout": REDIS_SECONDS}
        once: Any = Retry(NoBackoff(), 0)
        storage = storage_from_string(url, wrap_exceptions=True, retry=once, **waits)
        assert isinstance(storage, Storage)
        self._limiter = FixedWindowRateLimiter(storage)

    def hit(self, name: str, network: str, a_minute: int) -> float:
        """Count a call; the seconds to wait, or 0 when it is allowed. Raises OSError."""
        item = RateLimitItemPerMinute(a_minute)
        try:
            if self._limiter.hit(item, name, network):
                return 0.0
            reset = self._limiter.get_window_stats(item, name, network).reset_time
        except StorageError as error:
            raise ConnectionError(type(error).__name__) from error
        return max(0.1, reset - clock.now().timestamp())
