"""Rate limits per network: in memory for one process, in Redis for several; by a keyed hash of the address."""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from time import time
from typing import ClassVar

from flask import Flask, Request, current_app
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

_EXTENSION = "proca_rate_limit"


class _State:
    """One app's limiter; opened at the first limited request, so that importing the app opens nothing."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        # Several processes must agree on the keys; one process forgets them when it ends.
        shared = url.startswith("redis")
        self.key = hashlib.sha256(b"rate-limit" + secret.encode()).digest() if shared else secrets.token_bytes(32)
        self._limiter: FixedWindowRateLimiter | None = None

    @property
    def limiter(self) -> FixedWindowRateLimiter:
        if self._limiter is None:
            storage = storage_from_string(self.url)
            assert isinstance(storage, Storage)
            self._limiter = FixedWindowRateLimiter(storage)
        return self._limiter


class RateLimit:
    """The handle; its state is the app's."""

    def init_app(self, app: Flask, url: str, secret: str) -> None:
        """Remember where counts are kept."""
        app.extensions[_EXTENSION] = _State(url, secret)


@dataclass(frozen=True)
class Limit:
    """So many calls a minute and network."""

    name: str
    a_minute: int
    items: ClassVar[dict[int, RateLimitItemPerMinute]] = {}

    def check(self, request: Request) -> None:
        """Count this call. Raises TooManyRequests with the seconds to wait."""
        state: _State = current_app.extensions[_EXTENSION]
        item = self.items.setdefault(self.a_minute, RateLimitItemPerMinute(self.a_minute))
        network = network_key(state.key, request.remote_addr)
        try:
            allowed = state.limiter.hit(item, self.name, network)
        except (StorageError, OSError) as error:  # a limiter that is away must not stop signatures
            current_app.logger.error("rate limit: storage not reachable (%s)", type(error).__name__)
            return
        if not allowed:
            reset = state.limiter.get_window_stats(item, self.name, network).reset_time
            raise TooManyRequests(retry_after=max(1, int(reset - time()) + 1))


def network_key(key: bytes, address: str | None) -> str:
    """A keyed hash of an IPv4 address or an IPv6 /64, the unit a household has."""
    try:
        network = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    packed = network.packed if network.version == 4 else network.packed[:8]
    return hmac.digest(key, packed, "sha256")[:12].hex()
