"""Seven words of a list of 7,776; what is typed is forgiven its case, spaces and dashes, and nothing else."""

import hashlib
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from proca_web.crypto import passphrase

SEVEN = some.lists(some.sampled_from(passphrase.word_list()), min_size=7, max_size=7)


def test_the_list_is_the_one_its_note_names() -> None:
    rooms = files("proca_web.crypto")
    digest = hashlib.sha256(rooms.joinpath("passphrase_words.txt").read_bytes()).hexdigest()
    assert digest in rooms.joinpath("passphrase_words.md").read_text("utf-8")


def test_the_list_has_7776_different_words_of_small_letters() -> None:
    words = passphrase.word_list()
    assert len(words) == len(set(words)) == 7776
    assert all(word.replace("-", "").isalpha() and word == word.lower() for word in words)


def test_a_generated_passphrase_has_seven_words_of_the_list() -> None:
    words = passphrase.generate().split(" ")
    assert len(words) == 7
    assert set(words) <= set(passphrase.word_list())


def test_no_two_generated_passphrases_are_alike() -> None:
    assert len({passphrase.generate() for _ in range(200)}) == 200


@settings(deadline=None)
@given(SEVEN)
def test_case_spaces_and_dashes_of_seven_words_are_forgiven(words: list[str]) -> None:
    plain = passphrase.normalise(" ".join(words))
    for typed in ("-".join(words).upper(), "".join(words), "  \t".join(words) + "\n", " - ".join(words).title()):
        assert passphrase.normalise(typed) == plain


@settings(deadline=None)
@given(SEVEN, SEVEN)
def test_different_words_stay_different(first: list[str], second: list[str]) -> None:
    letters = ["".join(words).replace("-", "") for words in (first, second)]
    same = passphrase.normalise(" ".join(first)) == passphrase.normalise(" ".join(second))
    assert same == (letters[0] == letters[1])


@pytest.mark.parametrize(
    "typed",
    ["", "Correct-Horse", "UPPER and lower", "abacus abdomen abdominal", "a-b c-d", "ß straße", "日本語 の 合言葉"],
)
def test_any_other_passphrase_stays_as_typed(typed: str) -> None:
    assert passphrase.normalise(typed) == typed


def test_only_the_outer_spaces_of_another_passphrase_go() -> None:
    assert passphrase.normalise("  My own -- passphrase \n") == "My own -- passphrase"


def test_eight_words_are_not_taken_for_seven() -> None:
    typed = "abacus abdomen abdominal abide abiding ability ablaze ablaze"
    assert passphrase.normalise(typed.upper()) == typed.upper()
