"""Seven words of a list of 7,776; what is typed is forgiven its case, spaces and dashes, and nothing else."""

import hashlib
import unicodedata
from importlib.resources import files

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from proca_web.crypto.keys import passphrase

SEVEN = some.lists(some.sampled_from(passphrase.word_list()), min_size=7, max_size=7)


def test_the_list_is_the_one_its_note_names() -> None:
    rooms = files("proca_web.crypto.keys")
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


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        (
            "Zaz\u0307o\u0301\u0142c\u0301 ge\u0328s\u0301la\u0328",
            "Za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105",
        ),  # a Mac and everybody else
        ("correct\u00a0horse", "correct horse"),  # a space that came with copying
        ("\uff30\uff41\uff53\uff53\uff11\uff12\uff13", "Pass123"),  # full-width letters of an input method
        ("\ufb01sh and \u2460", "fish and 1"),
        ("\u3000\u5408\u8a00\u8449\u3000", "\u5408\u8a00\u8449"),
    ],
)
def test_one_passphrase_is_one_whatever_system_it_was_typed_on(typed: str, same: str) -> None:
    assert typed != same
    assert passphrase.normalise(typed) == passphrase.normalise(same) == same


def test_seven_words_in_full_width_letters_are_seven_words() -> None:
    words = passphrase.generate()
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalpha() else "\u3000" for letter in words)
    assert passphrase.normalise(wide) == passphrase.normalise(words)


@settings(deadline=None)
@given(some.text())
@example("\u1e9b\u0323")
@example("\u212b\ufb03")
def test_every_form_of_a_text_is_read_alike(typed: str) -> None:
    forms = [unicodedata.normalize(form, typed) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    assert {passphrase.normalise(form) for form in forms} == {passphrase.normalise(typed)}


def test_only_a_passphrase_in_another_form_has_a_second_reading() -> None:
    assert passphrase.readings("My own passphrase ") == ("My own passphrase",)
    assert passphrase.readings(passphrase.generate())[1:] == ()
    assert passphrase.readings(" a\u030a ") == ("\u00e5", "a\u030a")


@pytest.mark.parametrize("typed", ["", "eleven char", "  eleven char  ", "o\u0301" * 11])
def test_a_passphrase_of_fewer_than_twelve_characters_is_judged_too_short(typed: str) -> None:
    assert "too short" in (passphrase.judge(typed) or "")


@pytest.mark.parametrize("typed", ["a" * 12, "1" * 40, "-" * 12, "\uff11" * 6 + "1" * 6])
def test_one_character_repeated_is_no_passphrase(typed: str) -> None:
    assert "one character repeated" in (passphrase.judge(typed) or "")


@pytest.mark.parametrize(
    "typed", ["twelve chars", "aaaaaaaaaaab", "\u5408\u8a00\u8449" * 4, "correct horse battery staple"]
)
def test_any_other_passphrase_of_twelve_characters_will_do(typed: str) -> None:
    assert passphrase.judge(typed) is None


def test_generated_words_are_never_judged_weak() -> None:
    assert not any(passphrase.judge(passphrase.generate()) for _ in range(200))
