"""Who sends: the domains of a mail and the host that takes it; and when two domains stand for each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

Address = IPv4Address | IPv6Address
# The part of a domain that somebody registered: example.org of mail.example.org.
Organisation = Callable[[str], str]


class NotAnswered(Exception):
    """The name server did not answer; the text says why, for people."""


class Names(Protocol):
    """What a name server says. A name that does not exist has nothing; NotAnswered where it does not say."""

    def texts(self, name: str) -> Sequence[str]:
        """TXT records, each put together."""

    def exchangers(self, name: str) -> Sequence[str]:
        """MX hosts; `.` alone: it takes no mail at all."""

    def addresses(self, name: str) -> Sequence[Address]:
        """IPv4 and IPv6."""


@dataclass(frozen=True, slots=True, order=True)
class Sender:
    """The domains of the From address and of the envelope, and the mail server that takes such mails."""

    domain: str
    envelope: str
    relay: str


def domain_of(address: str) -> str:
    """The domain of an address, as it is compared."""
    return address.rpartition("@")[2].lower().rstrip(".")


def is_aligned(domain: str, with_domain: str, organisation: Organisation, *, strict: bool) -> bool:
    """Whether one domain stands for the other (RFC 7489, 3.1): the same; or, relaxed, of the same organisation."""
    same = domain.lower() == with_domain.lower()
    return same or (not strict and organisation(domain.lower()) == organisation(with_domain.lower()))
