"""Names as they are in passports around the world pass; links do not, however they are written."""

import pytest

from proca_web.domain.people import text
from proca_web.domain.people.text import Refused


@pytest.mark.parametrize(
    "typed",
    [
        "'t Hart",
        "’t Hooft",
        "'s Gravesande",
        "van 't Hof",
        "\u02bbAkau",
        "Gal·la",
        "\u05d2\u05f3\u05d5\u05e8\u05d2\u05f3",
        "\u05d1\u05df\u05be\u05d3\u05d5\u05d3",
        "ジョン・ポール",
        "Anand s/o Raman",
        "Siva a/l Kumar",
        "Priya D/O Maniam",
        "Bengt K:son Sjögren",
        "Anna S:t Clair",
        "M.ª Teresa",
        "St.John",
        "Ma.Teresa",
        "ST.JOHN",
        "Md.Rahim",
        "J.R.R.Tolkien",
        "J.de Vries",
        "Д.И.Менделеев",
    ],
)
def test_names_pass_as_they_are(typed: str) -> None:
    assert text.name(typed) == typed


@pytest.mark.parametrize(
    ("typed", "passed"),
    [
        ("O´Brien", "O'Brien"),
        ("D`Amico", "D'Amico"),
        ("O‘Brien", "O'Brien"),
        ("O′Brien", "O'Brien"),
        ("O＇Brien", "O'Brien"),
        ("‘Abd al-Rahman", "'Abd al-Rahman"),
        ("García–López", "García-López"),
        ("Anna\u2010Maria", "Anna-Maria"),
        ("Anna\u2011Maria", "Anna-Maria"),
        ("Anna\u2212Maria", "Anna-Maria"),
        ("Gal•la", "Gal·la"),
        ("\u200f\u05d3\u05e0\u05d9\u05d0\u05dc", "\u05d3\u05e0\u05d9\u05d0\u05dc"),
        ("An\u00adna\ufeff", "Anna"),
        ("A\u200d\u200dnna", "Anna"),
        ("Anna\u3000Maria", "Anna Maria"),
    ],
)
def test_look_alikes_become_the_usual_mark_and_the_unseen_goes(typed: str, passed: str) -> None:
    assert text.name(typed) == passed


@pytest.mark.parametrize(
    "typed",
    [
        "www.example.org",
        "WWW.Example",
        "evil.com",
        "Evil.Com",
        "EVIL.COM",
        "x.com",
        "X.Com",
        "evil．com",
        "evil.c\u200bom",
        "ｅvil.ｃｏｍ",
        "https://x",
        "Anna bit.ly",
        "Bit.Ly",
        "täst.de",
        "st.john",
        "пример.рф",
        "ПРИМЕР.РФ",
    ],
)
def test_a_name_is_no_link(typed: str) -> None:
    with pytest.raises(Refused, match="web address"):
        text.name(typed)


@pytest.mark.parametrize("typed", ["Anna/Maria", "s//o", "a:", ":son", "'", "''Anna", "'1", "Anna: hi"])
def test_slash_colon_and_apostrophe_have_their_places(typed: str) -> None:
    with pytest.raises(Refused, match="beginning with a letter"):
        text.name(typed)
