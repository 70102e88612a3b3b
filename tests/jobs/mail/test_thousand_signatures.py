"""A thousand signatures among all faults at once, a fortnight long: each is confirmed, or purged with its reason."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest

from bench.relay import Relay
from proca_web.domain.words import DayEvent
from proca_web.jobs.mail.room import room_of
from tests.factories import FakeClock, World
from tests.jobs.mail.conftest import Moment
from tests.jobs.mail.thousand import OF_PEOPLE, Life, Person

PEOPLE = 1000
FATES = (
    "relay away",
    "sender refused",
    "killed after the answer",
    "killed while accepting",
    "killed before accepting",
    "database restarts",
    "disk full",
    "keys lost",
    *(f"{whose}:{hours}" for whose in ("clock", "clock of this host") for hours in (1, -1, 48, -48)),
)
UNSENT_AT_MOST, A_DAY, MOST_MAILS_A_DAY = timedelta(days=7), timedelta(days=1), 3
PURGES = ("rejected", "refused", "expired", "bounced", "lost", "junk", "capped", "blocked")


@pytest.mark.timeout(600)  # twelve seconds of processor time, on a machine that may have other work
@pytest.mark.parametrize("post", [True], indirect=True, ids=["pipelining"])
def test_each_of_a_thousand_is_confirmed_or_purged_with_its_reason_and_none_is_lost(
    world: World, post: Relay, clock: FakeClock, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("CONNECT_SECONDS", "COMMAND_SECONDS", "LAST_DOT_SECONDS"):
        monkeypatch.setattr(f"proca_web.adapters.mail.smtp.{limit}", 0.05)
    world.execute("UPDATE campaigns SET confirm_days = 7")
    life = Life(world, post, clock, moment, monkeypatch, Random(15))
    life.begin()
    for hours, people, fate in _turns(life.random):
        life.sign(people)
        life.pass_by(timedelta(hours=hours), fate)
        assert life.oldest_readable() <= UNSENT_AT_MOST + timedelta(hours=hours), "an address was readable too long"
    _see_that_none_is_lost(world)
    assert set(life.happened) >= {*OF_PEOPLE, *FATES}, "not every fault has struck"
    assert not [person for person in life.people if _has_too_many_in_a_day(person, life.leaps)]
    assert max(person.thanks for person in life.people) == 1
    assert room_of(world.app).post.hand.all() == []


def _turns(random: Random) -> list[tuple[int, int, str]]:
    """Hours, how many sign, and what befalls the worker: two days of signing, a long weekend without mail, the rest."""
    fates = [*FATES, *FATES[:-8], *[""] * (48 - 2 * len(FATES))]
    random.shuffle(fates)
    signing = [(1, PEOPLE // 40, fate) for fate in fates]
    late = [(8, 0, random.choice([*FATES, ""])) for _ in range(8)]
    return [*signing, *[(12, 0, "relay away")] * 6, *late, *[(36, 0, "")] * 8]


def _see_that_none_is_lost(world: World) -> None:
    assert world.query("SELECT state, count(*) FROM transients GROUP BY state") == []
    assert world.query("SELECT DISTINCT status, counted, released FROM actions") == [("accepted", 1, 1)]
    ((confirmed,),) = world.query("SELECT count(*) FROM actions")
    assert world.query("SELECT supporter_count FROM campaigns") == [(confirmed,)]
    days = Counter(world.ends())
    assert days[DayEvent.CONFIRMED] == confirmed
    assert confirmed + sum(days[event] for event in PURGES) == PEOPLE
    assert confirmed > PEOPLE / 2
    assert all(days[event] for event in (DayEvent.REJECTED, DayEvent.REFUSED, DayEvent.EXPIRED, DayEvent.UNSURE))
    assert days[DayEvent.LOST]
    assert days[DayEvent.REOPENED]


def _has_too_many_in_a_day(person: Person, leaps: list[datetime]) -> bool:
    """Where the clocks of host and database leap alike, nobody can know, and a day's pause may seem to be over."""
    for first in person.mails:
        mails = sum(1 for at in person.mails if first <= at < first + A_DAY)
        if mails > MOST_MAILS_A_DAY + sum(1 for leap in leaps if first - A_DAY <= leap < first + A_DAY):
            return True
    return False
