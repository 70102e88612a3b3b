"""Telephone numbers: taken as people write them, and told from other numbers in a public comment."""

import re

import pytest

from proca_web.domain.people import text
from proca_web.domain.people.text import Refused


@pytest.mark.parametrize(
    ("typed", "passed"),
    [
        ("01.23.45.67.89", "01 23 45 67 89"),
        ("030/901820", "030 901820"),
        ("+49 (0) 30 / 9018 2000", "+49 (0) 30 9018 2000"),
        ("+49 (0) 151 2345 67890", "+49 (0) 151 2345 67890"),
        ("+49\u201130\u2011901820", "+49-30-901820"),
        ("030–901820", "030-901820"),
        ("+49\u00a030\u202f901820", "+49 30 901820"),
        ("\u202d+49 30 901820\u202c", "+49 30 901820"),
        ("０３－１２３４－５６７８", "03-1234-5678"),
        ("\u0660\u0663\u0660\u0661\u0662\u0663", "030123"),
        ("(+49) 30 901820", "+49 30 901820"),
        ("+49 [0]30 901820", "+49 (0)30 901820"),
        ("tel:+49-30-901820", "+49-30-901820"),
        ("0049 30 901820", "0049 30 901820"),
    ],
)
def test_separators_carry_no_meaning(typed: str, passed: str) -> None:
    assert text.phone(typed) == passed
    assert re.fullmatch(r"[+0-9 ()-]+", passed)  # what the guard of spreadsheets leaves as it is


@pytest.mark.parametrize("typed", ["1" * 16, "+49 (0) " + "1" * 14, "11"])
def test_the_number_of_digits_is_what_is_said_to_be_wrong(typed: str) -> None:
    with pytest.raises(Refused, match="15 digits"):
        text.phone(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "Regulation (EU) 2023/1115 must stay",
        "Directive 2009/147/EC of 30.11.2009",
        "COM(2020) 380 final, 2020/0381",
        "12.500.000 trees were cut",
        "12 500 000 trees, 1 000 000 000 leaves",
        "7,900,000,000 people",
        "10 12 14 16 degrees",
        "0.5 0.6 0.7 0.8 0.9",
        "-10.5 -12.5 -14.5",
        "ISBN 978-3-16-148410-0",
        "ISBN 0-306-40615-2",
        "978-3-16-148410-0",
        "open 08.30-17.00",
        "01.02.2024-03.04.2024",
        "1990 2000 2010 2020",
        "between 2020/2021 and 2023/2024",
        "petition 0123456",
        "@anna said so",
    ],
)
def test_a_public_comment_may_hold_numbers_that_are_no_telephone_numbers(typed: str) -> None:
    assert text.comment(typed, public=True) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "+49 30 1234567",
        "+33 1 23 45 67 89",
        "030 1234567",
        "0049 30 1234567",
        "555-123-4567",
        "(212) 555-0123",
        "WhatsApp: 601 234 567",
        "my phone is 12345678",
        "\u0660\u0663\u0660\u0661\u0662\u0663\u0664\u0665",
        "０３０ １２３４５６７",
        "030 12\u200b34 567",
    ],
)
def test_a_telephone_number_in_a_public_comment_is_refused_with_what_counts_as_one(typed: str) -> None:
    with pytest.raises(Refused, match=r"begins with 0 or \+, like 030 1234567"):
        text.comment(typed, public=True)


def test_an_address_in_a_public_comment_is_refused_as_an_address() -> None:
    with pytest.raises(Refused, match="e-mail addresses"):
        text.comment("write to anna@example.org", public=True)
