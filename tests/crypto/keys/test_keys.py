"""Public keys: what is refused before anything is sealed to it, and the name people compare."""

import base64
import hashlib
import re

import pytest
from nacl.public import PrivateKey

from proca_web.crypto.errors import KeyRefused
from proca_web.crypto.keys.keys import check_public, fingerprint

PRIME = 2**255 - 19
HIGH_BIT = 2**255
LOW_ORDER = {
    "zero": 0,
    "one": 1,
    "order 8": int.from_bytes(
        bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"), "little"
    ),
    "order 8 again": int.from_bytes(
        bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"), "little"
    ),
    "p - 1": PRIME - 1,
    "p": PRIME,
    "p + 1": PRIME + 1,
}
ENCODINGS = LOW_ORDER | {f"{name}, high bit": value + HIGH_BIT for name, value in LOW_ORDER.items()}


def key(value: int) -> bytes:
    """A point's 32 bytes."""
    return value.to_bytes(32, "little")


def test_the_list_has_the_fourteen_low_order_encodings() -> None:
    assert len(set(ENCODINGS.values())) == 14


@pytest.mark.parametrize("value", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_a_low_order_key_is_refused(value: int) -> None:
    with pytest.raises(KeyRefused):
        check_public(key(value))


@pytest.mark.parametrize("name", ["zero", "one", "order 8", "order 8 again", "p - 1"])
def test_a_low_order_key_in_canonical_form_is_called_so(name: str) -> None:
    with pytest.raises(KeyRefused, match="low-order"):
        check_public(key(LOW_ORDER[name]))


@pytest.mark.parametrize("offset", range(19))
def test_a_number_beyond_the_prime_is_an_alias_and_refused(offset: int) -> None:
    with pytest.raises(KeyRefused, match="canonical"):
        check_public(key(PRIME + offset))


def test_a_good_key_with_its_high_bit_set_is_an_alias_and_refused() -> None:
    public = int.from_bytes(bytes(PrivateKey.generate().public_key), "little")
    assert check_public(key(public)) == key(public)
    with pytest.raises(KeyRefused, match="canonical"):
        check_public(key(public | HIGH_BIT))


@pytest.mark.parametrize("size", [0, 1, 31, 33, 64])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(KeyRefused, match="32 bytes"):
        check_public(b"\x09" * size)


def test_a_fingerprint_is_eight_groups_of_four_without_letters_that_look_alike() -> None:
    found = fingerprint(bytes(PrivateKey.generate().public_key))
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){7}", found)


@pytest.mark.parametrize("public", [bytes(32), bytes(range(32)), b"\xff" * 32])
def test_a_fingerprint_is_twenty_bytes_of_the_digest_in_crockfords_letters(public: bytes) -> None:
    twenty = hashlib.sha512(b"proca-web:fingerprint:v1\x00" + public).digest()[:20]
    rfc = base64.b32encode(twenty).decode()
    letters = rfc.translate(str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
    assert fingerprint(public) == "-".join(re.findall("....", letters))


def test_a_fingerprint_stays_what_people_wrote_down() -> None:
    assert fingerprint(bytes(range(32))) == "SYVC-PDCT-HT1Q-K7DB-3WNA-WQ7V-GWJJ-W8HN"
