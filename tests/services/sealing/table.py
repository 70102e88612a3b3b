"""A table of keys in memory, for tests of senders that need no database; and one submission of theirs."""

import itertools
from collections.abc import Callable

from nacl.public import PrivateKey

from proca_web.crypto.boxes.sealing import Sealed
from proca_web.crypto.boxes.sender import Sender
from proca_web.services.sealing.senders import SenderSource
from tests.crypto.making import key_of

ORG = PrivateKey.generate()


class Rows:
    """Stands for the table of keys: keeps each sender's public half and certificate under a row number."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.publics: dict[int, bytes] = {}
        self.certificates: dict[int, bytes] = {}
        self.senders: list[Sender] = []
        self.sources: list[SenderSource] = []
        self.before: Callable[[Sender], None] = lambda sender: None

    def __call__(self, sender: Sender) -> int:
        self.before(sender)
        row = next(self._numbers)
        self.publics[row], self.certificates[row] = sender.public, sender.certificate
        self.senders.append(sender)
        return row


def sealed(source: SenderSource, *, throwaway: bool = False) -> Sealed:
    """One submission with one copy."""
    with source.submission(throwaway=throwaway) as sealer:
        return sealer.seal(b"text", key_of(ORG))
