"""The first thing a request meets: `Host` names a host, or nobody here reads any further.

What no name can be breaks libraries before an error page could be made, and they would write the path into a log.
"""

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(
    rf"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>{_LABEL}(?:\.{_LABEL})*\.?))(?::(?P<port>[0-9]{{1,5}}))?"
)
_LONGEST_NAME = 253
_LAST_PORT = 65535
_SAID = b"400: the Host header of this request is no name of a host.\n"
_HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", str(len(_SAID))),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]


def guard(application: WSGIApplication) -> WSGIApplication:
    """Answer 400 for a `Host` that is none, before anything else looks at the request."""

    def answer(call: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = call.get("HTTP_HOST")
        if host is None or is_host(host):  # HTTP/1.0 sends none
            return application(call, start_response)
        start_response("400 Bad Request", _HEADERS)
        return [_SAID]

    return answer


def is_host(text: str) -> bool:
    """Whether it is a name, an IPv4 or a bracketed IPv6 address, with a port or without."""
    found = _HOST.fullmatch(text)
    if found is None or int(found["port"] or 0) > _LAST_PORT:
        return False
    if found["ipv6"] is None:
        return len(found["name"].rstrip(".")) <= _LONGEST_NAME
    try:
        IPv6Address(found["ipv6"])
    except AddressValueError:
        return False
    return True


def without_port(text: str) -> str:
    """The name or address alone, in small letters; empty for what is no host."""
    found = _HOST.fullmatch(text)
    return (found["ipv6"] or found["name"].rstrip(".")).lower() if found else ""
