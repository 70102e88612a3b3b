"""The goal stays just above the count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.pages.goals import goal_above


@pytest.mark.parametrize(
    ("count", "goal"),
    [
        (0, 100),
        (99, 100),
        (100, 200),
        (199, 200),
        (200, 500),
        (499, 500),
        (500, 1_000),
        (999, 1_000),
        (1_000, 2_000),
        (2_000, 5_000),
        (5_000, 10_000),
        (99_999, 100_000),
        (100_000, 200_000),
        (500_000, 1_000_000),
        (999_999, 1_000_000),
        (1_000_000, 2_000_000),
        (1_999_999, 2_000_000),
        (2_000_000, 3_000_000),
        (5_000_000, 6_000_000),
    ],
)
def test_the_goal_moves_in_steps_people_can_picture(count: int, goal: int) -> None:
    assert goal_above(count) == goal


@given(count=st.integers(0, 10**8))
def test_the_goal_is_always_above_the_count_and_never_falls(count: int) -> None:
    assert count < goal_above(count) <= goal_above(count + 1)
