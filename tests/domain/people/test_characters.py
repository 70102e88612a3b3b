"""What nobody can see is taken away, what joins or colours stays, look-alikes become the usual character."""

import unicodedata
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.people import characters

UNSEEN = "\u00ad\u034f\u061c\u115f\u180e\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\u3164\ufeff\uffa0\ufffc"
PARTS = "\u200c\u200d\ufe0e\ufe0f\u20e3\u0301\u0338aA1#=\u0628\u0915\U0001f3f4\U0001f3fd\u2764\u2139\U0001f308"
TAGS = "\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
FLAGS = [
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
]


@pytest.mark.parametrize("unseen", UNSEEN + TAGS, ids=ascii)
def test_what_nobody_can_see_is_taken_away_wherever_it_stands(unseen: str) -> None:
    assert characters.visible(f"{unseen}An{unseen}{unseen}na{unseen}") == "Anna"


@pytest.mark.parametrize(
    "seen",
    [
        "\u0645\u062d\u0645\u062f\u200c\u0631\u0636\u0627",  # a joiner between Persian letters
        "\u0915\u094d\u200d\u0937",  # and between Indic ones
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\U0001f3f3\ufe0f\u200d\U0001f308",  # the rainbow
        "\U0001f469\U0001f3fd\u200d\U0001f680",  # an astronaut with her tone of skin
        "\u2764\ufe0f\u200d\U0001f525",
        "1\ufe0f\u20e3 #\ufe0f\u20e3",
        "\u2139\ufe0f \u203c\ufe0f \u00a9\ufe0f",
        *FLAGS,
    ],
    ids=ascii,
)
def test_what_makes_up_letters_and_emoji_stays(seen: str) -> None:
    assert characters.visible(f"a {seen} b") == f"a {seen} b"


@pytest.mark.parametrize(
    ("typed", "passed"),
    [
        ("A\u200dnna", "Anna"),
        ("1\ufe0f", "1"),
        ("a\ufe0f\u200d", "a"),
        ("\U0001f3f4\U000e0068\U000e0069\U000e007f", "\U0001f3f4"),
        ("\u2764\u200d a", "\u2764 a"),
        ("e\u200b\u0301", "\u00e9"),
    ],
    ids=ascii,
)
def test_joiners_and_tags_that_join_nothing_go(typed: str, passed: str) -> None:
    assert characters.visible(typed) == passed


@given(st.one_of(st.text(), st.text(st.characters(), max_size=20), st.text(st.sampled_from(UNSEEN + PARTS + TAGS))))
def test_cleaning_twice_changes_nothing(typed: str) -> None:
    passed = characters.visible(typed)
    assert characters.visible(passed) == passed
    assert unicodedata.is_normalized("NFC", passed)
    assert not set(passed) & set(UNSEEN)


def test_a_whole_form_of_joiners_is_cleaned_in_no_time() -> None:
    started = perf_counter()
    characters.visible("\u0628" + "\u200c" * 64_000 + "a")
    assert perf_counter() - started < 2


@pytest.mark.parametrize(
    "bad", ["\0", "a\ud800", "\udfff", "\ufffe", "\uffff", "\ufdd0", "\U0010ffff", "\U0001fffe"], ids=ascii
)
def test_nul_surrogates_and_non_characters_are_no_text(bad: str) -> None:
    assert not characters.is_text(bad)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn"])))
def test_every_assigned_character_is_text(typed: str) -> None:
    assert characters.is_text(typed)


@pytest.mark.parametrize(
    ("typed", "passed"),
    [
        ("＋４９", "+49"),
        ("\u0663\u06f3\u096b", "335"),
        ("\u2010\u2011\u2012\u2013\u2212\uff0d", "------"),
        ("Ａ", "A"),
    ],
)
def test_full_width_forms_dashes_and_the_digits_of_any_script_become_ascii(typed: str, passed: str) -> None:
    assert characters.plain(typed) == passed
