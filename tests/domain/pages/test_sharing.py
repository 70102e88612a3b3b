"""What is shared: the page's own words, encoded so that nothing in them ends the address."""

from urllib.parse import parse_qs, urlsplit

from proca_web.domain.pages import sharing

URL = "https://petitions.example.org/p/trees"
WORDS = {"whatsapp": 'Sign & share? 100% "free" #trees\nשלום', "other": "Birds+trees"}


def test_whatsapp_comes_first_with_its_own_words_and_says_by_which_way() -> None:
    first = sharing.ways(URL, "Trees", "Keep them.", WORDS).whatsapp
    assert first.message == f"{WORDS['whatsapp']} {URL}?utm_source=share&utm_medium=whatsapp"
    parts = urlsplit(first.target)
    assert (parts.netloc, parts.fragment) == ("wa.me", "")
    assert parse_qs(parts.query) == {"text": [first.message.replace("\n", "\r\n")]}


def test_the_others_have_words_of_theirs_and_without_any_the_title() -> None:
    share = sharing.ways(URL, "Trees", "Keep them.", WORDS)
    assert [way.medium for way in share.others] == ["telegram", "bluesky", "mastodon", "email"]
    for way in share.others:
        assert f"utm_medium%3D{way.medium}" in way.target
        assert "Birds%2Btrees" in way.target
        assert way.target.isascii()
        assert " " not in way.target
    plain = sharing.ways(URL, "Trees", "Keep them.", {})
    assert plain.whatsapp.message.startswith("Trees https://")
    assert plain.others[-1].message == f"Keep them.\n\n{URL}?utm_source=share&utm_medium=email"
    assert (plain.native, plain.copied) == (
        f"{URL}?utm_source=share&utm_medium=native",
        f"{URL}?utm_source=share&utm_medium=copy",
    )
