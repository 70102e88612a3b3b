"""The list of countries: ISO 3166-1, and Kosovo."""

import re

import pytest

from proca_web.domain.people.countries import COUNTRIES


def test_the_list_has_every_country_of_iso_3166_and_kosovo_once() -> None:
    assert len(COUNTRIES) == 250
    assert all(re.fullmatch("[A-Z]{2}", code) for code in COUNTRIES)


@pytest.mark.parametrize("code", ["DE", "PL", "GB", "US", "XK", "EU", "UK", "AA", "ZZ"])
def test_only_codes_in_the_standard_are_countries(code: str) -> None:
    assert (code in COUNTRIES) is (code in {"DE", "PL", "GB", "US", "XK"})
