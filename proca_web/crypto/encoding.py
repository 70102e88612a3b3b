"""How keys and numbers become bytes and text (protocol 0). One canonical form, read strictly."""

import base64
import binascii
import re

from proca_web.crypto.errors import EncodingError

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def encode(data: bytes) -> str:
    """base64url without padding (protocol 0)."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def decode(text: str, size: int | None = None) -> bytes:
    """Read base64url text strictly: canonical, unpadded and, where given, of exactly `size` bytes."""
    if not _ALPHABET.fullmatch(text):
        raise EncodingError("not base64url without padding")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise EncodingError("not base64url without padding") from error
    if encode(data) != text:
        raise EncodingError("not canonical base64url")
    if size is not None and len(data) != size:
        raise EncodingError(f"{len(data)} bytes where {size} are needed")
    return data


def be16(number: int) -> bytes:
    """Two bytes, big-endian."""
    return number.to_bytes(2, "big")


def be64(number: int) -> bytes:
    """Eight bytes, big-endian."""
    return number.to_bytes(8, "big")


def sized(data: bytes | str) -> bytes:
    """A variable field: be32(length) followed by the bytes; text is UTF-8 (protocol 0)."""
    raw = data.encode() if isinstance(data, str) else data
    return len(raw).to_bytes(4, "big") + raw
