"""Where a signature came from: four short, clean words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.pages.tracking import LONGEST, UTM, is_testing, read_arrival, read_utm


def test_the_four_words_are_read_and_nothing_else() -> None:
    query = {
        "utm_source": "mail",
        "utm_medium": "newsletter",
        "utm_campaign": "may",
        "utm_content": "top",
        "gclid": "x",
    }
    assert read_utm(query) == {"source": "mail", "medium": "newsletter", "campaign": "may", "content": "top"}


def test_a_missing_word_is_empty() -> None:
    assert read_utm({}) == dict.fromkeys(UTM, "")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  a   b ", "a b"),
        ("a\nb", "a b"),
        ("a\x00b", "a b"),
        ("a\u202eb", "a b"),
        ("ü" * 100, "ü" * 64),
        ("x" * 63 + " y", "x" * 63),
    ],
)
def test_a_word_is_one_printable_line_of_at_most_64_characters(typed: str, kept: str) -> None:
    assert read_utm({"utm_source": typed})["source"] == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("=1+cmd|' /C calc'!A0", "1_cmd__ /C calc__A0"),
        ("x;=1+1", "x__1_1"),
        ("news,letter", "news_letter"),
        ("-=+@＝mail", "mail"),
        ("  - a", "a"),
        ("v1.2_a-b~c:d/e", "v1.2_a-b~c:d/e"),
        ("Łódź हिन्दी", "Łódź हिन्दी"),
        ('"quoted"', "_quoted_"),
    ],
)
def test_what_a_spreadsheet_could_split_or_run_does_not_come_in(typed: str, kept: str) -> None:
    assert read_utm({"utm_campaign": typed})["campaign"] == kept


@given(typed=st.text(st.characters(), max_size=100))
def test_whatever_the_query_holds_the_word_is_stable_printable_and_short(typed: str) -> None:
    kept = read_utm({"utm_medium": typed})["medium"]
    assert read_utm({"utm_medium": kept})["medium"] == kept
    assert kept.isprintable()
    assert len(kept) <= LONGEST


OURS = ("petitions.example.org", "localhost")


@pytest.mark.parametrize(
    ("query", "referrer", "source"),
    [
        ({"utm_source": "mail"}, "", "mail"),
        ({"utm_source": "mail"}, "https://petitions.example.org/p/trees?utm_source=share", "mail"),
        ({"utm_medium": "x"}, "https://petitions.example.org/p/trees?utm_source=share", ""),
        ({}, "https://petitions.example.org/p/trees?utm_source=share", "share"),
        ({"testing": "1"}, "http://localhost/p/trees?utm_source=share&utm_source=twice", "share"),
        ({}, "https://elsewhere.example.org/?utm_source=evil", ""),
        ({}, "?utm_source=no-host", ""),
        ({}, "http://[?utm_source=broken", ""),
        ({}, "", ""),
    ],
)
def test_the_forms_own_query_goes_before_the_page_it_was_sent_from(
    query: dict[str, str], referrer: str, source: str
) -> None:
    assert read_arrival(query, referrer, OURS).utm["source"] == source


@pytest.mark.parametrize(
    ("said", "testing"), [("1", True), ("true", True), ("yes", True), ("no", False), ("", False), ("TRUE", False)]
)
def test_a_form_is_a_test_when_its_own_address_says_so(said: str, testing: bool) -> None:
    assert is_testing({"testing": said}) is testing
    assert read_arrival({"testing": said}, "", OURS).testing is testing
    assert not read_arrival({}, f"http://localhost/p/trees?testing={said}", OURS).testing
