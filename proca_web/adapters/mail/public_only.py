"""Connections to where somebody who is not trusted said: into the world, never into the network we stand in.

The name is asked once, every address it has is looked at, and that very address is connected to: an answer that
changes between the look and the connection leads nowhere.
"""

import smtplib
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from proca_web.adapters.mail.smtp import Encrypted, SafeConnection, Speaks

_NAT64 = IPv6Network("64:ff9b::/96")


class PrivateServer(OSError):
    """The name leads to this machine, or into a network that is not the world's."""


def addresses(host: str, port: int) -> list[str]:
    """Where a name leads. Raises PrivateServer when any of it is private; socket.gaierror when there is none."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(map(is_public, found)):
        raise PrivateServer("this name leads into a private network")
    return list(dict.fromkeys(found))


def is_public(address: str) -> bool:
    """Whether an address is one of the world's, also where it is written inside of another."""
    ip = ip_address(address.partition("%")[0])
    inside = _inside(ip) if isinstance(ip, IPv6Address) else None
    return ip.is_global and not ip.is_multicast and (inside is None or is_public(str(inside)))


def _inside(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class _PublicOnly(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        fault: OSError = PrivateServer("this name leads nowhere")
        for address in addresses(host, port):
            try:
                return super()._get_socket(address, port, timeout)  # type: ignore[misc]  # no stub has it
            except OSError as error:
                fault = error
        raise fault


class _Public(_PublicOnly, Speaks):
    """Locked after the first words."""


class _PublicEncrypted(_PublicOnly, Encrypted):
    """Locked from the first byte; the certificate is still asked for the name."""


class PublicConnection(SafeConnection):
    """A connection that goes into the world only."""

    speaks, speaks_encrypted = _Public, _PublicEncrypted
