"""The record's chain and the hash of all records, byte for byte."""

import hashlib
import struct

import pytest

from proca_web.crypto import audit_chain
from proca_web.crypto.audit_chain import BEGINNING

ENTRY = {
    "org": "org-one",
    "number": 7,
    "at": 1_764_547_200_000_001,
    "actor": "ä@x.org",
    "event": "export",
    "detail": "{}",
}


def sized(text: str) -> bytes:
    return struct.pack(">I", len(text.encode())) + text.encode()


def sha(purpose: str, data: bytes) -> bytes:
    return hashlib.sha512(b"proca-web:" + purpose.encode() + b":v1\x00" + data).digest()[:32]


def test_an_entry_is_hashed_with_the_one_before_and_all_it_says() -> None:
    previous = bytes(range(32))
    data = previous + sized("org-one") + struct.pack(">QQ", 7, 1_764_547_200_000_001)
    data += sized("ä@x.org") + sized("export") + sized("{}")
    assert audit_chain.entry_hash(previous, **ENTRY) == sha("audit", data)


@pytest.mark.parametrize(
    ("name", "other"),
    [("org", "org-on"), ("number", 8), ("at", 0), ("actor", ""), ("event", "exportä"), ("detail", "{} ")],
)
def test_whatever_is_changed_in_an_entry_changes_its_hash(name: str, other: object) -> None:
    assert audit_chain.entry_hash(BEGINNING, **{**ENTRY, name: other}) != audit_chain.entry_hash(BEGINNING, **ENTRY)


def test_all_heads_are_one_hash_whatever_their_order() -> None:
    one, two = bytes(32), b"\x01" * 32
    expected = sha("audit-heads", sized("a") + two + sized("b-c") + one)
    assert audit_chain.heads_hash({"b-c": one, "a": two}) == expected
    assert audit_chain.heads_hash({}) == sha("audit-heads", b"")
