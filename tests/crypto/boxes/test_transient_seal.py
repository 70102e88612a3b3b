"""How an address waits: under the mailed link or an hourly key, alike in length, and opened by nothing stored."""

import base64
import hashlib
import hmac
import json
import os

import pytest
from nacl.secret import SecretBox

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.errors import CannotOpen
from proca_web.domain.people import text

TOKEN = bytes(range(32))
WAITING = Waiting("zofia@example.org", "Zofia", TOKEN)
NOBODY = Waiting("a@b.co", "Al")


def k(purpose: bytes, key: bytes) -> bytes:
    """K(purpose, key, "") of the protocol, by the standard library."""
    return hmac.new(key, b"proca-web:" + purpose + b":v1\x00", hashlib.sha512).digest()[:32]


def test_a_token_is_32_bytes_and_never_the_same() -> None:
    tokens = {transient_seal.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {32}


def test_the_ids_of_both_links_are_keyed_hashes_of_their_tokens() -> None:
    assert transient_seal.link_id(TOKEN) == k(b"link-id", TOKEN)
    assert transient_seal.withdraw_id(TOKEN) == k(b"withdraw-id", TOKEN)


def test_the_link_opens_its_seal_to_address_and_name_without_the_token() -> None:
    seal = transient_seal.seal_under_link(TOKEN, WAITING)
    assert transient_seal.open_under_link(TOKEN, seal) == Waiting("zofia@example.org", "Zofia")
    plaintext = SecretBox(k(b"link-seal", TOKEN)).decrypt(seal)
    assert json.loads(plaintext) == {"email": "zofia@example.org", "first_name": "Zofia", "token": ""}


def test_the_hourly_key_opens_its_seal_to_all_three() -> None:
    key = os.urandom(32)
    seal = transient_seal.seal_waiting(key, WAITING)
    assert transient_seal.open_waiting(key, seal) == WAITING
    token = base64.urlsafe_b64encode(TOKEN).decode().rstrip("=")
    assert json.loads(SecretBox(key).decrypt(seal)) == {
        "email": "zofia@example.org",
        "first_name": "Zofia",
        "token": token,
    }


def test_the_id_that_is_stored_opens_nothing() -> None:
    seal = transient_seal.seal_under_link(TOKEN, WAITING)
    for stored in (transient_seal.link_id(TOKEN), transient_seal.withdraw_id(TOKEN)):
        with pytest.raises(CannotOpen):
            transient_seal.open_under_link(stored, seal)
        with pytest.raises(CannotOpen):
            transient_seal.open_waiting(stored, seal)


def test_the_seals_of_link_and_hour_do_not_open_each_other() -> None:
    with pytest.raises(CannotOpen):
        transient_seal.open_waiting(TOKEN, transient_seal.seal_under_link(TOKEN, WAITING))
    with pytest.raises(CannotOpen):
        transient_seal.open_under_link(TOKEN, transient_seal.seal_waiting(TOKEN, WAITING))


def longest() -> Waiting:
    """The longest address and name that a form may bring, the name in letters of four bytes."""
    name = text.name("\U00020000" * 64)
    address = text.email("a" * 64 + "@" + ".".join(["b" * 61] * 3) + ".org")
    assert len(name.encode()) == 256
    return Waiting(address.ljust(254, "x"), name, TOKEN)


@pytest.mark.parametrize("waiting", [NOBODY, WAITING, longest()], ids=["shortest", "usual", "longest"])
def test_the_length_of_a_seal_tells_nothing(waiting: Waiting) -> None:
    key = os.urandom(32)
    assert len(transient_seal.seal_waiting(key, waiting)) == 24 + 16 + 640
    assert len(transient_seal.seal_under_link(TOKEN, waiting)) == 24 + 16 + 640


def test_two_seals_of_the_same_person_are_not_alike() -> None:
    assert transient_seal.seal_under_link(TOKEN, WAITING) != transient_seal.seal_under_link(TOKEN, WAITING)


@pytest.mark.parametrize("place", [0, 24, 100, -1])
def test_a_changed_seal_does_not_open(place: int) -> None:
    seal = bytearray(transient_seal.seal_under_link(TOKEN, WAITING))
    seal[place] ^= 1
    with pytest.raises(CannotOpen):
        transient_seal.open_under_link(TOKEN, bytes(seal))


@pytest.mark.parametrize("seal", [b"", b"\0" * 23, b"\0" * 24, b"\0" * 40])
def test_a_seal_that_is_too_short_does_not_open(seal: bytes) -> None:
    with pytest.raises(CannotOpen):
        transient_seal.open_under_link(TOKEN, seal)


def test_what_waits_shows_nothing_of_itself() -> None:
    shown = repr(WAITING) + str(WAITING)
    assert "zofia" not in shown.lower()
    assert "\\x01" not in shown
