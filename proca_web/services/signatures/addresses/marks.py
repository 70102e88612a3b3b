"""How many mails went to an address in a day and campaign (protocol 6): nobody is flooded by somebody else's hand.

The caller holds the lock `fingerprints.marking` and counts in the transaction that claims.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete
from sqlalchemy.orm import Session

from proca_web.models import MailMark
from proca_web.services import driver

A_DAY = 3
KEPT = timedelta(days=1)
# A campaign and the fingerprint of an address in it.
Mark = tuple[int, bytes]
_MARKS = driver.table(MailMark)
_ADD = driver.insert(
    MailMark,
    lambda new: new.on_conflict_do_update(
        index_elements=["campaign_id", "mark", "day"], set_={"mails": MailMark.mails + new.excluded.mails}
    ).returning(_MARKS.c.campaign_id, _MARKS.c.mark, _MARKS.c.mails),
)
_OLD = delete(_MARKS).where(_MARKS.c.day < bindparam("day"))


def count(session: Session, asked: Mapping[Mark, int], now: datetime) -> dict[Mark, int]:
    """So many more mails are asked for today; how many of these may go, three a day in all."""
    if not asked:
        return {}
    more = [
        {"campaign_id": campaign, "mark": mark, "day": now.date(), "mails": number}
        for (campaign, mark), number in sorted(asked.items())
    ]
    allowed = {}
    for row in session.execute(_ADD.of(session), more):
        mark = (row.campaign_id, bytes(row.mark))
        allowed[mark] = max(0, min(asked[mark], A_DAY - (row.mails - asked[mark])))
    return allowed


def within(asked: Iterable[tuple[int, Mark]], allowed: Mapping[Mark, int]) -> set[int]:
    """Which of these actions are among the first that may have their mail, in the order of their numbers."""
    left, found = dict(allowed), set[int]()
    for action, mark in sorted(asked):
        left[mark] -= 1
        if left[mark] >= 0:
            found.add(action)
    return found


def forget_old(session: Session, aged: datetime) -> int:
    """What is older than yesterday goes; how many."""
    return driver.changed(session, _OLD, {"day": (aged - KEPT).date()})
