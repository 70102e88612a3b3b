"""Public keys of orgs: how they are checked and named. Holds no secret."""

from dataclasses import dataclass

from nacl.bindings import crypto_scalarmult
from nacl.utils import random

from proca_web.crypto.errors import KeyRefused
from proca_web.crypto.labels import digest
from proca_web.crypto.memory import KEY_BYTES

_FIELD_PRIME = 2**255 - 19
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """An org's active public key: its row, the 32 bytes, its role and its fingerprint."""

    id: int
    public: bytes
    role: str
    fingerprint: str


def fingerprint(public: bytes) -> str:
    """The name people compare: D(20, "fingerprint", public) in Crockford base32, 8 groups of 4 (protocol 5)."""
    number = int.from_bytes(digest(20, "fingerprint", public), "big")
    letters = "".join(CROCKFORD[(number >> shift) & 31] for shift in range(155, -1, -5))
    return "-".join(letters[start : start + 4] for start in range(0, 32, 4))


def check_public(public: bytes) -> bytes:
    """Refuse what must never be sealed to: wrong size, alias of another key, low order. Returns the key."""
    if len(public) != KEY_BYTES:
        raise KeyRefused("a public key has 32 bytes")
    if int.from_bytes(public, "little") >= _FIELD_PRIME:
        raise KeyRefused("not in canonical form")
    try:
        crypto_scalarmult(random(KEY_BYTES), public)
    except RuntimeError as error:  # libsodium: the result is all zero
        raise KeyRefused("a low-order public key") from error
    return public
