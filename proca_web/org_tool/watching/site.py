"""Fetching a platform's public documents: over TLS, from that address only, within a time and a size. Sends nothing."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from http.client import HTTPException, HTTPMessage
from ipaddress import ip_address
from threading import Thread
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from proca_web.crypto.keys.key_log import KEY_LOG_ALARM
from proca_web.org_tool.errors import Alarm, ToolError, UsageFault

_CHANGED = (
    "the site itself says that its key log was changed: somebody wrote to its database past it, or an old copy was put"
    " back. Nothing was checked. Tell the operator and the other partners, and keep the state file."
)
_SILENCE = 20.0  # seconds without a byte
_PATIENCE = 60.0  # seconds in all: a server that sends a byte now and then must not keep a watch from ending
_LARGEST = 1 << 24
_PORTS = {"https": 443, "http": 80}


class Unreachable(ToolError):
    """A document could not be fetched; that says nothing about its content."""

    def __init__(self, url: str, why: str) -> None:
        shown = "".join(letter if letter.isprintable() else "?" for letter in why)
        super().__init__(f"{url}: {shown}. Nothing was checked; this is no alarm about the key. Try again later.")


class Site:
    """A platform by its address. Raises UsageFault for an address that would send what is asked in the clear."""

    def __init__(self, url: str) -> None:
        parts = _split(url)
        is_plain = parts.scheme == "http" and _is_loopback(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or is_plain):
            raise UsageFault("--url is the site's address, https://… (http:// on this computer only).")
        if parts.query or parts.fragment or parts.username is not None:
            raise UsageFault("--url is the site's bare address, without a name, a question or a fragment in it.")
        self.url = url.rstrip("/")
        self._opener = _opener(direct=is_plain)

    def fetch(self, path: str) -> dict[str, Any]:
        """The JSON object at that path. Raises Unreachable; Alarm when the site says that its key log was changed."""
        url = self.url + path
        try:
            raw = _in_time(lambda: _get(self._opener, url))
        except HTTPError as error:
            error.close()
            if error.headers.get(KEY_LOG_ALARM):
                raise Alarm(_CHANGED) from error
            raise Unreachable(url, f"the site answers {error.code}") from error
        except (OSError, HTTPException, UnicodeError) as error:
            raise Unreachable(url, f"it cannot be reached ({_reason(error)})") from error
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise Unreachable(url, "the answer is not JSON") from error
        if not isinstance(content, dict):
            raise Unreachable(url, "the answer is another JSON than was asked for")
        return content


class _StayHere(HTTPRedirectHandler):
    """Follows a redirect within the address that was given, and nowhere else."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """The next request. Raises OSError when it would go elsewhere."""
        here, there = urlsplit(req.full_url), urlsplit(newurl)
        if _origin(here) != _origin(there):
            fp.close()
            raise OSError(f"it sends us to another address, {there.scheme}://{there.netloc}; is that the site's?")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(*, direct: bool) -> OpenerDirector:
    opener = build_opener(_StayHere, *([ProxyHandler({})] if direct else []))
    opener.addheaders = [("User-Agent", "proca-org"), ("Accept", "application/json"), ("Cache-Control", "no-cache")]
    return opener


def _get(opener: OpenerDirector, url: str) -> bytes:
    with opener.open(url, timeout=_SILENCE) as answer:
        content: bytes = answer.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError("the answer is far too large")
    return content


def _in_time(act: Callable[[], bytes]) -> bytes:
    """What `act` gives, or TimeoutError (an OSError) when it takes too long; it is then left to itself."""
    done: Future[bytes] = Future()

    def run() -> None:
        try:
            done.set_result(act())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=run, daemon=True).start()
    return done.result(_PATIENCE)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageFault("--url is no address: https://… is needed.") from error
    return parts


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)
