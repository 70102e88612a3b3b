"""What stops a page, and which of it is named."""

import pytest

from proca_web.domain.pages import stops
from proca_web.domain.words import Publication


@pytest.mark.parametrize(
    ("page", "campaign", "early", "over", "named"),
    [
        ("live", "live", False, False, []),
        ("draft", "live", False, False, ["draft"]),
        ("live", "draft", True, False, ["draft", "planned"]),
        ("live", "live", True, False, ["planned"]),
        ("paused", "live", False, False, ["paused"]),
        ("live", "paused", True, False, ["paused", "planned"]),
        ("closed", "paused", False, False, ["closed", "paused"]),
        ("live", "live", False, True, ["closed"]),
        ("live", "closed", False, True, ["closed"]),
    ],
)
def test_states_and_dates_make_the_plan(page: str, campaign: str, early: bool, over: bool, named: list[str]) -> None:
    assert list(stops.plan((page, campaign), is_early=early, is_over=over)) == named


def test_a_lacking_key_and_late_mail_come_over_any_plan() -> None:
    planned = stops.plan((Publication.LIVE,), is_early=True, is_over=False)
    found = stops.stops(planned, can_receive=False, mail_is_late=True)
    assert (list(found), stops.state(found)) == (["planned", "stopped", "late"], "planned")
    assert stops.state(stops.stops((), can_receive=False, mail_is_late=True)) == "stopped"
    assert stops.state(stops.stops((), can_receive=True, mail_is_late=True)) == "late"
    assert stops.state(stops.stops((), can_receive=True, mail_is_late=False)) == "live"
