"""Sealing: the layer Proca's vectors fix, and the copies of one submission. Opened with raw PyNaCl."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from nacl.public import Box, PrivateKey, PublicKey

from proca_web.crypto import memory
from proca_web.crypto.boxes import sealing
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.sealing import Sealed, Sealer
from proca_web.crypto.errors import CannotOpen, KeyRefused, SenderEnded
from proca_web.crypto.keys.keys import RecipientKey
from proca_web.crypto.memory import Secret
from tests.crypto.making import FIRST_NONCE, home_of, key_of, new_sender, number, opened
from tests.factories import b64

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors").joinpath("proca.json").read_text("utf-8"))
CONTENT = VECTORS["payload_json"].encode()
COPIES = [("personalInfo_org1", "org1"), ("personalInfo_org2", "org2")]


def secret_of(name: str) -> bytes:
    """The secret of a party of the vectors."""
    return b64(VECTORS[name]["private"])


@pytest.mark.parametrize(("copy", "org"), COPIES)
def test_sealing_gives_procas_bytes(copy: str, org: str) -> None:
    sealed = sealing.seal(
        CONTENT, b64(VECTORS[copy]["nonce"]), b64(VECTORS[org]["public"]), Secret.taking(secret_of("home"))
    )
    assert sealed == b64(VECTORS[copy]["payload"])


@pytest.mark.parametrize(("copy", "org"), COPIES)
def test_raw_pynacl_gives_and_opens_the_same_bytes(copy: str, org: str) -> None:
    nonce, payload = b64(VECTORS[copy]["nonce"]), b64(VECTORS[copy]["payload"])
    written = Box(PrivateKey(secret_of("home")), PublicKey(b64(VECTORS[org]["public"]))).encrypt(CONTENT, nonce)
    assert written.ciphertext == payload
    read = Box(PrivateKey(secret_of(org)), PublicKey(b64(VECTORS["home"]["public"]))).decrypt(payload, nonce)
    assert read == CONTENT


@pytest.mark.parametrize(("copy", "org"), COPIES)
def test_a_recipient_opens_procas_bytes(copy: str, org: str) -> None:
    read = sealing.open_box(
        b64(VECTORS[copy]["payload"]),
        b64(VECTORS[copy]["nonce"]),
        b64(VECTORS["home"]["public"]),
        Secret.taking(secret_of(org)),
    )
    assert read == CONTENT


def test_the_vectors_two_copies_have_neighbouring_nonces() -> None:
    first, second = (number(b64(VECTORS[copy]["nonce"])) for copy, _ in COPIES)
    assert second - first == 1


def test_a_static_sender_with_procas_key_and_nonce_writes_both_of_procas_copies() -> None:
    sender = new_sender(
        Mode.STATIC, home=home_of(secret_of("home")), first_nonce=b64(VECTORS["personalInfo_org1"]["nonce"])
    )
    sealer = Sealer(sender)
    for copy, org in COPIES:
        sealed = sealer.seal(CONTENT, RecipientKey(2, b64(VECTORS[org]["public"]), "recipient", ""))
        assert (sealed.payload, sealed.nonce) == (b64(VECTORS[copy]["payload"]), b64(VECTORS[copy]["nonce"]))


@pytest.mark.parametrize("mode", list(Mode))
def test_every_copy_of_a_submission_opens_with_its_own_orgs_secret_only(mode: Mode) -> None:
    sender = new_sender(mode)
    orgs = [PrivateKey.generate() for _ in range(4)]
    sealer = Sealer(sender)
    copies = [sealer.seal(f"copy {place}".encode(), key_of(org)) for place, org in enumerate(orgs)]
    for place, (org, sealed) in enumerate(zip(orgs, copies, strict=True)):
        assert opened(sealed.payload, sealed.nonce, sender.public, org) == f"copy {place}".encode()
    with pytest.raises(CannotOpen):
        sealing.open_box(copies[0].payload, copies[0].nonce, sender.public, Secret.taking(bytearray(bytes(orgs[1]))))


def test_a_sealed_copy_is_four_things_and_shows_none_of_its_bytes() -> None:
    sender, org = new_sender(), PrivateKey.generate()
    sender.row_id = 17
    sealed = Sealer(sender).seal(b"text", key_of(org, row=4))
    assert (sealed.public_key_id, sealed.sign_key_id, sealed.nonce) == (4, 17, FIRST_NONCE)
    assert len(sealed.payload) == 16 + 4
    assert repr(sealed) == "Sealed(public_key_id=4, sign_key_id=17)"


def test_nobody_who_seals_can_choose_the_nonce() -> None:
    assert "nonce" not in Sealer.seal.__annotations__
    with pytest.raises(TypeError):
        Sealer(new_sender()).seal(b"text", key_of(PrivateKey.generate()), nonce=FIRST_NONCE)  # type: ignore[call-arg]


def test_a_low_order_recipient_gets_no_copy_and_ends_no_sender() -> None:
    sender, org = new_sender(), PrivateKey.generate()
    sealer = Sealer(sender)
    with pytest.raises(KeyRefused, match="low-order"):
        sealer.seal(b"text", RecipientKey(2, bytes(32), "recipient", ""))
    assert bytes(32) not in sender._shared
    sealed = sealer.seal(b"text", key_of(org))
    assert opened(sealed.payload, sealed.nonce, sender.public, org) == b"text"


def test_a_submission_can_end_its_own_sender() -> None:
    sender, org = new_sender(), PrivateKey.generate()
    sealer = Sealer(sender)
    sealer.end_sender()
    assert sender.ended
    with pytest.raises(SenderEnded):
        sealer.seal(b"text", key_of(org))


@pytest.mark.parametrize("part", ["payload", "nonce", "sender", "recipient"])
def test_a_copy_opens_with_exactly_its_own_payload_nonce_sender_and_recipient(part: str) -> None:
    sender, org = new_sender(), PrivateKey.generate()
    sealed = Sealer(sender).seal(b"text", key_of(org))
    parts = {"payload": sealed.payload, "nonce": sealed.nonce, "sender": sender.public, "recipient": bytes(org)}
    wrong = {
        "payload": sealed.payload[:-1] + bytes([sealed.payload[-1] ^ 1]),
        "nonce": os.urandom(24),
        "sender": bytes(PrivateKey.generate().public_key),
        "recipient": os.urandom(32),
    }
    assert _open(**parts) == b"text"
    with pytest.raises(CannotOpen, match="does not open"):
        _open(**(parts | {part: wrong[part]}))


def _open(*, payload: bytes, nonce: bytes, sender: bytes, recipient: bytes) -> bytes:
    return sealing.open_box(payload, nonce, sender, Secret.taking(bytearray(recipient)))


def test_a_box_of_a_low_order_sender_is_not_opened() -> None:
    with pytest.raises(KeyRefused):
        sealing.open_box(bytes(40), FIRST_NONCE, bytes(32), Secret.taking(os.urandom(32)))


def test_sealing_wipes_the_key_it_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Secret] = []
    real = memory.box_shared

    def remember(public: bytes, secret: Secret) -> Secret:
        made.append(real(public, secret))
        return made[-1]

    monkeypatch.setattr(memory, "box_shared", remember)
    org = PrivateKey.generate()
    payload = sealing.seal(b"text", FIRST_NONCE, bytes(org.public_key), Secret.taking(secret_of("home")))
    sealing.open_box(payload, FIRST_NONCE, b64(VECTORS["home"]["public"]), Secret.taking(bytearray(bytes(org))))
    with pytest.raises(CannotOpen):
        sealing.open_box(payload, bytes(24), b64(VECTORS["home"]["public"]), Secret.taking(bytearray(bytes(org))))
    assert [shared.is_wiped for shared in made] == [True, True, True]


def test_a_sealed_copy_is_not_changed_after_it_was_made() -> None:
    sealed = Sealed(b"payload", b"nonce", 1, 2)
    with pytest.raises(AttributeError):
        sealed.nonce = FIRST_NONCE  # type: ignore[misc]
