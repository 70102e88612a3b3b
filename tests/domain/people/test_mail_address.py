"""Addresses as they come out of the clipboard are taken clean; a refusal says what is wrong."""

import pytest

from proca_web.domain.people import text
from proca_web.domain.people.mail_address import readable
from proca_web.domain.people.text import Refused


@pytest.mark.parametrize(
    "typed",
    [
        "\u200banna@example.org",
        "anna@example.org\ufeff",
        "\u202aanna@example.org\u202c",
        "anna@exam\u00adple.org",
        "\u00a0anna@example.org\u2003",
        "mailto:anna@example.org",
        "MAILTO:anna@example.org?subject=Trees",
        "<anna@example.org>",
        "<mailto:anna@example.org>",
        "(anna@example.org).",
        '"anna@example.org"',
        "“anna@example.org”",
        "'anna@example.org'",
        "‘anna@example.org’",
        "»anna@example.org«",
        "Anna <anna@example.org>",
        '"Müller, Anna" <anna@example.org>;',
        "anna@example.org.",
        "anna@example.org. ",
        "anna@example.org,",
        "anna@example.org;",
        "anna＠example.org",
        "ａｎｎａ@example．org",
    ],
)
def test_what_is_pasted_along_is_set_aside(typed: str) -> None:
    assert text.email(typed) == "anna@example.org"


@pytest.mark.parametrize("address", ["o'brien@example.org", "'tess@example.org", "tess'@example.org"])
def test_an_apostrophe_of_an_address_stays(address: str) -> None:
    assert text.email(address) == address


@pytest.mark.parametrize("domain", ["müller.de", "mu\u0308ller.de", "MÜLLER.de", "xn--mller-kva.de"])
def test_a_domain_has_one_form_however_it_is_composed(domain: str) -> None:
    assert text.email(f"anna@{domain}") == "anna@xn--mller-kva.de"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("pelé@example.org", "before the @ can hold only"),
        ("почта@example.org", "before the @ can hold only"),
        ("try..this.01@docomo.ne.jp", "two dots together"),
        ("hanako.@ezweb.ne.jp", "just before the @"),
        (".anna@example.org", "a dot at its beginning"),
        ("anna", "one e-mail address"),
        ("anna@example.org, ben@example.org", "one e-mail address"),
        ("Anna <anna@example.org>, Ben <ben@example.org>", "one e-mail address"),
        ("ben@example.org <anna@example.org>", "one e-mail address"),
        ("Anna <>", "one e-mail address"),
    ],
)
def test_a_refusal_says_what_is_wrong(typed: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        text.email(typed)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("anna@xn--mller-kva.de", "anna@müller.de"),
        ("anna@example.org", "anna@example.org"),
        ("anna@xn--a.example", "anna@xn--a.example"),
    ],
)
def test_people_read_a_domain_in_its_own_letters(address: str, shown: str) -> None:
    assert readable(address) == shown
