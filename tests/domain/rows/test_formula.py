"""No cell of a CSV output may begin like a formula, and telephone numbers stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from proca_web.domain.rows.formula import guard, guard_sealed

STARTS = "=+-@＝＋－＠\t\r\n"
PHONE = set("+0123456789 ()-")


@given(some.sampled_from(STARTS), some.text())
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(start: str, rest: str) -> None:
    cell = start + rest
    assert guard([cell]) == [cell if set(cell) <= PHONE else f"'{cell}"]


@given(some.text().filter(lambda cell: cell[:1] not in STARTS or not cell))
def test_every_other_cell_stays_as_it_is(cell: str) -> None:
    assert guard([cell]) == guard_sealed([cell]) == [cell]


@pytest.mark.parametrize("phone", ["+48 22 123 45 67", "+49 (0)30-1234", "-1", "+", "(0)"])
def test_a_telephone_number_is_left_alone(phone: str) -> None:
    assert guard([phone]) == guard_sealed([phone]) == [phone]


def test_every_cell_of_a_row_is_looked_at_by_itself() -> None:
    assert guard(["", "=1", "Zofia", "-2+a"]) == ["", "'=1", "Zofia", "'-2+a"]


def test_keys_and_payloads_of_a_row_set_aside_stay_whole() -> None:
    assert guard_sealed(["-_abc", "-1+cmd", "=1"]) == ["-_abc", "'-1+cmd", "'=1"]
    assert guard(["-_abc"]) == ["'-_abc"]
