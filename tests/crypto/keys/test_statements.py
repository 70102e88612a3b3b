"""What keys sign, byte by byte: made and checked here with raw PyNaCl and hashlib."""

import base64
import hashlib
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from nacl.signing import SigningKey, VerifyKey

from proca_web.crypto.errors import StatementRefused
from proca_web.crypto.keys import statements
from proca_web.crypto.keys.statements import OrgRotation

HOME = SigningKey(b"h" * 32)
SECRET, OLD, NEW, NEW_SIGN = b"s" * 32, b"o" * 32, b"n" * 32, b"g" * 32
NOON = 1_772_366_400


def labelled(purpose: str) -> bytes:
    return b"proca-web:" + purpose.encode() + b":v1\x00"


def be32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def be64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def by_home(purpose: str, data: bytes) -> bytes:
    return HOME.sign(labelled(purpose) + data).signature


def old_sign_key() -> SigningKey:
    """The Ed25519 key that protocol 5 derives from the X25519 secret."""
    return SigningKey(hashlib.sha512(labelled("org-sign") + SECRET).digest()[:32])


def rotation(org: str = "org-one", time: int = NOON) -> OrgRotation:
    return OrgRotation.sign(SECRET, org, OLD, NEW, NEW_SIGN, time)


def test_a_signature_counts_for_its_key_purpose_and_bytes_only() -> None:
    home, signature = bytes(HOME.verify_key), by_home("org-key", b"data")
    assert statements.is_signed(home, "org-key", b"data", signature)
    assert not statements.is_signed(bytes(SigningKey.generate().verify_key), "org-key", b"data", signature)
    assert not statements.is_signed(home, "keylog-head", b"data", signature)
    assert not statements.is_signed(home, "org-key", b"Data", signature)
    assert not statements.is_signed(home, "org-key", b"data", bytes([signature[0] ^ 1]) + signature[1:])


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_size_has_signed_nothing(size: int) -> None:
    assert not statements.is_signed(b"k" * size, "org-key", b"data", by_home("org-key", b"data"))


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_size_is_none(size: int) -> None:
    signature = by_home("org-key", b"data").ljust(size, b"\0")[:size]
    assert not statements.is_signed(bytes(HOME.verify_key), "org-key", b"data", signature)


@pytest.mark.parametrize("public", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32])
def test_a_key_under_which_anything_could_be_signed_has_signed_nothing(public: bytes) -> None:
    assert not statements.is_signed(public, "org-key", b"data", b"\x01" + bytes(63))


def test_an_endorsement_is_over_the_org_the_role_the_key_and_its_place_in_the_log() -> None:
    assert statements.org_key("org-one", "recovery", OLD, 7) == (
        be32(7) + b"org-one" + be32(8) + b"recovery" + OLD + be64(7)
    )


def test_an_orgs_name_cannot_lend_letters_to_its_role() -> None:
    assert statements.org_key("org-oner", "ecipient", OLD, 1) != statements.org_key("org-one", "recipient", OLD, 1)
    assert statements.org_key("żółw", "recipient", OLD, 1).startswith(be32(7) + "żółw".encode())


def test_a_home_rotation_names_both_new_keys_and_the_time() -> None:
    assert statements.home_rotation(NEW, OLD, NOON) == NEW + OLD + be64(NOON)


def test_a_head_names_its_size_the_last_hash_and_the_time() -> None:
    assert statements.log_head(12, b"#" * 32, NOON) == be64(12) + b"#" * 32 + be64(NOON)
    assert statements.log_entry(11, b"#" * 32) == be64(11) + b"#" * 32


def test_an_org_rotation_is_signed_by_the_key_that_follows_from_the_old_secret() -> None:
    message = labelled("org-rotate") + be32(7) + b"org-one" + OLD + NEW + NEW_SIGN + be64(NOON)
    VerifyKey(bytes(old_sign_key().verify_key)).verify(message, rotation().signature)


def test_an_org_rotation_made_elsewhere_is_accepted() -> None:
    message = labelled("org-rotate") + be32(7) + b"org-one" + OLD + NEW + NEW_SIGN + be64(NOON)
    made = OrgRotation(NOON, old_sign_key().sign(message).signature)
    assert made.is_by(bytes(old_sign_key().verify_key), "org-one", OLD, NEW, NEW_SIGN)


@pytest.mark.parametrize("place", range(5))
def test_an_org_rotation_counts_for_exactly_its_change(place: int) -> None:
    facts: list[bytes | str] = [bytes(old_sign_key().verify_key), "org-one", OLD, NEW, NEW_SIGN]
    assert rotation().is_by(*facts)  # type: ignore[arg-type]
    facts[place] = "org-two" if place == 1 else os.urandom(32)
    assert not rotation().is_by(*facts)  # type: ignore[arg-type]
    later = OrgRotation(NOON + 1, rotation().signature)
    assert not later.is_by(bytes(old_sign_key().verify_key), "org-one", OLD, NEW, NEW_SIGN)


def test_an_org_rotation_travels_as_a_time_a_dot_and_base64url() -> None:
    made = rotation()
    signature = base64.urlsafe_b64encode(made.signature).decode().rstrip("=")
    assert str(made) == f"{NOON}.{signature}"
    assert OrgRotation.read(f" {NOON}.{signature}\n") == made


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a time in seconds, a dot and a signature"),
        (f"{NOON}", "a time in seconds, a dot and a signature"),
        (f".{'A' * 86}", "a time in seconds, a dot and a signature"),
        (f"-1.{'A' * 86}", "a time in seconds, a dot and a signature"),
        (f"1e9.{'A' * 86}", "a time in seconds, a dot and a signature"),
        (f"٣.{'A' * 86}", "a time in seconds, a dot and a signature"),
        (f"²{'A' * 86}", "a time in seconds, a dot and a signature"),
        (f"{'9' * 13}.{'A' * 86}", "a time in seconds, a dot and a signature"),
        (f"253402300800.{'A' * 86}", "a time that is no time"),
        (f"{NOON}.", "0 bytes where 64 are needed"),
        (f"{NOON}.{'A' * 85}", "damaged"),
        (f"{NOON}.{'A' * 85}B", "not canonical"),
        (f"{NOON}.{'A' * 86}==", "not base64url"),
        (f"{NOON}.{'ü' * 86}", "not base64url"),
        (f"{NOON}.{'A' * 43}.{'A' * 42}", "not base64url"),
    ],
)
def test_a_text_that_is_no_rotation_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(StatementRefused, match=reason):
        OrgRotation.read(text)


@given(some.text() | some.from_regex(r"[0-9]{1,13}\.[A-Za-z0-9_-]{84,88}"))
@example("0." + "\ud800" * 86)
@example("253402300799." + "A" * 86)
def test_whatever_is_given_as_a_rotation_is_read_or_refused(text: str) -> None:
    try:
        read = OrgRotation.read(text)
    except StatementRefused:
        return
    assert OrgRotation.read(str(read)) == read
