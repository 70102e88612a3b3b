"""Domains that must wait: deferred three times, or slow while others are not; everybody else goes on."""

from hypothesis import given
from hypothesis import strategies as st

from proca_web.domain.delivery.holds import DRAG_PAUSE, Holds

BAD, GOOD = "bad.example", "good.example"


def defer(holds: Holds, name: str, now: float, times: int = 1) -> None:
    for number in range(times):
        holds.begin(name, number, now)
        holds.end(name, number, now, is_deferred=True)


def take(holds: Holds, name: str, now: float, took: float = 0.25, number: int = 0) -> None:
    holds.begin(name, number, now)
    holds.end(name, number, now + took, is_sent=True)


def test_a_domain_that_defers_three_in_a_row_is_held_and_asked_with_one_mail() -> None:
    holds = Holds()
    defer(holds, BAD, 0.0, 2)
    assert holds.wait(BAD, 0.0, 32) == 0
    defer(holds, BAD, 0.0)
    assert holds.wait(BAD, 0.0, 32) == 60
    assert holds.wait(GOOD, 0.0, 32) == 0
    assert holds.wait(BAD, 60.0, 32) == 0
    holds.begin(BAD, 1, 60.0)
    assert holds.wait(BAD, 60.0, 32) == DRAG_PAUSE
    holds.end(BAD, 1, 60.5, is_deferred=True)
    assert holds.wait(BAD, 60.5, 32) == 120


def test_each_hold_is_twice_as_long_up_to_half_an_hour_and_one_success_ends_them() -> None:
    holds, now, waits = Holds(), 0.0, []
    defer(holds, BAD, now, 2)
    for _ in range(7):
        defer(holds, BAD, now)
        waits.append(holds.wait(BAD, now, 32))
        now += waits[-1]
    assert waits == [60, 120, 240, 480, 960, 1800, 1800]
    take(holds, BAD, now)
    defer(holds, BAD, now, 2)
    assert holds.wait(BAD, now, 32) == 0


def test_one_success_between_deferrals_is_a_domain_that_works() -> None:
    holds = Holds()
    for second in range(20):
        defer(holds, BAD, float(second), 2)
        take(holds, BAD, float(second))
    assert holds.wait(BAD, 20.0, 32) == 0


def test_a_domain_that_drags_gets_an_eighth_of_the_connections() -> None:
    holds = Holds()
    for number in range(20):
        take(holds, GOOD, 0.0, number=number)
    for number in range(4):
        holds.begin(BAD, number, 0.0)
    assert holds.wait(BAD, 0.9, 32) == 0
    assert holds.wait(BAD, 1.1, 32) == DRAG_PAUSE
    assert holds.wait(GOOD, 1.1, 32) == 0
    holds.end(BAD, 0, 10.0, is_sent=True)
    assert holds.wait(BAD, 10.0, 32) == 0


def test_where_everybody_is_slow_nobody_is_held_back() -> None:
    holds = Holds()
    for number in range(30):
        name = (BAD, GOOD)[number % 2]
        take(holds, name, 0.0, took=5.0, number=number)
        holds.begin(name, 100 + number, 5.0)
    assert holds.wait(BAD, 12.0, 32) == holds.wait(GOOD, 12.0, 32) == 0


def test_the_only_domain_there_is_is_never_called_slow_before_anything_ended() -> None:
    holds = Holds()
    for number in range(8):
        holds.begin(BAD, number, 0.0)
    assert holds.wait(BAD, 5.0, 8) == 0


def test_what_was_on_its_way_when_a_domain_was_held_does_not_lengthen_it() -> None:
    holds = Holds()
    for number in range(20):
        holds.begin(BAD, number, 0.0)
    for number in range(20):
        holds.end(BAD, number, 1.0, is_deferred=True)
    assert holds.wait(BAD, 1.0, 32) == 60


def test_a_mail_without_a_domain_waits_for_nobody() -> None:
    holds = Holds()
    defer(holds, "", 0.0, 9)
    assert holds.wait("", 0.0, 1) == 0


def test_domains_of_last_hour_are_forgotten() -> None:
    holds = Holds()
    for number in range(1000):
        take(holds, f"{number}.example", 0.0)
    take(holds, GOOD, 3 * 3600.0)
    assert len(holds._domains) == 1


@given(
    st.lists(st.tuples(st.sampled_from([BAD, GOOD]), st.floats(0, 100), st.sampled_from(["sent", "deferred", "lost"])))
)
def test_no_wait_is_longer_than_half_an_hour_and_nothing_stays_in_flight(
    mails: list[tuple[str, float, str]],
) -> None:
    holds, now = Holds(), 0.0
    for number, (name, took, end) in enumerate(mails):
        holds.begin(name, number, now)
        now += took
        holds.end(name, number, now, is_sent=end == "sent", is_deferred=end == "deferred")
        assert 0 <= holds.wait(name, now, 8) <= 1800
    assert not holds._in_flight
