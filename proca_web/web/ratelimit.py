"""Rate limits per network: in memory for one process, in Redis for several; by a keyed hash of the address.

The memory of one process is a dozen lines of our own: the library's costs as much as a whole signature.
"""

import hashlib
import logging
import secrets
import threading
from dataclasses import dataclass
from typing import Protocol

from flask import Flask, Request, current_app
from werkzeug.exceptions import TooManyRequests

from proca_web.adapters import clock
from proca_web.web.arriving import client
from proca_web.web.arriving.client import Client

_EXTENSION = "proca_rate_limit"
WINDOW_SECONDS = 60
PAUSE_SECONDS = 10.0
# Nobody knows how many people stand behind an address that is not told: one of them must not stop the others.
_TIMES_FOR_UNKNOWN = 20


class _Counter(Protocol):
    def hit(self, name: str, network: str, a_minute: int) -> float:
        """Count a call; the seconds to wait, or 0 when it is allowed. Raises OSError."""


class _InMemory:
    """Counts of the current minute; all are forgotten when it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = 0
        self._counts: dict[tuple[str, str], int] = {}

    def hit(self, name: str, network: str, a_minute: int) -> float:
        now = clock.now().timestamp()
        window = int(now // WINDOW_SECONDS)
        with self._lock:
            if window != self._window:
                self._window, self._counts = window, {}
            count = self._counts[name, network] = self._counts.get((name, network), 0) + 1
        return 0.0 if count <= a_minute else (window + 1) * WINDOW_SECONDS - now


class _Shared:
    """Counts in Redis; while that is away, in this process's memory. It is asked again after a pause."""

    def __init__(self, redis: _Counter, logger: logging.Logger) -> None:
        self._redis, self._memory, self._logger = redis, _InMemory(), logger
        self._not_before = self._next_line = 0.0

    def hit(self, name: str, network: str, a_minute: int) -> float:
        now = clock.monotonic()
        if now >= self._not_before:
            try:
                return self._redis.hit(name, network, a_minute)
            except OSError as error:
                self._not_before = now + PAUSE_SECONDS
                self._tell(error, now)
        return self._memory.hit(name, network, a_minute)

    def _tell(self, error: Exception, now: float) -> None:
        if now >= self._next_line:
            self._next_line = now + WINDOW_SECONDS
            text = "rate limit: Redis is not reachable (%s); each process counts by itself"
            self._logger.error(text, type(error).__name__)


class _State:
    """One app's limiter; opened at the first limited request, so that importing the app opens nothing."""

    def __init__(self, url: str, secret: str, logger: logging.Logger, proxies: int) -> None:
        self._url, self._logger = url, logger
        self.proxies = proxies
        self.told_unknown = False
        # Several processes must agree on the keys; one process forgets them when it ends.
        shared = url.startswith("redis")
        self.key = hashlib.sha256(b"rate-limit" + secret.encode()).digest() if shared else secrets.token_bytes(32)
        self._counter: _Counter | None = None

    @property
    def counter(self) -> _Counter:
        if self._counter is None:
            self._counter = self._shared() if self._url.startswith("redis") else _InMemory()
        return self._counter

    def _shared(self) -> _Counter:
        from proca_web.web.arriving.shared_counts import InRedis  # noqa: PLC0415 -- who counts in memory loads none of it

        return _Shared(InRedis(self._url), self._logger)


class RateLimit:
    """The handle; its state is the app's."""

    def init_app(self, app: Flask, url: str, secret: str, proxies: int = 0) -> None:
        """Remember where counts are kept, and how many proxies tell who calls."""
        app.extensions[_EXTENSION] = _State(url, secret, app.logger, proxies)


@dataclass(frozen=True)
class Limit:
    """So many calls a minute and network."""

    name: str
    a_minute: int

    def check(self, request: Request) -> None:
        """Count this call. Raises TooManyRequests with the seconds to wait."""
        state: _State = current_app.extensions[_EXTENSION]
        caller = client.of(request, state.proxies)
        allowed = self.a_minute
        if not caller.is_known:
            allowed *= _TIMES_FOR_UNKNOWN
            _tell_unknown(state)
        wait = state.counter.hit(self.name, network_key(state.key, caller), allowed)
        if wait:
            raise TooManyRequests(retry_after=int(wait) + 1)


def network_key(key: bytes, caller: Client) -> str:
    """A keyed hash of the unit that is counted."""
    return hashlib.blake2b(caller.network, key=key, digest_size=12).hexdigest()


def _tell_unknown(state: _State) -> None:
    """Once a process; the fault is in how the instance is set up, and lasts."""
    if not state.told_unknown:
        state.told_unknown = True
        current_app.logger.warning(
            "rate limit: who calls is not known, so many share one count; the proxy in front must send "
            "X-Forwarded-For, and PROCA_TRUSTED_PROXIES be the number of proxies"
        )
