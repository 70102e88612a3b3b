"""What became of the forms that were sent: each is in one place, and all of them together are what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.domain.words import DayEvent
from proca_web.services.petitions.numbers import reading

# Why a form that was sent is not among the people that count, in the order of the screen.
WHY = {
    "expired": (DayEvent.EXPIRED,),
    "repeated": (DayEvent.REPEATED,),
    "withdrawn": (DayEvent.WITHDRAWN,),
    "rejected": (DayEvent.REJECTED,),
    "refused": (DayEvent.REFUSED, DayEvent.BOUNCED),
    "not_mailed": (DayEvent.JUNK, DayEvent.CAPPED, DayEvent.BLOCKED),
    "lost": (DayEvent.LOST,),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """From the form to the count, since it is counted. `people` are those who confirmed and did not take it back.

    `waiting`: nothing is known of them yet.
    """

    since: datetime | None
    submitted: int
    mailed: int
    confirmed: int
    shared: int
    people: int
    waiting: int
    ends: dict[str, int]


def of(session: Session, pages: Sequence[int]) -> Sent:
    """What became of them on these pages. What was signed before this was counted is left out whole."""
    since = reading.begin(session, pages)
    if since is None:
        return Sent(None, 0, 0, 0, 0, 0, 0, dict.fromkeys(WHY, 0))
    happened = reading.events(session, pages, since)
    ends = {why: sum(happened.get(event, 0) for event in events) for why, events in WHY.items()}
    submitted, confirmed = (happened.get(event, 0) for event in (DayEvent.SUBMITTED, DayEvent.CONFIRMED))
    people = max(confirmed - ends["withdrawn"], 0)
    return Sent(
        since=since,
        submitted=submitted,
        mailed=happened.get(DayEvent.MAILED, 0),
        confirmed=confirmed,
        shared=reading.shared(session, pages, since),
        people=people,
        waiting=max(submitted - people - sum(ends.values()), 0),
        ends=ends,
    )
