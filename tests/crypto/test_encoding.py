"""base64url without padding: one canonical form, read strictly; and the fields of what is hashed and signed."""

import base64
import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.crypto.encoding import be16, be64, decode, encode, sized
from proca_web.crypto.errors import EncodingError

ALPHABET = string.ascii_letters + string.digits + "-_"


@given(st.binary(max_size=200))
def test_what_is_written_is_read_back(data: bytes) -> None:
    text = encode(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert decode(text) == data


@given(st.text(alphabet=ALPHABET + "+/= \n\t١Ａé\x00", max_size=12))
def test_no_two_texts_are_read_as_the_same_bytes(text: str) -> None:
    try:
        data = decode(text)
    except EncodingError:
        return
    assert encode(data) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("AA==", id="padded"),
        pytest.param("AAA=", id="padded by one"),
        pytest.param("AAAA=", id="padding too much"),
        pytest.param("====", id="padding alone"),
        pytest.param("AB", id="unused bits of two characters set"),
        pytest.param("AAB", id="unused bits of three characters set"),
        pytest.param("A", id="a character that is no byte"),
        pytest.param("AAAAA", id="a character too many"),
        pytest.param("+++/", id="the standard alphabet"),
        pytest.param("AAA!", id="outside the alphabet"),
        pytest.param(" AAAA", id="a space before"),
        pytest.param("AAAA ", id="a space after"),
        pytest.param("AAAA\n", id="a newline after"),
        pytest.param("AA\nAA", id="a newline inside"),
        pytest.param("AA\tA", id="a tab"),
        pytest.param("AAA\x00", id="a zero"),
        pytest.param("AAA١", id="an Arabic digit"),
        pytest.param("AAAＡ", id="a full-width letter"),
        pytest.param("AAA\ud800", id="half a surrogate pair"),
    ],
)
def test_anything_but_the_canonical_text_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        decode(text)


def test_a_key_may_end_in_sixteen_characters_only() -> None:
    accepted = set()
    for last in ALPHABET:
        try:
            decode("A" * 42 + last, 32)
        except EncodingError:
            continue
        accepted.add(last)
    assert accepted == set("AEIMQUYcgkosw048")


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_text_of_another_size_is_refused(size: int) -> None:
    text = encode(os.urandom(size))
    assert len(decode(text, size)) == size
    with pytest.raises(EncodingError, match=f"{size} bytes where 32 are needed"):
        decode(text, 32)


def test_no_text_is_no_bytes() -> None:
    assert decode("") == b""
    assert encode(b"") == ""


def test_a_refusal_does_not_repeat_what_was_read() -> None:
    with pytest.raises(EncodingError) as refused:
        decode("SECRETSECRETSECRET=")
    assert "SECRET" not in str(refused.value)


def test_numbers_are_big_endian() -> None:
    assert be16(4096) == b"\x10\x00"
    assert be64(1_767_225_600) == b"\x00\x00\x00\x00\x69\x55\xb9\x00"


@pytest.mark.parametrize(("write", "value"), [(be16, 2**16), (be64, 2**64), (be16, -1), (be64, -1)])
def test_a_number_that_does_not_fit_is_refused(write: object, value: int) -> None:
    assert callable(write)
    with pytest.raises(OverflowError):
        write(value)


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (b"", b"\0\0\0\0"),
        ("", b"\0\0\0\0"),
        ("Żółć", b"\0\0\0\x08" + b"\xc5\xbb\xc3\xb3\xc5\x82\xc4\x87"),
        (b"\x00" * 256, b"\0\0\x01\0" + b"\0" * 256),
    ],
)
def test_a_variable_field_begins_with_the_number_of_its_bytes(data: bytes | str, written: bytes) -> None:
    assert sized(data) == written


def test_neighbouring_fields_cannot_be_cut_differently() -> None:
    assert sized("ab") + sized("c") != sized("a") + sized("bc")
