"""Signatures that another implementation made, in every form; and what must not pass.

`dkim_signed.json` was made by a widely used signer (dkimpy 1.1.8) with throwaway keys: both algorithms, each canonical
form, bodies that are empty, without an end, with spaces and empty lines at their end, one signed up to a length only.
"""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from proca_web.crypto import dkim
from proca_web.crypto.errors import EncodingError

KEPT = json.loads((Path(__file__).parent / "dkim_signed.json").read_text("utf-8"))
MAILS = [(mail["key"], base64.b64decode(mail["raw"])) for mail in KEPT["mails"]]
RELAXED = MAILS[[mail["form"] for mail in KEPT["mails"]].index("relaxed/relaxed")]


def is_good(kind: str, raw: bytes, now: int = 0) -> bool:
    return any(signature.is_by(dkim.key_of(KEPT[kind]), now) for signature in dkim.signatures(raw))


@pytest.mark.parametrize("number", range(len(MAILS)))
def test_what_another_implementation_signed_is_good_and_nothing_near_it(number: int) -> None:
    kind, raw = MAILS[number]
    assert is_good(kind, raw)
    assert is_good(kind, raw.replace(b"\r\n", b"\n"))
    assert not is_good("ed25519" if kind == "rsa" else "rsa", raw)
    for what in (b"Org One", b"a@good.example>", b"X-Same: two", b"bh="):
        at = raw.index(what)
        assert not is_good(kind, raw[: at + 2] + b"Q" + raw[at + 3 :]), what
    assert not is_good(kind, raw.replace(b"\r\n\r\n", b"\r\n\r\nmore", 1))
    assert not is_good(kind, raw.replace(b"X-Same: two\r\n", b"X-Same: two\r\nAbsent: no more\r\n"))


def test_spaces_and_folds_do_no_harm_where_the_signer_allowed_them() -> None:
    kind, raw = RELAXED
    assert is_good(kind, raw.replace(b"Subject:   Many   words", b"SUBJECT :\r\n\tMany words"))
    assert not is_good(kind, raw.replace(b"Many   words", b"Manywords"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"v=1", b"v=2"),
        (b"a=rsa-sha256", b"a=rsa-sha1"),
        (b"h=from :", b"h="),
        (b"i=@good.example", b"i=@evil.example"),
        (b"d=good.example", b"d=good.example; d=good.example"),
        (b"c=relaxed", b"c=unknown"),
        (b"t=", b"x="),
    ],
)
def test_a_signature_that_says_something_else_is_none(old: bytes, new: bytes) -> None:
    kind, raw = RELAXED
    assert old in raw
    assert not is_good(kind, raw.replace(old, new, 1), now=2**40)


def signed(tags: str, body: bytes, header: bytes = b"") -> bytes:
    """A mail signed here with the Ed25519 key of the file."""
    hashed = base64.b64encode(hashlib.sha256(body).digest()).decode()
    said = f"v=1; a=ed25519-sha256; c=simple/simple; d=good.example; s=x; h=from; {tags}bh={hashed}; b="
    data = b"From: a@good.example\r\n" + header + f"DKIM-Signature: {said}".encode()
    made = SigningKey(b"\x07" * 32).sign(hashlib.sha256(data).digest()).signature
    top = f"DKIM-Signature: {said}{base64.b64encode(made).decode()}\r\n".encode()
    return top + b"From: a@good.example\r\n\r\n" + body


def test_a_signature_ends_when_it_says_so() -> None:
    raw = signed("x=1000; ", b"Hello\r\n")
    assert is_good("ed25519", raw, now=1000)
    assert not is_good("ed25519", raw, now=1001)


def test_an_agent_below_the_signer_counts_unless_the_key_forbids_it() -> None:
    (signature,) = dkim.signatures(signed("i=@mail.good.example; ", b"Hello\r\n"))
    assert signature.is_by(dkim.key_of(KEPT["ed25519"]), 0)
    assert not signature.is_by(dkim.key_of(KEPT["ed25519"] + "; t=y:s"), 0)


def test_a_signature_that_leaves_out_who_writes_is_none() -> None:
    raw = signed("", b"Hello\r\n")
    assert is_good("ed25519", raw)
    assert not is_good("ed25519", raw.replace(b"h=from", b"h=date"))


@pytest.mark.parametrize(
    "record",
    [
        "",
        "v=DKIM1; p=",
        "v=DKIM1; k=rsa; p=!!!!",
        "v=DKIM1; k=ed25519; p=AAAA",
        "v=DKIM2; p=AAAA",
        "v=DKIM1; h=sha1; p=AAAA",
        "v=DKIM1; k=dsa; p=AAAA",
        "v=spf1 -all",
    ],
)
def test_what_is_no_key_is_refused(record: str) -> None:
    with pytest.raises(EncodingError):
        dkim.key_of(record)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\r\n", b"DKIM-Signature:\r\n\r\n", b"DKIM-Signature: v=1; b=\r\n\r\n", b"\xff\x00: x\r\n", b":\r\n" * 50],
)
def test_damaged_mails_hold_no_good_signature(raw: bytes) -> None:
    assert not is_good("rsa", raw)


def test_of_a_key_one_learns_its_size() -> None:
    assert dkim.key_of(KEPT["rsa"]).bits == 2048
    assert dkim.key_of(KEPT["ed25519"]).bits == 0
