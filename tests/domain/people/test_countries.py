"""The list of countries, and postcode patterns that hold for their own country and only there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.people.countries import COUNTRIES, POSTCODES, is_postcode


def test_the_list_has_every_country_of_iso_3166_once() -> None:
    assert len(COUNTRIES) == 249
    assert all(re.fullmatch("[A-Z]{2}", code) for code in COUNTRIES)


@pytest.mark.parametrize("code", ["DE", "PL", "GB", "US", "XK", "EU", "UK", "AA", "ZZ"])
def test_only_codes_in_the_standard_are_countries(code: str) -> None:
    assert (code in COUNTRIES) is (code in {"DE", "PL", "GB", "US"})


def test_every_pattern_belongs_to_a_country() -> None:
    assert POSTCODES.keys() <= COUNTRIES


@pytest.mark.parametrize("country", sorted(POSTCODES))
@given(data=st.data())
def test_a_known_pattern_takes_what_it_says_in_ascii_only(country: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(POSTCODES[country], fullmatch=True))
    assert text.isascii()
    assert is_postcode(text, country)
    assert not is_postcode(f"{text}X!", country)


@pytest.mark.parametrize("country", [None, "", "XX", "ZW"])
def test_without_a_known_pattern_ten_letters_digits_spaces_and_dashes_pass(country: str | None) -> None:
    assert is_postcode("AB-12 345", country)
    assert not is_postcode("ABCDEFGHIJK", country)
    assert not is_postcode("", country)
    assert not is_postcode("A\n", country)
