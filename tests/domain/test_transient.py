"""The life of transient clear data: every state with every event, written out against protocol 6."""

from datetime import timedelta

import pytest

from proca_web.domain.transient import TABLE, End, Event, State, retry_after, sources, target, unsure_after

# A dot: the event changes nothing in this state.
GRID = """
                claim           sent     failed          refused  unsure   junk    cap      block   close    give_up  expire   linger   lose     confirm    accept          reopen   reject  withdraw  bounce
to_send         sending         .        .               .        .        purged  purged  purged  .        purged   purged   waiting  purged   to_accept  .               .        purged  purged    purged
sending         .               waiting  to_send         purged   to_send  .       .       .       .        .        .        .        .        to_accept  .               .        purged  purged    purged
waiting         reminding       .        .               .        .        .       .        .       waiting  .        purged   .        .        to_accept  .               .        purged  purged    purged
reminding       .               waiting  waiting         waiting  waiting  .       .        .       waiting  .        .        .        .        to_accept  .               .        purged  purged    purged
to_accept       .               .        .               .        .        purged  .        purged  .        .        .        .        purged   to_accept  thanks_to_send  waiting  purged  purged    .
thanks_to_send  thanks_sending  .        .               .        .        .       cleared  .       .        cleared  cleared  .        cleared  .          .               .        .       .         .
thanks_sending  .               cleared  thanks_to_send  cleared  cleared  .       .        .       .        .        .        .        .        .          .               .        .       .         .
"""  # noqa: E501 -- a table is read in columns
_HEAD, *_ROWS = [line.split() for line in GRID.strip().splitlines()]
PAIRS = [(row[0], event, to) for row in _ROWS for event, to in zip(_HEAD, row[1:], strict=True)]


def test_the_grid_holds_every_state_and_every_event() -> None:
    assert [event.value for event in Event] == _HEAD
    assert [row[0] for row in _ROWS] == [state.value for state in State]


@pytest.mark.parametrize(("state", "event", "to"), PAIRS)
def test_every_pair_leads_where_the_protocol_says(state: str, event: str, to: str) -> None:
    reached = target(State(state), Event(event))
    assert (reached.value if reached is not None else ".") == to


@pytest.mark.parametrize("event", Event)
def test_the_states_an_event_moves_are_those_of_the_grid(event: Event) -> None:
    for to in {to for _, name, to in PAIRS if name == event and to != "."}:
        reached = End(to) if to in set(End) else State(to)
        assert list(sources(event, reached)) == [
            State(state) for state, name, goal in PAIRS if (name, goal) == (event, to)
        ]


def test_a_move_that_is_not_in_the_table_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="never leads"):
        sources(Event.CONFIRM, State.WAITING)


def test_an_accepted_signature_is_never_purged_with_its_clear_data() -> None:
    after_acceptance = (State.THANKS_TO_SEND, State.THANKS_SENDING)
    assert all(to is not End.PURGED for (state, _event), to in TABLE.items() if state in after_acceptance)


def test_an_unaccepted_signature_is_never_left_without_its_clear_data() -> None:
    before = (State.TO_SEND, State.SENDING, State.WAITING, State.REMINDING, State.TO_ACCEPT)
    assert all(to is not End.CLEARED for (state, _event), to in TABLE.items() if state in before)


def test_every_state_ends_by_time_alone() -> None:
    by_age = {*sources(Event.EXPIRE, End.PURGED), *sources(Event.EXPIRE, End.CLEARED)}
    after_a_lease = {State.SENDING, State.REMINDING, State.THANKS_SENDING}
    assert by_age | after_a_lease | set(sources(Event.LOSE, End.PURGED)) == set(State)
    assert {target(state, Event.UNSURE) for state in after_a_lease} == {State.TO_SEND, State.WAITING, End.CLEARED}


@pytest.mark.parametrize(
    ("attempts", "minutes"),
    [(0, 1), (1, 1), (2, 5), (3, 30), (4, 120), (5, 360), (6, 720), (7, 1440), (8, 1440), (1000, 1440)],
)
def test_failed_mails_wait_longer_each_time_and_a_day_at_most(attempts: int, minutes: int) -> None:
    assert retry_after(attempts) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("unsure", "minutes"), [(1, 10), (2, 60), (3, 1440), (4, 1440), (50, 1440)])
def test_a_mail_whose_end_nobody_knows_is_repeated_three_times_in_a_day_at_most(unsure: int, minutes: int) -> None:
    assert unsure_after(unsure) == timedelta(minutes=minutes)
