"""A public key as somebody typed or pasted it: read, or refused with one neutral answer."""

import pytest
from nacl.public import PrivateKey

from proca_web.crypto.encoding import encode
from proca_web.crypto.errors import KeyRefused
from proca_web.services.keys.registering import KEY_CANNOT_BE_USED, read_public


def test_a_key_is_read_from_its_characters_with_space_around() -> None:
    public = bytes(PrivateKey.generate().public_key)
    assert read_public(f"  {encode(public)}\n") == public


@pytest.mark.parametrize(
    "text", ["", "AAAA", "A" * 42, "A" * 44, "A" * 42 + "B", "+" * 43, "ż" * 43, pytest.param("A" * 43, id="low order")]
)
def test_every_text_that_is_no_key_gets_the_same_neutral_answer(text: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        read_public(text)
    assert str(refused.value) == KEY_CANNOT_BE_USED
