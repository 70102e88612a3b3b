"""How an address waits: under the mailed link or worker keys, alike in length, and opened by nothing stored."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from nacl.public import Box, PrivateKey, PublicKey
from nacl.secret import SecretBox

from proca_web.crypto.boxes import live_pair, transient_seal
from proca_web.crypto.boxes.live_pair import LivePair
from proca_web.crypto.boxes.transient_seal import ENTRY_BYTES, PADDED, Carries, Waiting
from proca_web.crypto.boxes.worker_key import LIFE, WorkerKey
from proca_web.crypto.errors import CannotOpen, SenderEnded
from proca_web.crypto.memory import Secret
from proca_web.domain.people import text

TOKEN, CHECK = bytes(range(32)), bytes(range(32, 64))
WAITING = Waiting("zofia@example.org", "Zofia", TOKEN, CHECK)
NOBODY = Waiting("a@b.co", "Al")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECRETS = [PrivateKey(bytes([number]) * 32) for number in (1, 2, 3)]
KEYS = [
    WorkerKey(number, "0" * 16, bytes(secret.public_key), NOW, NOW + LIFE, b"")
    for number, secret in zip((7, 2**40, 9), SECRETS, strict=True)
]


@pytest.fixture
def pair() -> Iterator[LivePair]:
    """What a web process seals with."""
    made = live_pair.new_pair()
    yield made
    made.end()


def of_host(place: int) -> LivePair:
    """A worker host's pair."""
    return LivePair(KEYS[place].public, Secret.taking(bytearray(bytes(SECRETS[place]))))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


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
    assert transient_seal.open_under_link(TOKEN, seal) == Waiting("zofia@example.org", "Zofia", check=CHECK)
    plaintext = SecretBox(k(b"link-seal", TOKEN)).decrypt(seal)
    assert json.loads(plaintext) == {"email": "zofia@example.org", "first_name": "Zofia", "c": b64(CHECK)}


def test_a_links_seal_of_before_there_was_a_check_code_opens() -> None:
    before = json.dumps({"email": "zofia@example.org", "first_name": "Zofia", "token": ""}).encode().ljust(640)
    seal = bytes(SecretBox(k(b"link-seal", TOKEN)).encrypt(before, os.urandom(24)))
    assert transient_seal.open_under_link(TOKEN, seal) == Waiting("zofia@example.org", "Zofia")


def test_each_worker_host_opens_its_entry_and_no_other(pair: LivePair) -> None:
    seal = transient_seal.seal_waiting(pair, KEYS, WAITING)
    assert transient_seal.key_ids(seal) == [key.id for key in KEYS]
    for place, key in enumerate(KEYS):
        host = of_host(place)
        assert transient_seal.open_waiting(host, key.id, seal) == WAITING
        for other in KEYS:
            if other is not key:
                with pytest.raises(CannotOpen):
                    transient_seal.open_waiting(host, other.id, seal)
        host.end()


def test_an_entry_is_the_bytes_of_the_protocol(pair: LivePair) -> None:
    entry = transient_seal.seal_waiting(pair, KEYS[1:2], WAITING)
    assert entry[:8] == (2**40).to_bytes(8, "big")
    opened = Box(SECRETS[1], PublicKey(entry[8:40])).decrypt(entry[64:], entry[40:64])
    content = {"email": "zofia@example.org", "first_name": "Zofia", "t": b64(TOKEN), "c": b64(CHECK)}
    assert json.loads(opened) == content
    assert len(opened) == PADDED


def test_what_is_withdrawn_with_is_named_apart(pair: LivePair) -> None:
    waiting = replace(WAITING, carries=Carries.WITHDRAW)
    entry = transient_seal.seal_waiting(pair, KEYS[:1], waiting)
    opened = Box(SECRETS[0], PublicKey(entry[8:40])).decrypt(entry[64:], entry[40:64])
    assert json.loads(opened)["w"] == b64(TOKEN)
    assert transient_seal.open_waiting(of_host(0), 7, entry) == waiting


def test_a_pressed_link_waits_as_its_token_alone(pair: LivePair) -> None:
    entry = transient_seal.seal_waiting(pair, KEYS[:1], Waiting("", "", TOKEN))
    opened = Box(SECRETS[0], PublicKey(entry[8:40])).decrypt(entry[64:], entry[40:64])
    assert json.loads(opened) == {"t": b64(TOKEN), "c": ""}
    assert transient_seal.open_waiting(of_host(0), 7, entry).token == TOKEN


def test_a_pair_that_has_ended_seals_nothing(pair: LivePair) -> None:
    pair.end()
    with pytest.raises(SenderEnded):
        transient_seal.seal_waiting(pair, KEYS, WAITING)


def test_the_id_that_is_stored_opens_nothing() -> None:
    seal = transient_seal.seal_under_link(TOKEN, WAITING)
    for stored in (transient_seal.link_id(TOKEN), transient_seal.withdraw_id(TOKEN)):
        with pytest.raises(CannotOpen):
            transient_seal.open_under_link(stored, seal)


@pytest.mark.parametrize("seal", [b"x" * (24 + 16 + 640), b"x" * (ENTRY_BYTES - 1), b""])
def test_a_seal_of_before_names_no_worker_key(seal: bytes) -> None:
    assert transient_seal.key_ids(seal) == []


def longest() -> Waiting:
    """The longest address and name that a form may bring, the name in letters of four bytes."""
    name = text.name("\U00020000" * 64)
    address = text.email("a" * 64 + "@" + ".".join(["b" * 61] * 3) + ".org")
    assert len(name.encode()) == 256
    return Waiting(address.ljust(254, "x"), name, TOKEN, CHECK)


@pytest.mark.parametrize("waiting", [NOBODY, WAITING, Waiting("", "", TOKEN), longest()])
def test_the_length_of_a_seal_tells_nothing(pair: LivePair, waiting: Waiting) -> None:
    assert len(transient_seal.seal_waiting(pair, KEYS[:1], waiting)) == ENTRY_BYTES == 8 + 32 + 24 + 16 + PADDED
    assert len(transient_seal.seal_under_link(TOKEN, waiting)) == 24 + 16 + PADDED


@pytest.mark.parametrize("place", [8, 41, 64, 100, -1])
def test_a_changed_entry_does_not_open(pair: LivePair, place: int) -> None:
    seal = bytearray(transient_seal.seal_waiting(pair, KEYS[:1], WAITING))
    seal[place] ^= 1
    with pytest.raises(CannotOpen):
        transient_seal.open_waiting(of_host(0), 7, bytes(seal))


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
