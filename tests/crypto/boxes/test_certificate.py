"""A sender's certificate: 203 bytes, signed by the Home identity; each check of a verifier has its own reason.

What is verified here is signed with raw PyNaCl; what our code issues is taken apart by slicing.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nacl.public import PrivateKey
from nacl.signing import SigningKey, VerifyKey

from proca_web.crypto.boxes import certificate as certificates
from proca_web.crypto.boxes.certificate import Certificate, Mode
from proca_web.crypto.errors import CertificateRefused
from tests.crypto.making import FIRST_NONCE, NOON, TwoClocks, new_home, new_sender, number

LABEL = b"proca-web:sender-cert:v1\x00"
IDENTITY = SigningKey.generate()
HOME_BOX = bytes(PrivateKey.generate().public_key)
SENDER = bytes(PrivateKey.generate().public_key)
START = int(NOON) + 30
SPACE = 2**192


@dataclass(frozen=True)
class Body:
    """The 139 signed bytes as the protocol lists them, written without our code."""

    identity: bytes = bytes(IDENTITY.verify_key)
    home_box: bytes = HOME_BOX
    sender: bytes = SENDER
    mode: int = 1
    not_before: int = START
    not_after: int = START + 900
    first_nonce: bytes = FIRST_NONCE
    nonces: int = 4096

    def signed(self, key: SigningKey = IDENTITY, label: bytes = LABEL) -> bytes:
        body = self.identity + self.home_box + self.sender + bytes([self.mode])
        body += self.not_before.to_bytes(8, "big") + self.not_after.to_bytes(8, "big")
        body += self.first_nonce + self.nonces.to_bytes(2, "big")
        return key.sign(label + body).signature + body


STATIC = Body(sender=HOME_BOX, mode=0, not_after=0, nonces=0)


def verify(data: bytes, **changes: Any) -> Certificate:
    """Verify as a recipient does, with both Home keys pinned."""
    pins = {"identity": bytes(IDENTITY.verify_key), "home_box": HOME_BOX, "sign_key": SENDER}
    return certificates.verify(data, **(pins | changes))


@pytest.mark.parametrize("mode", list(Mode))
def test_a_senders_certificate_is_signature_and_body_in_203_bytes(mode: Mode) -> None:
    home = new_home()
    sender = new_sender(mode, home=home, clock=TwoClocks(NOON + 30.9))
    data = sender.certificate
    assert len(data) == 203
    VerifyKey(home.identity).verify(LABEL + data[64:], data[:64])
    body = data[64:]
    is_static = mode is Mode.STATIC
    assert body[:32] == home.identity
    assert body[32:64] == home.box_public
    assert body[64:96] == sender.public
    assert (sender.public == home.box_public) is is_static
    assert body[96] == {Mode.STATIC: 0, Mode.SESSION: 1, Mode.THROWAWAY: 2}[mode]
    assert number(body[97:105]) == START
    assert number(body[105:113]) == (0 if is_static else START + 900)
    assert body[113:137] == FIRST_NONCE
    assert number(body[137:139]) == {Mode.STATIC: 0, Mode.SESSION: 4096, Mode.THROWAWAY: 8}[mode]


@pytest.mark.parametrize("mode", list(Mode))
def test_what_a_sender_carries_is_what_a_verifier_reads(mode: Mode) -> None:
    home = new_home()
    sender = new_sender(mode, home=home)
    read = certificates.verify(
        sender.certificate, identity=home.identity, home_box=home.box_public, sign_key=sender.public
    )
    assert (read.mode, read.sender, read.first_nonce) == (mode, sender.public, FIRST_NONCE)
    assert (read.not_before, read.not_after) == (sender.not_before, sender.not_after)


def test_a_certificate_signed_with_raw_pynacl_is_read_field_by_field() -> None:
    read = verify(Body().signed())
    assert read == Certificate(
        identity=bytes(IDENTITY.verify_key),
        home_box=HOME_BOX,
        sender=SENDER,
        mode=Mode.SESSION,
        not_before=datetime.fromtimestamp(START, UTC),
        not_after=datetime.fromtimestamp(START + 900, UTC),
        first_nonce=FIRST_NONCE,
        nonces=4096,
    )


def test_a_static_certificate_has_no_end_and_no_range() -> None:
    read = verify(STATIC.signed(), sign_key=HOME_BOX)
    assert (read.mode, read.not_after, read.nonces) == (Mode.STATIC, None, 0)


OTHER = SigningKey.generate()
REFUSALS: dict[str, tuple[bytes, dict[str, bytes], str]] = {
    "a byte short": (Body().signed()[:-1], {}, "202 bytes where 203"),
    "a byte more": (Body().signed() + b"\0", {}, "204 bytes where 203"),
    "nothing": (b"", {}, "0 bytes where 203"),
    "another identity signed": (Body().signed(OTHER), {}, "not signed by the site that you trust"),
    "signed for another purpose": (
        Body().signed(label=b"proca-web:org-key:v1\x00"),
        {},
        "not signed by the site that you trust",
    ),
    "signed without a label": (Body().signed(label=b""), {}, "not signed by the site that you trust"),
    "another identity pinned": (
        Body().signed(),
        {"identity": bytes(OTHER.verify_key)},
        "not signed by the site that you trust",
    ),
    "another identity named": (
        Body(identity=bytes(OTHER.verify_key)).signed(),
        {},
        "made for another identity of the site",
    ),
    "another home box": (Body(home_box=SENDER).signed(), {}, "made for another box key of the site"),
    "another sender": (Body().signed(), {"sign_key": HOME_BOX}, "made for another sender"),
    "an unknown mode": (Body(mode=3).signed(), {}, "unknown sender mode"),
    "the highest mode": (Body(mode=255).signed(), {}, "unknown sender mode"),
    "a time that is no time": (Body(not_before=2**64 - 1).signed(), {}, "a time that is no time"),
    "a window of 901 seconds": (Body(not_after=START + 901).signed(), {}, "longer than 900 seconds"),
    "a window that ends first": (Body(not_after=START - 1).signed(), {}, "longer than 900 seconds"),
    "a session without an end": (Body(not_after=0).signed(), {}, "longer than 900 seconds"),
    "a throwaway of 901 seconds": (Body(mode=2, not_after=START + 901, nonces=4).signed(), {}, "900 seconds"),
    "no nonces": (Body(nonces=0).signed(), {}, "more nonces than a sender may have"),
    "4097 nonces": (Body(nonces=4097).signed(), {}, "more nonces than a sender may have"),
    "static with an end": (
        replace(STATIC, not_after=START + 900).signed(),
        {"sign_key": HOME_BOX},
        "a static sender that is not the site's key",
    ),
    "static with a range": (
        replace(STATIC, nonces=4).signed(),
        {"sign_key": HOME_BOX},
        "a static sender that is not the site's key",
    ),
    "static with a key of its own": (
        replace(STATIC, sender=SENDER).signed(),
        {},
        "a static sender that is not the site's key",
    ),
}


@pytest.mark.parametrize(("data", "pins", "reason"), REFUSALS.values(), ids=REFUSALS.keys())
def test_each_thing_that_is_wrong_has_its_own_reason(data: bytes, pins: dict[str, bytes], reason: str) -> None:
    with pytest.raises(CertificateRefused, match=reason):
        verify(data, **pins)


@pytest.mark.parametrize("place", range(0, 203, 7))
def test_a_changed_byte_anywhere_is_refused(place: int) -> None:
    data = bytearray(Body().signed())
    data[place] ^= 1
    with pytest.raises(CertificateRefused, match="not signed by the site that you trust"):
        verify(bytes(data))


def test_who_pins_the_identity_alone_accepts_any_box_key_of_it() -> None:
    assert verify(Body(home_box=SENDER).signed(), home_box=None).home_box == SENDER
    with pytest.raises(CertificateRefused, match="another box key of the site"):
        verify(Body(home_box=SENDER).signed())


@pytest.mark.parametrize(
    ("first", "nonces", "step", "fits"),
    [
        (1000, 4096, 0, True),
        (1000, 4096, 4095, True),
        (1000, 4096, 4096, False),
        (1000, 4096, -1, False),
        (1000, 1, 0, True),
        (1000, 1, 1, False),
        (SPACE - 2, 4, 1, True),
        (SPACE - 2, 4, 3, True),
        (SPACE - 2, 4, 4, False),
        (SPACE - 2, 4, -1, False),
    ],
)
def test_a_nonce_lies_in_the_range_that_begins_at_the_first(first: int, nonces: int, step: int, fits: bool) -> None:
    certificate = verify(Body(first_nonce=first.to_bytes(24, "big"), nonces=nonces).signed())
    nonce = ((first + step) % SPACE).to_bytes(24, "big")
    if fits:
        certificate.check_nonce(nonce)
        return
    with pytest.raises(CertificateRefused, match="outside this sender's range"):
        certificate.check_nonce(nonce)


def test_a_static_sender_has_no_range_to_leave() -> None:
    certificate = verify(STATIC.signed(), sign_key=HOME_BOX)
    for nonce in (b"\x00" * 24, b"\xff" * 24):
        certificate.check_nonce(nonce)


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-91, "before its sender existed"),  # a minute and more before the minute it began in
        (-31, "before its sender existed"),
        (-30, ""),  # the minute it began in
        (0, ""),
        (900, ""),
        (960, ""),  # a minute of grace
        (961, "after its sender had ended"),
        (86400, "after its sender had ended"),
    ],
)
def test_a_copy_says_a_minute_of_its_senders_time(seconds: int, reason: str) -> None:
    certificate = verify(Body().signed())
    minute = certificate.not_before + timedelta(seconds=seconds)
    if not reason:
        certificate.check_sealed_at(minute)
        return
    with pytest.raises(CertificateRefused, match=reason):
        certificate.check_sealed_at(minute)


def test_a_static_sender_has_a_beginning_and_no_end() -> None:
    certificate = verify(STATIC.signed(), sign_key=HOME_BOX)
    certificate.check_sealed_at(certificate.not_before + timedelta(days=10_000))
    with pytest.raises(CertificateRefused, match="before its sender existed"):
        certificate.check_sealed_at(certificate.not_before - timedelta(seconds=31))


def test_a_certificate_of_years_ago_is_never_compared_with_now() -> None:
    old = Body(not_before=1_000_000_000, not_after=1_000_000_900).signed()
    verify(old).check_sealed_at(datetime.fromtimestamp(1_000_000_020, UTC))
