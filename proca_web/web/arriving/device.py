"""A browser in words that its owner knows it by, and a network cut so that it names no household."""

import re
from ipaddress import ip_network

from werkzeug.wrappers import Request

from proca_web.web.arriving import client

# The first that is found: many browsers name others beside themselves.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_LONGEST = 400


def in_words(request: Request) -> str:
    """Like "Firefox, Linux": from what the browser says of itself; empty where it says nothing we know."""
    said = request.user_agent.string[:_LONGEST]
    found = (_first(_BROWSERS, said), _first(_SYSTEMS, said))
    return ", ".join(filter(None, found))


def network(request: Request, proxies: int) -> str:
    """The first 24 bits of an IPv4 address, 48 of an IPv6 address; empty where nobody can say."""
    address = client.address(request, proxies)
    if address is None:
        return ""
    bits = 24 if address.version == 4 else 48
    return str(ip_network(f"{address}/{bits}", strict=False))


def _first(known: tuple[tuple[str, str], ...], said: str) -> str:
    return next((name for sign, name in known if re.search(rf"{sign}\b", said)), "")
