"""The rate that a server takes: found by what it refuses, kept, and tried again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from proca_web.domain.delivery.pace import SLOWEST, Pace


class Server:
    """Takes so many mails in a second, and says "slower" to the rest. Many want to send all the time."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.pace = Pace()
        self.now = 0.0
        self.taken: list[float] = []
        self.refused: list[float] = []

    def run(self, seconds: float, most: float = 400.0) -> None:
        until = self.now + seconds
        while self.now < until:
            wait = self.pace.wait(self.now)
            if wait:
                self.now = min(until, self.now + wait)
                continue
            if len([at for at in self.taken[-self.limit :] if at > self.now - 1]) < self.limit:
                self.taken.append(self.now)
                self.pace.delivered(self.now)
            else:
                self.refused.append(self.now)
                self.pace.refused(self.now)
            self.now += 1 / most

    def rate(self, seconds: float) -> float:
        return len([at for at in self.taken if at > self.now - seconds]) / seconds


@given(limit=st.integers(2, 100))
@settings(max_examples=15, deadline=None)
def test_a_rate_is_found_and_used_nearly_whole_with_few_refusals(limit: int) -> None:
    server = Server(limit)
    server.run(60.0)
    before = len(server.refused)
    server.run(60.0)
    assert server.rate(60.0) >= 0.9 * limit
    assert len(server.refused) - before <= max(4, 0.02 * 60 * limit)


def test_a_first_guess_that_is_far_too_low_is_made_up_for_in_seconds() -> None:
    pace, now = Pace(), 0.0
    for number in range(40):  # so many have been answered when the hundredth in a second is refused
        now = number / 100
        pace.delivered(now)
    pace.refused(now)
    assert (pace.rate or 0) < 40
    until = now + 10
    while now < until:
        wait = pace.wait(now)
        now += wait or 0.001
        if not wait:
            pace.delivered(now)
    assert (pace.rate or 0) >= 100


def test_a_server_that_takes_less_than_before_is_believed_within_seconds() -> None:
    server = Server(100)
    server.run(60.0)
    server.limit = 20
    server.run(10.0)
    assert 15 <= (server.pace.rate or 0) <= 22


def test_a_server_that_takes_more_than_before_is_found_out_within_minutes() -> None:
    server = Server(20)
    server.run(60.0)
    server.limit = 60
    server.run(120.0)
    assert server.rate(5.0) >= 0.9 * 60


def test_the_first_refusal_within_a_second_already_tells_the_rate() -> None:
    server = Server(14)
    server.run(3.0)
    assert 10 <= (server.pace.rate or 0) <= 15


def test_without_a_refusal_nobody_waits() -> None:
    pace = Pace()
    for number in range(1000):
        assert pace.wait(number / 1000) == 0
        pace.delivered(number / 1000)
    assert pace.rate is None


def test_a_quota_that_is_used_up_is_asked_about_rarely_and_the_first_yes_brings_the_rate_back() -> None:
    pace, now, asked = Pace(), 0.0, 0
    while now < 24 * 3600:
        wait = pace.wait(now)
        now += wait
        if not wait:
            asked += 1
            now += 0.1
            pace.refused(now)
    assert pace.rate == SLOWEST
    assert asked <= 24 * 12 + 20
    tried = now
    while (pace.rate or 1000) < 1:
        wait = pace.wait(now)
        now += wait
        if not wait:
            pace.delivered(now)
    assert now - tried < 1200


def test_what_was_on_its_way_when_the_first_was_refused_says_nothing_new() -> None:
    pace = Pace()
    for number in range(300):
        pace.delivered(number / 100)
    pace.refused(3.0)
    rate = pace.rate
    for _ in range(64):
        pace.refused(3.2)
    assert rate is not None
    assert pace.rate == rate
    assert 80 <= rate <= 100
