"""How many connections there are: grown while mails wait, cut back by what the server says, on a clock of its own."""

from dataclasses import dataclass, field
from heapq import heappop, heappush

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proca_web.domain.delivery.answers import Wish
from proca_web.domain.delivery.governor import FIRST_PAUSE, HOLD_SECONDS, START, Governor

A_MAIL = 0.25


@dataclass
class Server:
    """A mail server with a cap on connections and one on mails over each, played in virtual time."""

    governor: Governor
    cap: int = 1000
    each: int = 100_000
    now: float = 0.0
    delivered: int = 0
    refusals: list[float] = field(default_factory=list)
    working: list[tuple[float, int]] = field(default_factory=list)
    most: int = 0

    def run(self, seconds: float, is_up: bool = True) -> None:
        """Mails wait all the time."""
        until = self.now + seconds
        while self.now < until:
            self._man(is_up)
            if not self.working:
                self.now = min(until, self.now + max(self.governor.closed_for(self.now), 0.05))
                continue
            self.now, carried = heappop(self.working)
            self._mail_ended(carried)

    def _man(self, is_up: bool) -> None:
        while len(self.working) < self.governor.connections(self.now):
            if not is_up or len(self.working) >= self.cap:
                self.refusals.append(self.now)
                self.governor.refused_at_the_door(self.now, len(self.working))
                return
            heappush(self.working, (self.now + A_MAIL, 0))
        self.most = max(self.most, len(self.working))

    def _mail_ended(self, carried: int) -> None:
        if carried >= self.each:
            self.refusals.append(self.now)
            self.governor.wished(Wish.FEWER_MAILS, self.now, carried)
            return
        self.delivered += 1
        self.governor.delivered(self.now, is_more=True)
        is_last = carried + 1 >= self.governor.mails_each(self.now)
        if not is_last and len(self.working) < self.governor.connections(self.now):
            heappush(self.working, (self.now + A_MAIL, carried + 1))


def test_from_eight_connections_to_all_within_two_seconds() -> None:
    server = Server(Governor(64))
    assert server.governor.connections(0.0) == START
    server.run(2.0)
    assert server.governor.connections(server.now) == 64
    assert server.delivered > 200


def test_nothing_grows_while_nothing_waits() -> None:
    governor = Governor(64)
    for second in range(100):
        governor.delivered(second, is_more=False)
    assert governor.connections(100.0) == START


@given(cap=st.integers(1, 80), ceiling=st.integers(1, 80))
@settings(max_examples=60, deadline=None)
def test_a_cap_is_found_kept_and_hardly_ever_asked_beyond(cap: int, ceiling: int) -> None:
    server = Server(Governor(ceiling), cap=cap)
    server.run(30.0)
    assert server.most == min(cap, ceiling)
    before = len(server.refusals)
    server.run(60.0)
    assert len(server.refusals) - before <= 60 / HOLD_SECONDS
    assert len(server.working) >= min(cap, ceiling) - 1


@given(cap=st.integers(1, 64), up=st.floats(0, 30), down=st.floats(1, 300))
@settings(max_examples=60, deadline=None)
def test_after_a_time_away_the_server_is_back_at_its_cap_within_half_a_minute(cap: int, up: float, down: float) -> None:
    server = Server(Governor(64), cap=cap)
    server.run(up)
    server.working.clear()
    server.run(down, is_up=False)
    assert len([at for at in server.refusals if at > server.now - 60]) <= 4 + 60 / HOLD_SECONDS
    server.run(server.governor.closed_for(server.now) + 30.0)
    assert len(server.working) >= cap - 1


def test_a_long_weekend_without_the_server_is_a_look_every_five_minutes() -> None:
    server = Server(Governor(64))
    server.run(4 * 24 * 3600.0, is_up=False)
    assert 4 * 24 * 12 <= len(server.refusals) <= 4 * 24 * 12 + 6
    server.run(server.governor.closed_for(server.now) + 5.0)
    assert len(server.working) == 64


def test_the_first_pause_is_ten_seconds_and_a_mail_that_is_answered_ends_the_series() -> None:
    governor = Governor(64)
    pauses, now = [], 0.0
    for _ in range(3):
        assert governor.refused_at_the_door(now, 0)
        pauses.append(governor.closed_for(now))
        now += governor.closed_for(now)
    governor.answered()
    governor.refused_at_the_door(now, 0)
    assert [*pauses, governor.closed_for(now)] == [10, 20, 40, FIRST_PAUSE]


def test_many_that_fail_at_once_are_one_failure() -> None:
    governor = Governor(64)
    for _ in range(64):
        governor.refused_at_the_door(0.0, 0)
    assert governor.closed_for(0.0) == FIRST_PAUSE


@pytest.mark.parametrize("each", [1, 5, 50])
def test_how_many_mails_a_connection_carries_is_learned_from_two_of_them(each: int) -> None:
    server = Server(Governor(64), each=each)
    server.run(60.0)
    assert server.governor.mails_each(server.now) == each
    assert len([at for at in server.refusals if at > 20]) == 0
    assert server.governor.connections(server.now) == 64


def test_one_connection_that_ends_teaches_nothing_unless_the_server_names_the_number() -> None:
    governor = Governor(64)
    governor.wished(Wish.FEWER_MAILS, 0.0, 7)
    governor.wished(Wish.FEWER_MAILS, 1.0, 9)
    assert governor.mails_each(2.0) == 500
    governor.wished(Wish.FEWER_MAILS, 3.0, 9, named=20)
    assert governor.mails_each(4.0) == 20
    assert governor.mails_each(3.0 + 3601.0) == 500


def test_refusals_of_the_first_mail_make_fewer_connections_at_most_twice_a_second() -> None:
    governor = Governor(64)
    for _ in range(100):
        governor.delivered(0.0, is_more=True)
    for _ in range(64):
        governor.wished(Wish.FEWER_MAILS, 1.0, 0)
    assert governor.connections(1.0) == 44
    governor.wished(Wish.FEWER_CONNECTIONS, 1.5, 30)
    assert governor.connections(1.5) == 30


def test_connections_that_are_cut_one_after_the_other_are_a_server_that_is_away() -> None:
    governor = Governor(64)
    assert [governor.cut(0.0, 2) for _ in range(5)] == [False, False, False, False, True]
    assert governor.connections(0.0) == 0
    other = Governor(64)
    for _ in range(20):
        assert not other.cut(0.0, 2)
        other.answered()


events = st.lists(
    st.tuples(
        st.floats(0, 30),
        st.sampled_from(["delivered", "idle", "door", "none", "each", "crowd", "slower", "cut"]),
        st.integers(0, 70),
    ),
    max_size=200,
)


@given(events=events, ceiling=st.integers(1, 64))
def test_there_are_never_more_connections_than_allowed_nor_fewer_than_one(
    events: list[tuple[float, str, int]], ceiling: int
) -> None:
    governor, now = Governor(ceiling), 0.0
    for passed, event, number in events:
        now += passed
        match event:
            case "delivered" | "idle":
                governor.delivered(now, is_more=event == "delivered")
            case "door":
                governor.refused_at_the_door(now, number)
            case "none":
                governor.refused_at_the_door(now, 0)
            case "cut":
                governor.cut(now, number)
            case _:
                wish = {"each": Wish.FEWER_MAILS, "crowd": Wish.FEWER_CONNECTIONS, "slower": Wish.SLOWER}[event]
                governor.wished(wish, now, number)
        closed = governor.closed_for(now)
        assert closed <= 300
        assert governor.connections(now) == 0 if closed else 1 <= governor.connections(now) <= ceiling
        assert 1 <= governor.mails_each(now) <= 500
