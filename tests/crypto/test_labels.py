"""L, D and K of the protocol, against a computation of our own from SHA-512 alone."""

import hashlib

import pytest

from proca_web.crypto.labels import digest, keyed, label

KEY = bytes(range(32))


def hmac_sha512(key: bytes, message: bytes) -> bytes:
    """RFC 2104, spelled out."""
    block = key.ljust(128, b"\0")
    inner = hashlib.sha512(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return hashlib.sha512(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def test_a_label_is_the_product_the_purpose_the_version_and_a_zero() -> None:
    assert label("sender-cert") == b"proca-web:sender-cert:v1\x00"
    assert len(label("pop")) == 17


@pytest.mark.parametrize("size", [8, 20, 32, 64])
def test_a_digest_is_the_beginning_of_sha_512_over_label_and_data(size: int) -> None:
    expected = hashlib.sha512(b"proca-web:fingerprint:v1\x00" + b"data").digest()[:size]
    assert digest(size, "fingerprint", b"data") == expected
    assert len(expected) == size


@pytest.mark.parametrize("data", [b"", b"somebody@example.org", b"\x00" * 300])
def test_a_keyed_hash_is_hmac_sha_512_cut_to_32_bytes(data: bytes) -> None:
    assert keyed("dedupe", KEY, data) == hmac_sha512(KEY, b"proca-web:dedupe:v1\x00" + data)[:32]


def test_without_data_a_keyed_hash_is_over_the_label_alone() -> None:
    assert keyed("link-id", KEY) == keyed("link-id", KEY, b"") == hmac_sha512(KEY, b"proca-web:link-id:v1\x00")[:32]


def test_two_purposes_never_give_the_same_bytes() -> None:
    purposes = ["link-id", "link-seal", "withdraw-id", "dedupe", "home-identity", "receipt", "commit"]
    assert len({keyed(purpose, KEY) for purpose in purposes}) == len(purposes)
    assert len({digest(32, purpose, b"") for purpose in purposes}) == len(purposes)


def test_no_purpose_and_data_read_as_another_purpose() -> None:
    assert label("link") + b"-id:v1\x00" != label("link-id")


def test_a_purpose_is_ascii() -> None:
    with pytest.raises(UnicodeEncodeError):
        label("żółć")
