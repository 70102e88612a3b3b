"""Domain separation: every hash, derived key and signature names its purpose (protocol 0).

SHA-512 and not BLAKE2b, because neither tweetnacl nor WebCrypto has the latter.
"""

import hashlib
import hmac


def label(purpose: str) -> bytes:
    """L(x): the bytes that open every hashed or signed message of that purpose."""
    return b"proca-web:" + purpose.encode("ascii") + b":v1\x00"


def digest(size: int, purpose: str, data: bytes) -> bytes:
    """D(n, x, d): the first `size` bytes of SHA-512 over the label and the data."""
    return hashlib.sha512(label(purpose) + data).digest()[:size]


def keyed(purpose: str, key: bytes, data: bytes = b"") -> bytes:
    """K(x, key, d): 32 bytes of HMAC-SHA-512 under `key`, over the label and the data."""
    return hmac.digest(key, label(purpose) + data, "sha512")[:32]
