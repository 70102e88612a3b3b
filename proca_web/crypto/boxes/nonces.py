"""Running nonces: 24 random bytes, then +1 big-endian for each message, whoever the recipient is (guide; protocol 2).

A counter is not locked and knows no process: the sender that owns it does both.
"""

from proca_web.crypto.errors import SenderEnded
from proca_web.crypto.memory import NONCE_BYTES

LAST_NONCE = 2 ** (8 * NONCE_BYTES) - 1


class NonceCounter:
    """Gives each nonce once. The last value is given too; after it the counter is spent, it never returns to zero."""

    __slots__ = ("_next", "first")

    def __init__(self, first: bytes) -> None:
        if len(first) != NONCE_BYTES:
            raise ValueError("a nonce has 24 bytes")
        self.first = first
        self._next = int.from_bytes(first, "big")

    def require(self, number: int) -> None:
        """Raises SenderEnded when fewer than `number` nonces are left."""
        if self._next + number - 1 > LAST_NONCE:
            raise SenderEnded("the nonces of this sender are used up")

    def take(self, number: int) -> list[bytes]:
        """The next `number` nonces. Raises SenderEnded when not all of them are left."""
        self.require(number)
        start, self._next = self._next, self._next + number
        return [value.to_bytes(NONCE_BYTES, "big") for value in range(start, self._next)]
