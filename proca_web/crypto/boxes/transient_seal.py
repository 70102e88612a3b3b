"""How an address and a first name wait: sealed under the mailed link, and to the worker hosts' keys (protocol 6).

The link's token T and the withdraw token W are in no table; only what K makes of them is. All seals have one length.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import nacl.utils
from nacl.bindings import crypto_secretbox, crypto_secretbox_open
from nacl.exceptions import CryptoError as NaClError

from proca_web.crypto.boxes.live_pair import LivePair
from proca_web.crypto.boxes.worker_key import WorkerKey
from proca_web.crypto.encoding import be64, decode, encode
from proca_web.crypto.errors import CannotOpen, EncodingError, KeyRefused
from proca_web.crypto.labels import keyed

TOKEN_BYTES = 32
CHECK_BYTES = 32
PADDED = 704
_NONCE_BYTES = 24
_EPHEMERAL = slice(8, 40)
_NONCE = slice(40, 64)
_BOX = slice(64, None)
ENTRY_BYTES = 64 + 16 + PADDED
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Carries(StrEnum):
    """Which link's token waits: the one that confirms, or the one that withdraws."""

    CONFIRM = "t"
    WITHDRAW = "w"


# Before there were worker keys, a token had no kind.
_TOKENS = (*Carries, "token")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: the address, the first name, the token the next mail carries (T or W), and the check code."""

    email: str = field(repr=False)
    first_name: str = field(repr=False)
    token: bytes = field(default=b"", repr=False)
    check: bytes = field(default=b"", repr=False)
    carries: Carries = Carries.CONFIRM


def new_token() -> bytes:
    """32 random bytes, for a link."""
    return nacl.utils.random(TOKEN_BYTES)


def new_check() -> bytes:
    """32 random bytes, the check code c: in every copy's `_meta` and in the seals, stored nowhere else."""
    return nacl.utils.random(CHECK_BYTES)


def link_id(token: bytes) -> bytes:
    """K("link-id", T): what finds the action of a confirm link."""
    return keyed("link-id", token)


def withdraw_token(token: bytes) -> bytes:
    """W = K("withdraw", T): every mail can carry it, and it leads to the withdrawal only."""
    return keyed("withdraw", token)


def withdraw_id(token: bytes) -> bytes:
    """K("withdraw-id", W): what finds the action of a withdraw link."""
    return keyed("withdraw-id", token)


def seal_under_link(token: bytes, waiting: Waiting) -> bytes:
    """The copy that only the mailed link opens; it does not hold the token itself."""
    nonce = nacl.utils.random(_NONCE_BYTES)
    plaintext = _written(email=waiting.email, first_name=waiting.first_name, c=encode(waiting.check))
    return nonce + crypto_secretbox(plaintext, nonce, keyed("link-seal", token))


def open_under_link(token: bytes, seal: bytes) -> Waiting:
    """Open with the link's token. Raises CannotOpen."""
    return open_under(keyed("link-seal", token), seal)


def open_under(key: bytes, seal: bytes) -> Waiting:
    """Open with a symmetric key: a link's, or an hourly one of the time before worker keys. Raises CannotOpen."""
    try:
        return _read(crypto_secretbox_open(seal[_NONCE_BYTES:], seal[:_NONCE_BYTES], key))
    except NaClError as error:
        raise CannotOpen("the waiting address does not open with this key") from error


def seal_waiting(pair: LivePair, keys: Sequence[WorkerKey], waiting: Waiting) -> bytes:
    """One entry a worker key: be64 key id ‖ ephemeral public ‖ nonce ‖ box. Raises SenderEnded."""
    token = {str(waiting.carries): encode(waiting.token)}
    named = {"email": waiting.email, "first_name": waiting.first_name} if waiting.email else {}
    plaintext = _written(**named, **token, c=encode(waiting.check))
    return b"".join(_entry(pair, key, plaintext) for key in keys)


def key_ids(seal: bytes) -> list[int]:
    """The worker keys a seal names; none in a seal of before there were any."""
    return [int.from_bytes(entry[:8], "big") for entry in _entries(seal)]


def open_waiting(pair: LivePair, key_id: int, seal: bytes) -> Waiting:
    """Open the entry for that worker key with its pair. Raises CannotOpen."""
    for entry in _entries(seal):
        if int.from_bytes(entry[:8], "big") == key_id:
            try:
                return _read(pair.open(entry[_BOX], entry[_NONCE], entry[_EPHEMERAL]))
            except KeyRefused as error:
                raise CannotOpen("the other half of the box is no key to use") from error
    raise CannotOpen("no entry for this worker key")


def _entry(pair: LivePair, key: WorkerKey, plaintext: bytes) -> bytes:
    nonce = nacl.utils.random(_NONCE_BYTES)
    return be64(key.id) + pair.public + nonce + pair.seal(plaintext, nonce, key.public)


def _entries(seal: bytes) -> Iterable[bytes]:
    if len(seal) % ENTRY_BYTES:
        return ()
    return (seal[start : start + ENTRY_BYTES] for start in range(0, len(seal), ENTRY_BYTES))


def _written(**content: str) -> bytes:
    return _ENCODER.encode(content).encode().ljust(PADDED, b" ")


def _read(plaintext: bytes) -> Waiting:
    try:
        content: dict[str, Any] = json.loads(plaintext)
        if not all(isinstance(value, str) for value in content.values()):
            raise TypeError("a value that is no text")
        carried = next((name for name in _TOKENS if name in content), Carries.CONFIRM)
        return Waiting(
            content.get("email", ""),
            content.get("first_name", ""),
            decode(content.get(carried, "")),
            decode(content.get("c", "")),
            Carries.WITHDRAW if carried == Carries.WITHDRAW else Carries.CONFIRM,
        )
    except (EncodingError, ValueError, AttributeError, TypeError) as error:
        raise CannotOpen("what waits is not as it was written") from error
