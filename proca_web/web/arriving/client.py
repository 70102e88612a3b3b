"""Who calls, as far as limits need to know: an address is understood before it is grouped, and is kept nowhere.

With trusted proxies the last of them but so many has written it down: with a port or without, in brackets or not, as
IPv6 that carries IPv4. What cannot be understood is not one visitor.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from werkzeug.wrappers import Request

from proca_web.web.arriving import host_names

Address = IPv4Address | IPv6Address

# IPv6 that stands for one IPv4 address, which is its last 32 bits: RFC 4291 2.5.5.2, RFC 7915, RFC 6052, RFC 8215.
_CARRY_IPV4 = tuple(map(IPv6Network, ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))
# A node of RFC 7239 6; some proxies leave the brackets out where there is no port.
_NODE = re.compile(r"(?:\[(?P<bracketed>[^\[\]]*)\]|(?P<ipv4>[^:\[\]]*))(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?")

_PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


@dataclass(frozen=True, slots=True)
class Client:
    """The unit that limits count; `is_known` is false where it may be many people."""

    network: bytes
    is_known: bool


def of(request: Request, proxies: int) -> Client:
    """Who calls: an IPv4 address or an IPv6 /64, the unit a household has; else whoever passed the call on to us."""
    peer, told = read(request.remote_addr or ""), address(request, proxies)
    if told is None:
        return Client((b"behind " if proxies else b"") + (_network(peer) if peer else b""), is_known=False)
    return Client(_network(told), is_known=True)


def address(request: Request, proxies: int) -> Address | None:
    """The address of whoever calls, as the last trusted proxy has it; None where nobody can say."""
    if not proxies:
        return read(request.remote_addr or "")
    told = [node for node in request.headers.get("X-Forwarded-For", "").split(",") if node.strip()]
    return read(told[-proxies]) if len(told) >= proxies else None


def read(node: str) -> Address | None:
    """The address in a node, without port, brackets, quotes and zone; IPv4 where that is what IPv6 carries."""
    text = node.strip().strip('"').strip()
    parts = _NODE.fullmatch(text)
    bare = (parts["bracketed"] or parts["ipv4"] or "") if parts else text
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return _plain(address)


def is_at_this_machine(request: Request) -> bool:
    """Whether the connection *and* the name in `Host` are this machine's own, and no proxy says that it passed it on.

    A web page elsewhere can make a browser here connect (DNS rebinding), but not under that name.
    """
    if any(name in request.headers for name in _PASSED_ON):
        return False
    name = host_names.without_port(request.host)
    ends = (read(request.remote_addr or ""), ip_address("127.0.0.1") if name == "localhost" else read(name))
    return all(end is not None and end.is_loopback for end in ends)


def _plain(address: Address) -> Address:
    if isinstance(address, IPv6Address) and any(address in network for network in _CARRY_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _network(address: Address) -> bytes:
    return address.packed if address.version == 4 else address.packed[:8]
