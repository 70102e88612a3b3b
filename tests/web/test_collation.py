"""Lists stand in the order of their language: CLDR's root, and what each language puts elsewhere."""

import pytest

from proca_web.domain.people.countries import COUNTRIES
from proca_web.web import collation, presentation


@pytest.mark.parametrize(
    ("tag", "ordered"),
    [
        ("en", "Afghanistan|Åland Islands|Albania|Colombia|Congo|Côte d’Ivoire|Croatia|Curaçao|Zimbabwe"),
        ("de", "Ägypten|Åland|Albanien|Oman|Österreich|Pakistan|Strasse|Straße|Zypern"),
        ("fr", "Égypte|Émirats|Équateur|Espagne|États-Unis|Éthiopie|Fidji"),
        ("cs", "Curaçao|Čad|Česko|Dánsko|Honduras|Chile|Chorvatsko|Indie|Rwanda|Řecko|Senegal|Španělsko"),
        ("pl", "Libia|Litwa|Luksemburg|Łotwa|Macedonia|Szwecja|Świat|Turcja|Zambia|Źródło|Żyrardów"),
        ("tr", "Cezayir|Curaçao|Çad|Çin|Hırvatistan|Hindistan|Irak|İran|Japonya|Özbekistan|Polonya|Sudan|Şili"),
        ("sv", "Vatikanen|Zimbabwe|Åland|Ärla|Österrike"),
        ("da", "Vietnam|Zimbabwe|Ækvatorialguinea|Østrig|Åland|Aalborg"),
        ("es", "Nueva Zelanda|Ñandú|Omán"),
        ("hr", "Cipar|Čad|Češka|Ćuprija|Danska|Džibuti|Đurđevac|Egipat"),
        ("hu", "Ciprus|Csád|Dánia|Olaszország|Omán|Oroszország|Örményország|Sudan|Szíria"),
        ("uk", "Гана|Грузія|Ґрунт|Данія|Естонія|Єгипет|Ізраїль|Їжак|Йорданія"),
    ],
)
def test_each_language_has_its_order(tag: str, ordered: str) -> None:
    words = ordered.split("|")
    assert sorted(reversed(words), key=collation.key(tag)) == words


def test_what_only_modifies_a_letter_counts_for_nothing() -> None:
    assert sorted(["Oʻzbekiston", "Ozark", "Ozbek"], key=collation.key("en")) == ["Ozark", "Ozbek", "Oʻzbekiston"]


@pytest.mark.parametrize(
    "tag", ["en", "en-GB", "de", "fr-CA", "cs", "pl", "tr", "sv", "da", "es", "ar", "zh-Hans", "ja"]
)
def test_every_country_is_in_the_list_once_with_its_name(tag: str) -> None:
    names = presentation._country_names(tag)
    assert {code for code, _ in names} == COUNTRIES
    assert len(names) == len(COUNTRIES)
    assert not [code for code, name in names if code == name]
