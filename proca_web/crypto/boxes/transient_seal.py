"""How an address and a first name wait: sealed under the mailed link, and under an hourly key (protocol 6).

The link's token T and the withdraw token W are in no table; only what K makes of them is.
"""

import json
from dataclasses import dataclass, field

import nacl.utils
from nacl.bindings import crypto_secretbox, crypto_secretbox_open
from nacl.exceptions import CryptoError as NaClError

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import CannotOpen
from proca_web.crypto.labels import keyed

TOKEN_BYTES = 32
_PADDED = 640
_NONCE_BYTES = 24
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits: the address, the first name and the token the next mail carries (T or W), if any."""

    email: str = field(repr=False)
    first_name: str = field(repr=False)
    token: bytes = field(default=b"", repr=False)


def new_token() -> bytes:
    """32 random bytes, for a link."""
    return nacl.utils.random(TOKEN_BYTES)


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
    return _seal(keyed("link-seal", token), Waiting(waiting.email, waiting.first_name))


def open_under_link(token: bytes, seal: bytes) -> Waiting:
    """Open with the link's token. Raises CannotOpen."""
    return _open(keyed("link-seal", token), seal)


def seal_waiting(key: bytes, waiting: Waiting) -> bytes:
    """The copy the worker can open while the hourly key exists."""
    return _seal(key, waiting)


def open_waiting(key: bytes, seal: bytes) -> Waiting:
    """Open with the hourly key. Raises CannotOpen."""
    return _open(key, seal)


def _seal(key: bytes, waiting: Waiting) -> bytes:
    content = {"email": waiting.email, "first_name": waiting.first_name, "token": encode(waiting.token)}
    plaintext = _ENCODER.encode(content).encode().ljust(_PADDED, b" ")
    nonce = nacl.utils.random(_NONCE_BYTES)
    return nonce + crypto_secretbox(plaintext, nonce, key)


def _open(key: bytes, seal: bytes) -> Waiting:
    try:
        content = json.loads(crypto_secretbox_open(seal[_NONCE_BYTES:], seal[:_NONCE_BYTES], key))
    except NaClError as error:
        raise CannotOpen("the waiting address does not open with this key") from error
    return Waiting(content["email"], content["first_name"], decode(content["token"]))
