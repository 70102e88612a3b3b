"""SPF (RFC 7208), walked to its last branch: a receiver stops at the first match, but the limit counts for all senders.

What depends on a mail's own addresses (macros) cannot be known beforehand and is said to be unknown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from proca_web.domain.senders.findings import Finding, Kind
from proca_web.domain.senders.sender import Address, Names, NotAnswered

MOST_LOOKUPS = 10
_ENOUGH = 25  # look-ups after which nobody needs to know how many more there would be
_COSTS = ("include", "a", "mx", "ptr", "exists")
_TERM = re.compile(
    r"(?P<qualifier>[-+?~]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)(?P<value>[:/].*)?", re.I | re.ASCII
)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>.*)", re.I | re.ASCII)
_PREFIXES = re.compile(r"^(?P<name>[^/]*)(/(?P<four>[0-9]{1,2}))?(//(?P<six>[0-9]{1,3}))?$")


class _Wrong(Exception):
    """The record fails as a whole; nothing after it counts."""


@dataclass(slots=True)
class Walk:
    """What one record leads to. `verdict` on the first address that matches: a qualifier, or empty; None: unknown."""

    names: Names
    domain: str
    addresses: Sequence[Address]
    lookups: int = 0
    named: set[str] = field(default_factory=set)
    found: list[Finding] = field(default_factory=list)
    is_unknown: bool = False
    ending: str | None = None

    def begin(self, record: str) -> bool:
        """Whether the addresses may send by this record."""
        try:
            return self._check(self.domain, record, {self.domain}) == "+"
        except _Wrong:
            self.is_unknown = False
            return False

    def _check(self, name: str, record: str, trail: set[str]) -> str:
        """The qualifier of the first term that matches; empty where none does."""
        verdict, redirect, has_all = "", "", False
        for term in record.split()[1:]:
            mechanism = _TERM.fullmatch(term)
            if mechanism is None:
                modifier = _MODIFIER.fullmatch(term)
                if modifier is None:
                    raise self._wrong(Kind.SPF_SYNTAX, name=name, term=term[:80])
                redirect = modifier["value"] if modifier["name"].lower() == "redirect" else redirect
                continue
            if has_all:  # nothing counts after it
                continue
            qualifier, kind = mechanism["qualifier"] or "+", mechanism["name"].lower()
            if kind == "all":
                has_all, self.ending = True, qualifier if name == self.domain or self.ending is None else self.ending
            if self._matches(name, kind, mechanism["value"] or "", trail) and not verdict:
                verdict = qualifier
        if redirect and not has_all:
            followed = self._follow(redirect, trail)
            return verdict or followed
        return verdict

    def _matches(self, name: str, kind: str, value: str, trail: set[str]) -> bool:
        if kind in _COSTS:
            self._count()
        if kind == "all":
            return True
        if kind in ("ip4", "ip6"):
            return self._is_within(name, f"{kind}{value}", value.removeprefix(":"))
        if kind in ("ptr", "exists") or "%" in value:
            self.is_unknown = True
            return False
        if kind == "include":
            return self._follow(value.removeprefix(":"), trail, is_counted=True) == "+"
        return self._is_at(name, kind, value)

    def _follow(self, target: str, trail: set[str], *, is_counted: bool = False) -> str:
        target = target.lower().rstrip(".")
        if not is_counted:
            self._count()
        if "%" in target:
            self.is_unknown = True
            return ""
        self.named.add(target)
        try:
            records = records_of(self.names.texts(target))
        except NotAnswered:
            self.found.append(Finding(Kind.SPF_UNANSWERED, {"domain": self.domain, "name": target}))
            self.is_unknown = True
            return ""
        if len(records) != 1 or target in trail:
            raise self._wrong(Kind.SPF_INCLUDE, name=target)
        return self._check(target, records[0], trail | {target})

    def _is_at(self, name: str, kind: str, value: str) -> bool:
        given = _PREFIXES.fullmatch(value.removeprefix(":"))
        if given is None:
            raise self._wrong(Kind.SPF_SYNTAX, name=name, term=f"{kind}{value}"[:80])
        host = given["name"] or name
        try:
            hosts = [host] if kind == "a" else [each for each in self.names.exchangers(host)[:10] if each != "."]
            there = [address for each in hosts for address in self.names.addresses(each)]
        except NotAnswered:
            self.found.append(Finding(Kind.SPF_UNANSWERED, {"domain": self.domain, "name": host}))
            self.is_unknown = True
            return False
        lengths = {4: int(given["four"] or 32), 6: int(given["six"] or 128)}
        if lengths[4] > 32 or lengths[6] > 128:
            raise self._wrong(Kind.SPF_SYNTAX, name=name, term=f"{kind}{value}"[:80])
        return self._is_in([ip_network((address, lengths[address.version]), strict=False) for address in there])

    def _is_within(self, name: str, term: str, network: str) -> bool:
        try:
            given = ip_network(network, strict=False)
        except ValueError:
            raise self._wrong(Kind.SPF_SYNTAX, name=name, term=term[:80]) from None
        if given.version != int(term[2]):
            raise self._wrong(Kind.SPF_SYNTAX, name=name, term=term[:80])
        return self._is_in([given])

    def _is_in(self, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
        return any(address in network for network in networks for address in self.addresses)

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > _ENOUGH:
            raise _Wrong

    def _wrong(self, kind: Kind, **facts: str) -> _Wrong:
        self.found.append(Finding(kind, {"domain": self.domain, **facts}))
        return _Wrong()


def records_of(texts: Sequence[str]) -> list[str]:
    """Those that are SPF records."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def walk(domain: str, record: str, addresses: Sequence[Address], names: Names) -> tuple[Walk, bool]:
    """Everything the record leads to, and whether these addresses may send by it."""
    walked = Walk(names, domain, addresses)
    is_allowed = walked.begin(record)
    if walked.lookups > MOST_LOOKUPS:
        number = f"{_ENOUGH}+" if walked.lookups > _ENOUGH else str(walked.lookups)
        walked.found.insert(0, Finding(Kind.SPF_LOOKUPS, {"domain": domain, "number": number}))
    return walked, is_allowed


def with_term(record: str, term: str) -> str:
    """The record with one more term, before its end."""
    terms = record.split()
    ends = [number for number, each in enumerate(terms) if each.lower().lstrip("+-~?") == "all"]
    place = ends[0] if ends else len(terms)
    return " ".join([*terms[:place], term, *terms[place:]])


def with_end(record: str) -> str:
    """The record, ended by a soft no."""
    return " ".join([*(term for term in record.split() if term.lower().lstrip("+-~?") != "all"), "~all"])


def merged(records: Sequence[str]) -> str:
    """Several records as one."""
    return with_end(" ".join(["v=spf1", *dict.fromkeys(term for record in records for term in record.split()[1:])]))
