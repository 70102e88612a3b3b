"""An org's record as a chain: each entry holds a hash of the one before, so that editing or reordering shows.

What is cut from its end shows only up to the newest head in the key log (`heads_hash`).
"""

from collections.abc import Mapping

from proca_web.crypto.encoding import be64
from proca_web.crypto.labels import digest

HASH_BYTES = 32
BEGINNING = bytes(HASH_BYTES)


def entry_hash(previous: bytes, org: str, number: int, at: int, actor: str, event: str, detail: str) -> bytes:
    """D(32, "audit", hash before ‖ be32 org ‖ be64 number ‖ be64 at ‖ be32 actor ‖ be32 event ‖ be32 detail).

    `at` in microseconds of the epoch, the others as UTF-8.
    """
    texts = b"".join(_sized(text) for text in (actor, event, detail))
    return digest(HASH_BYTES, "audit", previous + _sized(org) + be64(number) + be64(at) + texts)


def heads_hash(heads: Mapping[str, bytes]) -> bytes:
    """D(32, "audit-heads", be32 org name ‖ head of all orgs, sorted): what the key log says of all records at once."""
    return digest(HASH_BYTES, "audit-heads", b"".join(_sized(org) + heads[org] for org in sorted(heads)))


def _sized(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4, "big") + data
