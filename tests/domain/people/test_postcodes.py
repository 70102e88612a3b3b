"""Postcodes as people write them: prefix and separators dropped, and checked against their own country only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.people import text
from proca_web.domain.people.countries import COUNTRIES
from proca_web.domain.people.postcodes import SHAPES, in_form
from proca_web.domain.people.text import Refused


def test_every_shape_belongs_to_a_country() -> None:
    assert SHAPES.keys() <= COUNTRIES


@pytest.mark.parametrize("country", sorted(SHAPES))
@given(data=st.data())
def test_a_known_shape_gives_one_form_in_ascii(country: str, data: st.DataObject) -> None:
    typed = data.draw(st.from_regex(SHAPES[country][0], fullmatch=True))
    passed = in_form(typed, country)
    assert passed is not None
    assert passed.isascii()
    assert in_form(passed, country) == passed
    assert in_form(f"{country}-{typed}", country) == passed
    assert in_form(f"{typed}X!", country) is None


@pytest.mark.parametrize("country", ["", "XX", "ZW"])
def test_without_a_known_shape_ten_letters_digits_spaces_and_dashes_pass(country: str) -> None:
    assert in_form("AB-12 345", country) == "AB-12 345"
    assert in_form("ABCDEFGHIJK", country) is None
    assert in_form("A\n", country) is None


@pytest.mark.parametrize(
    ("typed", "country", "passed"),
    [
        ("D-10115", "DE", "10115"),
        ("d 10115", "DE", "10115"),
        ("A-1010", "AT", "1010"),
        ("CH-8001", "CH", "8001"),
        ("DK-2100", "DK", "2100"),
        ("FIN-00100", "FI", "00100"),
        ("F-75001", "FR", "75001"),
        ("75 001", "FR", "75001"),
        ("GR-10431", "GR", "104 31"),
        ("L-1234", "LU", "1234"),
        ("S-114 55", "SE", "114 55"),
        ("SE 11455", "SE", "114 55"),
        ("SW1A-1AA", "GB", "SW1A 1AA"),
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("SW1A\u00a01AA\u200e", "GB", "SW1A 1AA"),
        ("1000\u2013001", "PT", "1000-001"),
        ("1000 001", "PT", "1000-001"),
        ("1000", "PT", "1000"),
        ("00 001", "PL", "00-001"),
        ("PL-00-001", "PL", "00-001"),
        ("NL-1234ab", "NL", "1234 AB"),
        ("d02af30", "IE", "D02 AF30"),
        ("123456789", "US", "12345-6789"),
        ("LV-1010", "LV", "LV-1010"),
        ("１００－０００１", "JP", "100-0001"),
        ("〒100-0001", "JP", "100-0001"),
        ("1000001", "JP", "100-0001"),
        ("\u0661\u0660\u0661\u0661\u0665", "DE", "10115"),
    ],
)
def test_a_postcode_is_brought_to_the_form_of_its_country(typed: str, country: str, passed: str) -> None:
    assert text.postcode(typed, country) == passed


@pytest.mark.parametrize(
    ("typed", "country"), [("PL-00-001", "DE"), ("A-10115", "DE"), ("D-1010", "AT"), ("1-0115", "DE")]
)
def test_a_prefix_or_break_of_another_country_is_refused(typed: str, country: str) -> None:
    with pytest.raises(Refused, match="of that country"):
        text.postcode(typed, country)


@pytest.mark.parametrize("after", [".", ". ", ",", " ;"])
def test_what_a_keyboard_puts_behind_a_postcode_is_not_part_of_it(after: str) -> None:
    assert text.postcode(f"ec1a 1bb{after}", "GB") == "EC1A 1BB"
    assert text.postcode(f"ABC 1{after}", None) == "ABC 1"
