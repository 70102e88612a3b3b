"""The table that claimer, senders and settler work at, with nobody at it: which mail goes next, and which goes back."""

import threading
from collections.abc import Iterator

import pytest

from proca_web.adapters.mail.letters import Mail
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.domain.delivery.answers import SENT, Reply, Wish
from proca_web.domain.delivery.governor import Governor
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import State
from proca_web.jobs.mail.crew import STUCK_SECONDS, Crew
from proca_web.jobs.mail.hand import Held
from proca_web.jobs.mail.post import Post
from proca_web.services.signatures.mailing import DueMail
from tests.jobs.mail.conftest import Moment

SLOW, FAST = "slow.example", "fast.example"


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    """The table's clock."""
    made = Moment()
    monkeypatch.setattr("proca_web.adapters.clock.monotonic", made)
    return made


@pytest.fixture
def table(moment: Moment) -> Post:
    """A table with 32 connections at it."""
    made = Post(Governor(64))
    for _ in range(32):
        sender = object()
        made.crew.join(sender)
        made.crew.connected(sender)
    return made


def mails(moment: Moment, number: int, domain: str = FAST) -> list[Held]:
    """Claimed mails to that domain."""
    waiting = Waiting("x", "y")
    due = [DueMail(n, State.SENDING, 1, b"", False, False, 14, waiting) for n in range(number)]
    return [Held(one, Mail(f"person{one.action_id}@{domain}", b""), moment()) for one in due]


def begun(table: Post, moment: Moment) -> Iterator[Held]:
    """Everything that may begin now."""
    while (held := table.next(moment())[0]) is not None:
        yield held


def test_a_domain_that_drags_leaves_connections_to_the_others_and_what_may_not_begin_leaves_the_table(
    table: Post, moment: Moment
) -> None:
    table.add(mails(moment, 10))
    for held in begun(table, moment):
        moment.forward(0.02)
        table.answered(held, SENT, 0)
    table.add(mails(moment, 8, SLOW))
    assert len(list(begun(table, moment))) == 8
    moment.forward(2)
    table.hand.take_done()
    table.add([*mails(moment, 5, SLOW), *mails(moment, 5)])
    assert [held.domain for held in begun(table, moment)] == [FAST] * 5
    assert [back.seconds for back in table.hand.take_done().backs] == [20.0] * 5
    assert not table.lies_ready()


def test_a_mail_refused_for_the_servers_sake_is_the_next_one_and_nothing_is_written_down(
    table: Post, moment: Moment
) -> None:
    first, second = mails(moment, 2)
    table.add([first, second])
    assert table.next(moment())[0] is first
    table.answered(first, Reply(Outcome.ANSWERED, Wish.FEWER_MAILS), 5)
    assert table.next(moment())[0] is first
    done = table.hand.take_done()
    assert (done.outcomes, done.backs) == ([], [])


def test_what_lies_ready_for_a_minute_is_handed_back_and_not_begun(table: Post, moment: Moment) -> None:
    table.add(mails(moment, 3))
    moment.forward(61)
    assert table.next(moment())[0] is None
    assert len(table.hand.take_done().backs) == 3


def test_half_as_many_mails_as_connections_are_claimed_ahead_and_more_where_they_go_fast(
    table: Post, moment: Moment
) -> None:
    assert table.wants() == 4
    table.add(mails(moment, 100))
    assert table.wants() == 0
    for held in begun(table, moment):
        table.answered(held, SENT, 0)
    moment.forward(0.1)
    assert table.wants() == 100
    moment.forward(1)
    assert table.wants() == 4


def test_under_a_rate_no_more_is_claimed_than_goes_out_in_two_seconds(table: Post, moment: Moment) -> None:
    table.add(mails(moment, 30))
    for held in begun(table, moment):
        table.answered(held, SENT, 0)
    table.governor.wished(Wish.SLOWER, moment(), 1)
    assert table.governor.pace.rate == pytest.approx(27.0)
    moment.forward(1)
    assert table.wants() <= 54


def test_while_outcomes_cannot_be_written_down_nothing_more_is_claimed(table: Post, moment: Moment) -> None:
    for _ in range(5):
        table.add(mails(moment, 100))
        for held in begun(table, moment):
            table.answered(held, SENT, 0)
    assert table.wants() == 0
    table.hand.take_done()
    assert table.wants() > 0


def test_what_is_known_of_a_mail_goes_with_its_outcome(table: Post, moment: Moment) -> None:
    table.add(mails(moment, 1))
    (held,) = begun(table, moment)
    table.answered(held, SENT, 0)
    assert (held.mail, held.domain) == (None, "")


def test_the_server_wants_something_is_told_once_a_minute(table: Post, moment: Moment) -> None:
    assert [table.is_news(Wish.SLOWER) for _ in range(3)] == [True, False, False]
    assert table.is_news(Wish.FEWER_MAILS)
    moment.forward(61)
    assert table.is_news(Wish.SLOWER)


def test_nobody_is_known_by_how_a_mail_looks_in_a_traceback(table: Post, moment: Moment) -> None:
    (held,) = mails(moment, 1)
    assert "person" not in f"{held!r} {held}"


def crew_of(governor: Governor, moment: Moment, busy: int, idle: int) -> Crew:
    """Connections, so many of them with a mail in hand from now on."""
    made = Crew(threading.RLock(), governor)
    for number in range(busy + idle):
        sender = object()
        made.join(sender)
        made.connected(sender)
        if number < busy:
            made.begins(sender, moment())
    return made


def test_a_connection_that_is_stuck_while_others_go_on_is_replaced_and_counts_for_the_ceiling_alone(
    moment: Moment,
) -> None:
    crew = crew_of(Governor(10), moment, busy=3, idle=5)  # eight may be open, and ten at all
    moment.forward(STUCK_SECONDS)
    assert crew.missing(100, moment()) == 0, "nobody was answered since: the server is slow, no connection is stuck"
    crew.answered(moment())
    assert (crew.missing(100, moment()), crew.working(), crew.open()) == (2, 5, 8)
    assert not crew.is_surplus(moment())


def test_one_that_goes_on_after_all_makes_its_substitute_leave(moment: Moment) -> None:
    crew, late = crew_of(Governor(10), moment, busy=0, idle=8), object()
    crew.join(late)
    crew.connected(late)
    crew.begins(late, moment())
    moment.forward(STUCK_SECONDS)
    crew.answered(moment())
    assert not crew.is_surplus(moment())
    crew.rests(late)
    assert crew.is_surplus(moment())


def test_while_the_server_is_given_a_rest_nothing_is_replaced(moment: Moment) -> None:
    governor = Governor(10)
    crew = crew_of(governor, moment, busy=2, idle=0)
    moment.forward(STUCK_SECONDS)
    crew.answered(moment())
    assert governor.refused_at_the_door(moment(), crew.working())
    assert crew.missing(100, moment()) == 0
