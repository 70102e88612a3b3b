"""The proof of possession opens challenges and nothing else: no stored row can be read through it (protocol 5)."""

import hashlib
import hmac
import json
import os
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from nacl.public import Box, PrivateKey, PublicKey

from proca_web.crypto.errors import ChallengeRefused, CryptoError, KeyRefused
from proca_web.crypto.keys import possession
from proca_web.crypto.keys.possession import Challenge
from proca_web.crypto.memory import Secret
from tests.factories import b64

IDENTITY = b"i" * 32
KEY, EPHEMERAL = PrivateKey(b"k" * 32), PrivateKey(b"e" * 32)
PUBLIC = bytes(KEY.public_key)
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=10)
ID, NONCE, RANDOM = b"#" * 16, b"n" * 24, b"c" * 32
PERSON = b'{"firstName":"Zofia","email":"zofia@example.org"}'
PREFIX = b"proca-web:pop:v1\x00"
LOW_ORDER = [bytes(32), b"\x01" + bytes(31), bytes.fromhex("ecffffffffffffff" + "ff" * 23 + "7f")]


def plaintext(**changes: bytes) -> bytes:
    """The 169 bytes of protocol 5, with parts replaced by name."""
    parts = {
        "prefix": PREFIX,
        "identity": IDENTITY,
        "org": hashlib.sha256(b"org-one").digest(),
        "public": PUBLIC,
        "id": ID,
        "until": int(UNTIL.timestamp()).to_bytes(8, "big"),
        "random": RANDOM,
    }
    return b"".join({**parts, **changes}.values())


def boxed(content: bytes, sender: PrivateKey = EPHEMERAL, nonce: bytes = NONCE) -> bytes:
    return Box(sender, PublicKey(PUBLIC)).encrypt(content, nonce).ciphertext


def challenge(content: bytes | None = None, **changes: Any) -> Challenge:
    """A challenge whose box was made with raw PyNaCl."""
    box = boxed(plaintext() if content is None else content)
    made = Challenge(ID, "org-one", PUBLIC, bytes(EPHEMERAL.public_key), NONCE, box, UNTIL)
    return replace(made, **changes)


def answer(asked: Challenge, *, identity: bytes = IDENTITY, org: str = "org-one", now: datetime = NOW) -> bytes:
    return possession.answer(asked, Secret.taking(bytearray(bytes(KEY))), identity=identity, org=org, now=now)


def expected(random: bytes, id_: bytes) -> bytes:
    message = b"proca-web:pop-answer:v1\x00" + IDENTITY + PUBLIC
    return hmac.digest(random + id_, message, hashlib.sha512)[:32]


def refused(asked: Challenge, **more: Any) -> str:
    """The words of the refusal, with everything a traceback would show of it."""
    with pytest.raises(ChallengeRefused) as caught:
        answer(asked, **more)
    shown = "".join(traceback.format_exception(caught.value))
    for secret in (PERSON, RANDOM, bytes(KEY)):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown
    return str(caught.value)


def test_an_answer_follows_from_the_random_bytes_and_the_id() -> None:
    assert len(plaintext()) == possession.PLAINTEXT_BYTES == 169
    assert len(boxed(plaintext())) == possession.BOX_BYTES == 185
    assert answer(challenge()) == expected(RANDOM, ID)


def test_a_posed_challenge_is_the_protocols_169_bytes_and_comes_with_its_answer() -> None:
    asked, right = possession.pose(IDENTITY, "org-one", PUBLIC, UNTIL)
    opened = Box(KEY, PublicKey(asked.ephemeral)).decrypt(asked.box, asked.nonce)
    assert opened[:-32] == plaintext(id=asked.id)[:-32]
    assert right == expected(opened[-32:], asked.id) == answer(asked)


def test_no_two_challenges_are_alike() -> None:
    posed = [possession.pose(IDENTITY, "org-one", PUBLIC, UNTIL) for _ in range(50)]
    for part in ("id", "ephemeral", "nonce", "box"):
        assert len({getattr(asked, part) for asked, _ in posed}) == 50
    assert len({right for _, right in posed}) == 50


@pytest.mark.parametrize("public", LOW_ORDER)
def test_no_challenge_is_posed_to_a_low_order_key(public: bytes) -> None:
    with pytest.raises(KeyRefused):
        possession.pose(IDENTITY, "org-one", public, UNTIL)


def test_a_challenge_survives_its_way_as_json() -> None:
    asked, right = possession.pose(IDENTITY, "org-one", PUBLIC, UNTIL)
    content = asked.as_json()
    assert (content["format"], content["version"]) == ("proca-web-challenge", 1)
    assert content["expires_at"] == "2026-03-01T12:10:00Z"
    assert b64(content["box"]) == asked.box
    assert "box" not in repr(asked)
    read = Challenge.loads(json.dumps(content))
    assert read == asked
    assert answer(read) == right


def test_a_stored_row_handed_over_as_a_challenge_yields_nothing() -> None:
    row = boxed(PERSON.ljust(1024))
    assert len(row) == 1040
    assert refused(challenge(box=row)) == possession.NOT_A_CHALLENGE
    content = {**challenge().as_json(), "box": Challenge(ID, "", b"", b"", b"", row, UNTIL).as_json()["box"]}
    with pytest.raises(ChallengeRefused, match="nothing was opened"):
        Challenge.loads(json.dumps(content))


def test_a_box_of_185_bytes_that_is_no_challenge_yields_nothing() -> None:
    asked = challenge(PERSON.ljust(169))
    assert len(asked.box) == possession.BOX_BYTES
    assert refused(asked) == refused(challenge(box=os.urandom(185))) == possession.NOT_A_CHALLENGE


@pytest.mark.parametrize("change", [-169, -1, 1, 855])
def test_a_challenge_of_another_length_is_refused(change: int) -> None:
    longer = plaintext().ljust(169 + change, b"c")[: 169 + change]
    assert refused(challenge(longer)) == possession.NOT_A_CHALLENGE


@pytest.mark.parametrize(
    "change",
    [
        {"prefix": b"proca-web:pop:v2\x00"},
        {"identity": b"j" * 32},
        {"org": hashlib.sha256(b"org-two").digest()},
        {"public": bytes(PrivateKey.generate().public_key)},
        {"id": b"$" * 16},
        {"until": int(UNTIL.timestamp() + 1).to_bytes(8, "big")},
    ],
)
def test_every_part_of_what_was_sealed_must_be_as_it_should(change: dict[str, bytes]) -> None:
    assert refused(challenge(plaintext(**change))) == possession.NOT_A_CHALLENGE


@pytest.mark.parametrize(
    "change",
    [
        {"id": b"$" * 16},
        {"org": "org-two"},
        {"public": bytes(PrivateKey.generate().public_key)},
        {"ephemeral": bytes(PrivateKey.generate().public_key)},
        {"nonce": b"m" * 24},
        {"nonce": b""},
        {"expires_at": UNTIL + timedelta(seconds=1)},
        {"box": boxed(plaintext(), PrivateKey.generate())},
        *({"ephemeral": public} for public in LOW_ORDER),
    ],
)
def test_every_part_around_the_box_must_be_as_it_was_sealed(change: dict[str, Any]) -> None:
    assert refused(challenge(**change)) == possession.NOT_A_CHALLENGE


def test_another_home_or_org_than_the_holders_own_gets_no_answer() -> None:
    assert refused(challenge(), identity=b"j" * 32) == possession.NOT_A_CHALLENGE
    assert refused(challenge(), identity=b"") == possession.NOT_A_CHALLENGE
    assert refused(challenge(), org="org-two") == possession.NOT_A_CHALLENGE


def test_an_answer_is_given_until_the_last_second_and_not_after() -> None:
    assert answer(challenge(), now=UNTIL - timedelta(seconds=1))
    assert "too old" in refused(challenge(), now=UNTIL)


def test_an_expiry_cannot_be_moved_from_outside() -> None:
    later = UNTIL + timedelta(days=1)
    assert refused(challenge(expires_at=later), now=UNTIL + timedelta(hours=1)) == possession.NOT_A_CHALLENGE


def test_answers_of_different_challenges_and_keys_differ() -> None:
    other = answer(challenge(plaintext(random=b"d" * 32)))
    assert other == expected(b"d" * 32, ID) != answer(challenge())


@pytest.mark.parametrize(
    "change",
    [
        {"format": "proca-web-orgkey"},
        {"version": 2},
        {"version": "1"},
        {"id": "A" * 21},
        {"id": None},
        {"org": None},
        {"org": ["org-one"]},
        {"public": "A" * 42 + "="},
        {"ephemeral": 7},
        {"nonce": "A" * 33},
        {"box": "A" * 246},
        {"box": "A" * 248},
        {"box": ["A"]},
        {"expires_at": "2026-03-01"},
        {"expires_at": "2026-03-01T12:10:00+00:00"},
        {"expires_at": "2026-13-01T12:10:00Z"},
        {"expires_at": "1969-12-31T23:59:59Z"},
        {"expires_at": 1_772_366_400},
    ],
)
def test_json_of_another_shape_is_refused_before_anything_is_opened(change: dict[str, Any]) -> None:
    with pytest.raises(ChallengeRefused, match="nothing was opened"):
        Challenge.loads(json.dumps({**challenge().as_json(), **change}))


def test_every_member_of_a_challenge_is_needed() -> None:
    content = challenge().as_json()
    for name in content:
        with pytest.raises(ChallengeRefused):
            Challenge.loads(json.dumps({other: content[other] for other in content if other != name}))


VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=300),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(some.dictionaries(some.sampled_from(sorted(challenge().as_json())), VALUES, max_size=3))
@example({"org": "\ud800"})
@example({"expires_at": "0001-01-01T00:00:00Z"})
@example({"version": True})
def test_whatever_json_is_handed_over_is_answered_rightly_or_refused(change: dict[str, Any]) -> None:
    try:
        given_answer = answer(Challenge.loads(json.dumps({**challenge().as_json(), **change})))
    except ChallengeRefused:
        return
    assert given_answer == expected(RANDOM, ID)


@given(some.text() | some.binary().map(lambda raw: raw.decode("utf-8", "replace")))
@example("[" * 100_000)
@example('{"a":' * 100_000)
@example("1" * 5000)
def test_whatever_text_is_handed_over_is_refused(text: str) -> None:
    with pytest.raises(ChallengeRefused):
        Challenge.loads(text)


@given(some.binary(min_size=169, max_size=169))
def test_whatever_169_bytes_are_sealed_nothing_but_the_challenge_is_answered(content: bytes) -> None:
    with pytest.raises(CryptoError, match="nothing was opened"):
        answer(challenge(content))
