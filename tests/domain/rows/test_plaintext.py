"""A copy's plaintext: composed and padded on the server, read on the org's premises as if an enemy had written it."""

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from proca_web.domain.people.contact import ContactData
from proca_web.domain.rows import opened_copy, plaintext
from proca_web.domain.rows.export_columns import DECRYPTED
from proca_web.domain.rows.opened_copy import PlaintextRefused
from proca_web.domain.rows.plaintext import ADDRESS_NAMES, BUCKETS, PROCA_NAMES
from tests.domain.rows.copies import CONTEXT, FULL

VECTORS = Path(__file__).with_name("hostile_plaintexts.json")
CASES = json.loads(VECTORS.read_text("utf-8"))["cases"]
_TEXT = some.text(some.characters(exclude_categories=("Cc", "Cs")), max_size=60)
_CONTACTS = some.builds(ContactData, **dict.fromkeys((*PROCA_NAMES, *ADDRESS_NAMES), _TEXT))


def test_a_copy_is_procas_json_and_the_place_it_belongs_to() -> None:
    composed = plaintext.compose(FULL, CONTEXT, to="KEY", role="recipient")
    content = json.loads(composed)
    assert content.pop("_meta") == {
        **{
            "v": 1,
            "c": "k" * 43,
            "home": "HOME",
            "action": "A" * 22,
            "ref": "B" * 22,
            "campaign": "trees",
            "page": "trees-page",
        },
        **{"org": "org-one", "to": "KEY", "role": "recipient", "optIn": None, "deliver": True, "consent": "c" * 64},
        "at": "2026-03-01T12:01:00Z",
    }
    assert content == {
        **{"firstName": "Zofia", "lastName": "Ślązak-Żółć", "email": "zofia@example.org", "phone": "+48 22 123"},
        **{"country": "PL", "area": "PL", "postcode": "00-950", "birthDate": "1990-01-31", "comment": "For\nthe trees"},
        "address": {"street": "Aleje", "streetNumber": "7b", "locality": "Warszawa", "region": "Mazowsze"},
    }


def test_what_was_not_given_is_not_in_the_copy() -> None:
    assert plaintext.contact_json(ContactData("Zofia", "z@example.org")) == {
        "firstName": "Zofia",
        "email": "z@example.org",
    }


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 2048, 2049, 4096, 4097, 8192])
def test_padding_leaves_one_of_four_lengths(size: int) -> None:
    padded = plaintext.pad(b"x" * size)
    assert len(padded) in BUCKETS
    assert padded.rstrip(b" ") == b"x" * size
    assert len(padded) == min(bucket for bucket in BUCKETS if bucket >= size)


def test_more_than_the_largest_length_is_refused() -> None:
    with pytest.raises(ValueError, match="8 KiB"):
        plaintext.pad(b"x" * 8193)


@given(_CONTACTS)
def test_what_is_composed_reads_back_as_it_was(contact: ContactData) -> None:
    content = opened_copy.read(plaintext.compose(contact, CONTEXT, to="KEY", role="recovery"))
    assert opened_copy.fields(content) == dict(contact.items())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_plaintext_is_read_or_refused_as_the_shared_file_says(case: dict[str, str]) -> None:
    data = base64.b64decode(case["bytes"])
    if case["verdict"] == "ok":
        assert isinstance(opened_copy.read(data), dict)
    else:
        with pytest.raises(PlaintextRefused):
            opened_copy.read(data)


def test_the_shared_file_names_each_case_once_and_has_both_verdicts() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)
    assert {case["verdict"] for case in CASES} == {"ok", "refused"}


@given(some.binary(max_size=300) | some.text().map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(data: bytes) -> None:
    with suppress(PlaintextRefused):
        assert isinstance(opened_copy.read(data), dict)


_VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=5) | some.dictionaries(some.text(), inner, max_size=5),
)


@given(some.dictionaries(some.text(), _VALUES, max_size=5))
def test_any_object_is_read_as_it_is_or_refused(content: dict[str, Any]) -> None:
    data = json.dumps(content).encode()
    with suppress(PlaintextRefused):
        assert opened_copy.read(data) == content


def test_a_refusal_shows_nothing_of_the_content() -> None:
    with pytest.raises(PlaintextRefused) as refusal:
        opened_copy.read(b'{"email":"zofia@example.org\\u0000"}')
    assert "zofia" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"email": 1}, "email is not text"),
        ({"comment": ["a"]}, "comment is not text"),
        ({"address": []}, "the address is not an object"),
        ({"address": {"streetNumber": 7}}, "streetNumber is not text"),
    ],
)
def test_a_known_field_that_is_not_text_is_refused(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(PlaintextRefused, match=reason):
        opened_copy.fields(content)


def test_missing_and_null_fields_are_left_out_and_unknown_ones_passed_over() -> None:
    assert opened_copy.fields({"email": None, "address": None, "area": "PL", "x": [1]}) == {}


def test_every_field_of_a_copy_has_its_column() -> None:
    assert {*PROCA_NAMES, *ADDRESS_NAMES} <= set(DECRYPTED)
