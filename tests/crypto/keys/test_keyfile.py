"""An org's key file: what goes in comes out, damage is told from a wrong passphrase, and bounds come before work."""

import hashlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import nacl.secret
import pytest
from nacl.bindings import crypto_scalarmult_base

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import EncodingError, KeyFileDamaged, WrongPassphrase
from proca_web.crypto.keys import keyfile, passphrase
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.crypto.keys.keys import fingerprint

WORDS = "abacus abdomen abdominal abide abiding ability ablaze"
IDENTITY = b"i" * 32
Content = dict[str, Any]


@pytest.fixture(scope="module")
def key() -> OrgKey:
    made = keyfile.new_org_key("org-one", home_identity=encode(IDENTITY), origin="https://petitions.example.org")
    return replace(made, home_box=encode(b"b" * 32))


@pytest.fixture(scope="module")
def locked(key: OrgKey) -> str:
    """One key file for all tests of this module: its passphrase is slow on purpose."""
    return keyfile.dumps(keyfile.lock(key, WORDS, now=datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)))


@pytest.fixture
def content(locked: str) -> Content:
    made: Content = json.loads(locked)
    return made


def test_a_key_file_opens_with_its_passphrase(key: OrgKey, content: Content) -> None:
    assert keyfile.unlock(content, WORDS) == key


def test_a_key_file_shows_its_public_part_and_no_secret(key: OrgKey, locked: str, content: Content) -> None:
    assert keyfile.inspect(content) == key.public == crypto_scalarmult_base(key.secret)
    assert content["fingerprint"] == fingerprint(key.public)
    assert content["created_at"] == "2026-03-01T12:00:30Z"
    assert encode(key.secret) not in locked
    assert repr(key.secret) not in repr(key)


def test_the_members_stand_in_the_protocols_order(content: Content) -> None:
    assert list(content) == [
        "format",
        "version",
        "org",
        "public",
        "sign_public",
        "fingerprint",
        "home_identity",
        "home_box",
        "origin",
        "created_at",
        "kdf",
        "nonce",
        "seal",
        "check",
    ]
    assert list(content["kdf"]) == ["name", "rounds", "salt"]


def test_members_in_another_order_still_open(key: OrgKey, content: Content) -> None:
    kdf = dict(reversed(content["kdf"].items()))
    assert keyfile.unlock(dict(reversed(({**content, "kdf": kdf}).items())), WORDS) == key


def test_spaces_dashes_and_case_of_the_words_are_forgiven(key: OrgKey, content: Content) -> None:
    assert keyfile.unlock(content, "  ABACUS-abdomen  Abdominal abide\tabiding ability-ablaze\n") == key


def test_a_wrong_passphrase_is_told_from_a_damaged_file(content: Content) -> None:
    with pytest.raises(WrongPassphrase):
        keyfile.unlock(content, WORDS.replace("ablaze", "abacus"))


def _changed(text: str) -> str:
    return ("B" if text[0] != "B" else "C") + text[1:]


@pytest.mark.parametrize(
    "name",
    [
        "org",
        "public",
        "sign_public",
        "fingerprint",
        "home_identity",
        "home_box",
        "origin",
        "created_at",
        "nonce",
        "seal",
        "check",
    ],
)
def test_a_damaged_character_in_any_field_is_noticed_without_the_passphrase(content: Content, name: str) -> None:
    with pytest.raises(KeyFileDamaged):
        keyfile.inspect({**content, name: _changed(content[name])})


@pytest.mark.parametrize("change", [{"rounds": 600_001}, {"salt": "A" * 22}])
def test_a_damaged_derivation_is_noticed_without_the_passphrase(content: Content, change: Content) -> None:
    with pytest.raises(KeyFileDamaged):
        keyfile.inspect({**content, "kdf": {**content["kdf"], **change}})


def test_a_missing_field_is_damage(content: Content) -> None:
    for name in content:
        with pytest.raises(KeyFileDamaged):
            keyfile.inspect({other: content[other] for other in content if other != name})


@pytest.mark.parametrize(
    "change",
    [{"org": 1}, {"version": 2}, {"format": "other"}, {"kdf": []}, {"kdf": None}, {"seal": None}, {"org": "\ud800"}],
)
def test_a_field_of_the_wrong_kind_is_damage(content: Content, change: Content) -> None:
    with pytest.raises(KeyFileDamaged):
        keyfile.inspect({**content, **change})


@pytest.mark.parametrize("content", [None, [], "text", 7, {}])
def test_what_is_no_object_is_no_key_file(content: object) -> None:
    with pytest.raises(KeyFileDamaged):
        keyfile.inspect(content)


@pytest.mark.parametrize("rounds", [-1, 0, 1, 599_999, 5_000_001, 10**12, True, 600_000.0, "600000"])
def test_rounds_outside_the_bounds_are_refused_before_anything_is_derived(content: Content, rounds: object) -> None:
    hostile = {**content, "kdf": {**content["kdf"], "rounds": rounds}}
    hostile["check"] = _check(hostile) if isinstance(rounds, int) else content["check"]
    before = time.process_time()
    with pytest.raises(KeyFileDamaged):
        keyfile.unlock(hostile, WORDS)
    assert time.process_time() - before < 0.05


def _check(content: Content) -> str:
    """The check value that somebody who changes a file would write: it is no secret."""
    return encode(keyfile._check(content))


@pytest.mark.parametrize(
    "change",
    [
        {"home_identity": encode(b"j" * 32)},
        {"home_identity": ""},
        {"home_identity": fingerprint(b"j" * 32)},
        {"home_box": ""},
        {"org": "org-two"},
        {"origin": "https://elsewhere.example.org"},
    ],
)
def test_a_header_changed_on_purpose_is_noticed_when_the_file_opens(content: Content, change: Content) -> None:
    changed = {**content, **change}
    changed["check"] = _check(changed)
    keyfile.inspect(changed)
    with pytest.raises(KeyFileDamaged, match="does not belong to this file"):
        keyfile.unlock(changed, WORDS)


def test_a_public_key_of_somebody_else_is_noticed(content: Content) -> None:
    other = keyfile.new_org_key("org-one")
    names = {"public": encode(other.public), "fingerprint": fingerprint(other.public)}
    changed = {**content, **names, "sign_public": encode(other.sign_public)}
    changed["check"] = _check(changed)
    with pytest.raises(KeyFileDamaged):
        keyfile.unlock(changed, WORDS)


def test_every_key_file_has_its_own_salt_and_nonce(key: OrgKey) -> None:
    made = [keyfile.lock(key, WORDS) for _ in range(2)]
    assert len({content["kdf"]["salt"] for content in made}) == len({content["nonce"] for content in made}) == 2


def test_a_pin_is_read_in_both_forms_and_nothing_else_is_one() -> None:
    name = fingerprint(IDENTITY)
    assert keyfile.read_pin(f" {name.lower()}\n") == name
    assert keyfile.read_pin(encode(IDENTITY)) == encode(IDENTITY)
    for wrong in ("", name[:-1], name.replace("-", " "), encode(IDENTITY)[:-1], encode(IDENTITY) + "=", "ü" * 43):
        with pytest.raises(EncodingError):
            keyfile.read_pin(wrong)


def test_a_generated_passphrase_opens_what_it_locked(key: OrgKey) -> None:
    words = passphrase.generate()
    assert keyfile.unlock(keyfile.lock(key, words), words.title()) == key


COMPOSED, DECOMPOSED = (
    "Za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105",
    "Zaz\u0307o\u0301\u0142c\u0301 ge\u0328s\u0301la\u0328",
)


def test_a_key_file_is_sealed_under_the_nfkc_form_of_its_passphrase(key: OrgKey) -> None:
    content = keyfile.lock(key, DECOMPOSED)
    derived = hashlib.pbkdf2_hmac("sha256", COMPOSED.encode(), decode(content["kdf"]["salt"]), content["kdf"]["rounds"])
    opened = nacl.secret.SecretBox(derived).decrypt(decode(content["seal"]), decode(content["nonce"]))
    assert opened[1:33] == key.secret
    assert keyfile.unlock(content, COMPOSED) == keyfile.unlock(content, DECOMPOSED) == key


def test_an_older_file_sealed_under_the_text_as_typed_still_opens(key: OrgKey, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(keyfile, "normalise", str.strip)
        content = keyfile.lock(key, DECOMPOSED)
    assert keyfile.unlock(content, DECOMPOSED) == key
    with pytest.raises(WrongPassphrase):
        keyfile.unlock(content, "another passphrase, a\u030a")
