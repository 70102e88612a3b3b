"""How keys and numbers become bytes and text (protocol 0). One canonical form, read strictly."""

import binascii

from proca_web.crypto.errors import EncodingError

# To the alphabet binascii knows; what is not ours becomes a character that is nobody's.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_FROM_STANDARD = bytes.maketrans(b"+/", b"-_")
# The last character of 2 or 3 carries bits that no byte uses: zero in canonical text.
_LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}


def encode(data: bytes) -> str:
    """base64url without padding (protocol 0)."""
    return binascii.b2a_base64(data, newline=False).translate(_FROM_STANDARD, b"=").decode("ascii")


def decode(text: str, size: int | None = None) -> bytes:
    """Read base64url text strictly: canonical, unpadded and, where given, of exactly `size` bytes."""
    try:
        standard = text.encode("ascii").translate(_TO_STANDARD)
        data = binascii.a2b_base64(standard + b"=" * (-len(text) % 4), strict_mode=True)
    except ValueError as error:
        raise EncodingError("not base64url without padding") from error
    used = len(text) % 4
    if used and text[-1] not in _LAST[used]:
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
