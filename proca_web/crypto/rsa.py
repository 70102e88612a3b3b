"""What others sign with RSA is checked here (RFC 8017, 8.2.2), with their certificate's key. No secret, no signing.

The one message that a signature may stand for is built and compared whole; no padding is ever read.
"""

import hashlib
from dataclasses import dataclass

from proca_web.crypto.errors import EncodingError

FEWEST_BITS, MOST_BITS = 2048, 8192
_EXPONENT = 65537
_SEQUENCE, _INTEGER, _BITS, _VERSION = 0x30, 0x02, 0x03, 0xA0
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
# DigestInfo without the digest (RFC 8017, 9.2).
_DIGESTS = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA key with the usual exponent."""

    modulus: int

    def verifies(self, message: bytes, signature: bytes, digest: str) -> bool:
        """Whether the holder of the key signed this message, by that digest."""
        size = (self.modulus.bit_length() + 7) // 8
        number = int.from_bytes(signature, "big")
        if len(signature) != size or number >= self.modulus:
            return False
        info = _DIGESTS[digest] + hashlib.new(digest, message).digest()
        padded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
        return pow(number, _EXPONENT, self.modulus).to_bytes(size, "big") == padded


def key_of_certificate(der: bytes) -> PublicKey:
    """The key in an X.509 certificate; who issued it is not asked here. Raises EncodingError."""
    certificate, _ = _take(der, _SEQUENCE)
    fields, _ = _take(certificate, _SEQUENCE)
    if fields[:1] == bytes([_VERSION]):
        _, fields = _take(fields, _VERSION)
    _, fields = _take(fields, _INTEGER)
    for _name in ("algorithm", "issuer", "validity", "subject"):
        _, fields = _take(fields, _SEQUENCE)
    key = key_of_spki(fields)
    if key.modulus.bit_length() < FEWEST_BITS:
        raise EncodingError("not a usual RSA key")
    return key


def key_of_spki(der: bytes) -> PublicKey:
    """The key in a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7), however short. Raises EncodingError."""
    about, _ = _take(der, _SEQUENCE)
    if not about.startswith(_RSA):
        raise EncodingError("not an RSA key")
    bits, _ = _take(about[len(_RSA) :], _BITS)
    numbers, _ = _take(bits[1:], _SEQUENCE)
    modulus, numbers = _take(numbers, _INTEGER)
    exponent, _ = _take(numbers, _INTEGER)
    key = PublicKey(int.from_bytes(modulus, "big"))
    if int.from_bytes(exponent, "big") != _EXPONENT or not 0 < key.modulus.bit_length() <= MOST_BITS:
        raise EncodingError("not a usual RSA key")
    return key


def _take(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, which must be of that kind, and what follows it."""
    if len(der) < 2 or der[0] != tag:
        raise EncodingError("not a certificate")
    size, start = der[1], 2
    if size & 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[2:start], "big")
    if len(der) < start + size:
        raise EncodingError("not a whole certificate")
    return der[start : start + size], der[start + size :]
