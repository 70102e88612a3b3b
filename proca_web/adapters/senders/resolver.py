"""Asks a name server about our own domains, with little patience. Never during a request.

dnspython and the list of public suffixes are loaded by whoever asks, not by a web process at its start.
"""

from collections.abc import Callable, Sequence
from functools import cache
from ipaddress import ip_address
from typing import Any, TypeVar

from flask import Flask

from proca_web.adapters import clock
from proca_web.config import Settings
from proca_web.domain.senders.sender import Address, NotAnswered

OFF = "off"
ANSWER_SECONDS = 3.0
ALL_SECONDS = 20.0
T = TypeVar("T")


class Resolver:
    """One name server, asked at most once about each name. Raises NotAnswered, with the reason for people."""

    def __init__(self, where: str, patience: float = ALL_SECONDS) -> None:
        self._resolver = _opened(where)
        self._until = clock.monotonic() + patience
        self._known: dict[tuple[str, str], list[Any]] = {}

    def texts(self, name: str) -> Sequence[str]:
        """TXT records, each put together."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def exchangers(self, name: str) -> Sequence[str]:
        """MX hosts; `.` alone: it takes no mail at all."""
        found = sorted(self._ask(name, "MX"), key=lambda record: record.preference)
        return [record.exchange.to_text().rstrip(".") or "." for record in found]

    def addresses(self, name: str) -> Sequence[Address]:
        """IPv4 and IPv6; an address stands for itself."""
        try:
            return [ip_address(name.strip("[]"))]
        except ValueError:
            return [ip_address(record.address) for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def _ask(self, name: str, kind: str) -> list[Any]:
        question = (name.lower(), kind)
        if question not in self._known:
            self._known[question] = self._answer(*question)
        return self._known[question]

    def _answer(self, name: str, kind: str) -> list[Any]:
        import dns.exception  # noqa: PLC0415 -- see above
        import dns.resolver  # noqa: PLC0415

        left = self._until - clock.monotonic()
        if left <= 0:
            raise NotAnswered("the name server took too long")
        seconds = min(ANSWER_SECONDS, left)
        try:
            return list(self._resolver.resolve(f"{name.rstrip('.')}.", kind, lifetime=seconds, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            return []
        except dns.exception.Timeout:
            raise NotAnswered(f"the name server did not answer within {seconds:.0f} seconds") from None
        except (dns.exception.DNSException, UnicodeError, ValueError, OSError) as error:
            if type(error).__module__ in ("dns.name", "builtins", "dns.exception"):
                return []  # no name at all
            raise NotAnswered("the name server answers with an error") from None


def _opened(where: str) -> Any:
    import dns.resolver  # noqa: PLC0415

    if where == OFF:
        raise NotAnswered("PROCA_MAIL_RESOLVER is off")
    if not where:
        try:
            return dns.resolver.Resolver()
        except (dns.resolver.NoResolverConfiguration, OSError):
            raise NotAnswered("this machine knows no name server") from None
    resolver = dns.resolver.Resolver(configure=False)
    address, _, port = where.rpartition("#") if "#" in where else (where, "", "53")
    resolver.nameservers, resolver.port = [address], int(port)
    return resolver


def resolver_of(app: Flask, patience: float = ALL_SECONDS) -> Resolver:
    """The app's name server. Raises NotAnswered where there is none."""
    settings: Settings = app.extensions["proca_settings"]
    return Resolver(settings.mail.resolver, patience)


@cache
def _suffixes() -> Callable[[str], str | None]:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

    find: Callable[[str], str | None] = PublicSuffixList().privatesuffix
    return find


def organisation(domain: str) -> str:
    """The part of a domain that somebody registered, by the list of public suffixes."""
    return _suffixes()(domain) or domain
