"""Codes as people type them, and as they are made."""

import pytest

from proca_web.domain import second_step


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "123\u202f456", "1 2 3 4 5 6"])
def test_six_digits_are_read_however_they_are_parted(typed: str) -> None:
    assert second_step.app_code(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６", "12345²", "7KQX-M2VD"])
def test_anything_else_is_no_code_of_an_app(typed: str) -> None:
    assert second_step.app_code(typed) is None


@pytest.mark.parametrize("typed", ["7KQX-M2VD", "7kqxm2vd", "7KQX M2VD", " 7kqx–m2vd "])
def test_a_recovery_code_has_one_form(typed: str) -> None:
    assert second_step.recovery_code(typed) == "7KQXM2VD"


def test_what_looks_alike_is_the_same() -> None:
    assert second_step.recovery_code("OIL0-il1o") == "01101110"


@pytest.mark.parametrize("typed", ["", "7KQX-M2V", "7KQX-M2VDD", "7KQX-M2VU", "123456", "ÄÖÜÄ-ÖÜÄÖ"])
def test_anything_else_is_no_recovery_code(typed: str) -> None:
    assert second_step.recovery_code(typed) is None


def test_ten_codes_are_made_that_are_read_as_they_are_shown() -> None:
    made = second_step.new_recovery_codes()
    assert len(set(made)) == 10
    assert [second_step.recovery_code(code) for code in made] == [code.replace("-", "") for code in made]
    assert set(second_step.new_recovery_codes()) & set(made) == set()
