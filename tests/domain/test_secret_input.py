"""What looks like a secret is noticed however it was named, nested or written down; ordinary input passes."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from nacl.public import PrivateKey

from proca_web.domain import secret_input
from tests.factories import sign_rotation
from tests.key_holder import Holder, b64

HOLDER = Holder("org-one")
SECRET = bytes(HOLDER.secret)
NAMES = [
    "private",
    "privatekey",
    "secret",
    "secretkey",
    "sk",
    "seed",
    "mnemonic",
    "passphrase",
    "seal",
    "keystore",
    "orgkey",
]


def of_holder(value: bytes) -> bool:
    """Whether these 32 bytes are the secret of the org's key, found out with raw PyNaCl."""
    return bytes(PrivateKey(value).public_key) == HOLDER.public


def looks(*members: tuple[str, Any]) -> bool:
    return secret_input.looks_secret(members, of_holder)


def body(content: Any) -> bool:
    """Whether a JSON body does."""
    return looks(("", json.dumps(content)))


# Names


@pytest.mark.parametrize("name", NAMES)
def test_a_secrets_name_is_refused_whatever_its_value(name: str) -> None:
    assert looks((name, ""))
    assert body({name: None})


@pytest.mark.parametrize(
    "name",
    ["Private-Key", "PRIVATE_KEY", "privateKey", "secret key", "s.k", "SK", "seed2", "org-key", "__seal__", "keyStore"],
)
def test_dashes_underscores_digits_and_case_hide_no_name(name: str) -> None:
    assert looks((name, "x"))


@pytest.mark.parametrize(
    "name", ["public", "sign_public", "fingerprint", "rotation", "role", "sk_id", "seconds", "sealed", "secrets", "key"]
)
def test_other_names_are_let_through(name: str) -> None:
    assert not looks((name, "x"))
    assert not body({name: "x"})


@pytest.mark.parametrize(
    "content",
    [
        {"key": {"secret": 1}},
        [{"seed": "x"}],
        {"a": [[{"b": [{"Private-Key": []}]}]]},
        {"a": json.dumps({"seal": "x"})},
        {"a": [" \n" + json.dumps([{"b": json.dumps({"mnemonic": "x"})}])]},
    ],
    ids=["in an object", "in a list", "deep down", "in a text", "in a text in a text"],
)
def test_a_name_is_found_in_every_depth(content: Any) -> None:
    assert body(content)


def test_a_name_written_with_escapes_is_the_same_name() -> None:
    assert looks(("", r'{"\u0073eed": ""}'))


def test_of_two_members_with_one_name_both_are_looked_at() -> None:
    assert looks(("", '{"a": {"seed": 1}, "a": 2}'))
    assert looks(("", '{"a": 2, "a": {"seed": 1}}'))
    assert not looks(("", '{"a": 2, "a": 1}'))


# Values


@pytest.mark.parametrize(
    "written",
    [
        SECRET.hex(),
        SECRET.hex().upper(),
        f"0x{SECRET.hex()}",
        base64.b64encode(SECRET).decode(),
        base64.b64encode(SECRET).decode().rstrip("="),
        base64.urlsafe_b64encode(SECRET).decode(),
        b64(SECRET),
    ],
    ids=["hex", "HEX", "0x and hex", "base64", "base64 without padding", "base64url with padding", "base64url"],
)
@pytest.mark.parametrize("around", ["{}", " {}\r\n", "secret: {}", '"{}",', "<{}>"])
def test_the_secret_of_an_own_key_is_found_however_it_is_written(written: str, around: str) -> None:
    assert looks(("public", around.format(written)))
    assert body({"public": [around.format(written)]})


def test_every_secret_is_found_in_every_alphabet() -> None:
    for number in range(200):  # both alphabets differ in - and _ alone, which not every key has
        secret = bytes([number]) * 31 + b"\xff"
        for written in (secret.hex(), base64.b64encode(secret).decode(), b64(secret)):
            assert secret_input.looks_secret([("x", written)], secret.__eq__)


def test_a_secret_behind_other_keys_is_found() -> None:
    others = " ".join(b64(Holder("org-one").public) for _ in range(20))
    assert looks(("note", f"{others} {b64(SECRET)}"))
    assert not looks(("note", others))


def test_a_secret_of_nobody_here_passes() -> None:
    assert not looks(("public", b64(bytes(PrivateKey.generate()))))


@pytest.mark.parametrize("written", [b64(b"x" * 31), b64(b"x" * 33), (b"x" * 31).hex()])
def test_only_32_bytes_are_asked_about(written: str) -> None:
    asked: list[bytes] = []
    assert not secret_input.looks_secret([("x", written)], lambda key: bool(asked.append(key)))
    assert asked == []


@pytest.mark.parametrize(
    "wrap", [lambda text: text, lambda text: json.dumps({"file": text}), lambda text: f"see: {text}"]
)
def test_a_key_file_is_found_in_any_value(wrap: Callable[[str], str]) -> None:
    file = json.dumps({"format": "proca-web-orgkey", "version": 1, "org": "org-one"})
    assert looks(("upload", wrap(file)))
    assert looks(("upload", wrap(file[:30])))  # also a part of one


# Depth


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def test_what_is_nested_deeper_than_anybody_looks_counts_as_a_secret() -> None:
    assert not looks(("", nested(secret_input.DEEPEST)))
    assert looks(("", nested(secret_input.DEEPEST + 1)))
    assert looks(("", "[" * 30 + "1" + "]" * 30))


def test_a_text_that_is_too_deep_to_be_read_at_all_counts_as_a_secret() -> None:
    assert looks(("", "[" * 200_000 + "]" * 200_000))


# What is ordinary


def test_a_whole_registration_passes_as_a_form_and_as_json() -> None:
    new = Holder("org-one")
    rotation = sign_rotation(HOLDER.secret, "org-one", new.secret, 1_772_366_400)
    typed = new.registration(rotation=rotation, csrf_token=b64(b"t" * 40))
    assert not looks(*typed.items())
    assert not body(typed)


def test_the_active_keys_own_public_half_passes() -> None:
    assert not looks(*HOLDER.registration().items())
    assert not looks(("public", HOLDER.public.hex()))


@pytest.mark.parametrize(
    "value", ["", "{", "[1, 2", "{'secret': 1}", "{}", "[]", "null", "1" * 5000, "[" + "1" * 5000 + "]", "é", "\ud800"]
)
def test_a_value_that_is_no_json_object_is_just_a_text(value: str) -> None:
    assert not looks(("note", value))


_ANY = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(), inner, max_size=4),
    max_leaves=30,
)


@given(_ANY)
@example([[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]])
def test_no_json_makes_it_raise(content: Any) -> None:
    assert body(content) in (True, False)


@given(some.text(), some.text())
def test_no_text_makes_it_raise(name: str, value: str) -> None:
    assert looks((name, value)) in (True, False)


@given(_ANY, some.sampled_from(NAMES), some.integers(0, 8), some.booleans())
def test_whatever_stands_around_it_a_secrets_name_is_found(around: Any, name: str, depth: int, as_text: bool) -> None:
    content: Any = {name: around}
    for _ in range(depth):
        content = {"a": [around, json.dumps(content) if as_text else content]}
    assert body(content)
