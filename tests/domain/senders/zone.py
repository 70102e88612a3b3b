"""Names as a table, for rules that ask nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from proca_web.domain.senders.sender import Address, NotAnswered

SILENT = "silent.example"


@dataclass
class Zone:
    """What a name server would say; asked about `SILENT` it says nothing."""

    texts_of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    exchangers_of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    addresses_of: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def texts(self, name: str) -> Sequence[str]:
        """TXT records."""
        return self._of(self.texts_of, name)

    def exchangers(self, name: str) -> Sequence[str]:
        """MX hosts."""
        return self._of(self.exchangers_of, name)

    def addresses(self, name: str) -> Sequence[Address]:
        """Addresses."""
        return [ip_address(text) for text in self._of(self.addresses_of, name)]

    def _of(self, table: Mapping[str, Sequence[str]], name: str) -> Sequence[str]:
        if name == SILENT:
            raise NotAnswered("nobody is there")
        return table.get(name, ())


def organisation(domain: str) -> str:
    """The last two labels."""
    return ".".join(domain.split(".")[-2:])
