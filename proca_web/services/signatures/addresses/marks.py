"""How many mails went to an address in a day and campaign (protocol 6): nobody is flooded by somebody else's hand.

The caller holds the lock `fingerprints.marking` and counts in the transaction that claims.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    Integer,
    LargeBinary,
    Table,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from proca_web.models import MailMark
from proca_web.services import driver
from proca_web.services.driver import EachDialect

A_DAY = 3
MARK_BYTES = 32
KEPT = timedelta(days=1)
# A campaign and the fingerprint of an address in it.
Mark = tuple[int, bytes]
_MARKS = driver.table(MailMark)
_ROW = _MARKS.c
_OLD = delete(_MARKS).where(_ROW.day < bindparam("day"))
# PostgreSQL takes them as arrays: a statement of another length for each batch would be planned anew each time. All
# marks are one value: the driver writes each element of an array of bytes out.
_GIVEN = (
    func.unnest(bindparam("campaigns", type_=ARRAY(BigInteger())), bindparam("mails", type_=ARRAY(BigInteger())))
    .table_valued("campaign_id", "mails", with_ordinality="place", name="given")
    .render_derived()
)
_PLACE = cast((_GIVEN.c.place - 1) * MARK_BYTES + 1, Integer())
_GIVEN_MARK = func.substring(
    bindparam("marks", type_=LargeBinary()), _PLACE, literal_column(str(MARK_BYTES)), type_=LargeBinary()
)


def _adding(new: Any) -> Any:
    """However a mark comes in: one more row, or more mails of the one there is; how many it has then."""
    more = {"mails": _ROW.mails + new.excluded.mails}
    new = new.on_conflict_do_update(index_elements=["campaign_id", "mark", "day"], set_=more)
    return new.returning(_ROW.campaign_id, _ROW.mark, _ROW.mails)


_ALL_GIVEN = select(_GIVEN.c.campaign_id, _GIVEN_MARK, bindparam("day", type_=Date()), _GIVEN.c.mails)
_ADD = EachDialect(
    sqlite=_adding(sqlite.insert(_MARKS)),
    postgresql=_adding(postgresql.insert(_MARKS).from_select(["campaign_id", "mark", "day", "mails"], _ALL_GIVEN)),
)


def in_table(table: Table, column: str) -> EachDialect:
    """A statement for `among`: which marks stand in that column, of a table of campaigns."""
    campaign, mark = table.c.campaign_id, table.c[column]
    found = select(campaign, mark)
    of_many = campaign.in_(bindparam("campaigns", expanding=True)), mark.in_(bindparam("marks", expanding=True))
    is_given = (_GIVEN.c.campaign_id == campaign) & (mark == _GIVEN_MARK)
    return EachDialect(sqlite=found.where(*of_many), postgresql=found.join_from(_GIVEN, table, is_given))


def among(session: Session, marks: Collection[Mark], statement: EachDialect) -> set[Mark]:
    """Which of these marks that statement finds."""
    if not marks:
        return set()
    campaigns, addresses = [campaign for campaign, _ in marks], [mark for _, mark in marks]
    if driver.dialect_of(session).name == "sqlite":
        bound: dict[str, Any] = {"campaigns": set(campaigns), "marks": addresses}
    else:
        bound = {"campaigns": campaigns, "marks": b"".join(addresses), "mails": []}
    return {(campaign, bytes(mark)) for campaign, mark in session.execute(statement.of(session), bound)}


def count(session: Session, asked: Mapping[Mark, int], now: datetime) -> dict[Mark, int]:
    """So many more mails are asked for today; how many of these may go, three a day in all."""
    if not asked:
        return {}
    each = [(*mark, number) for mark, number in sorted(asked.items())]
    if driver.dialect_of(session).name == "sqlite":
        names = ("campaign_id", "mark", "mails")
        bound: Any = [dict(zip(names, one, strict=True)) | {"day": now.date()} for one in each]
    else:
        campaigns, addresses, mails = zip(*each, strict=True)
        bound = {"campaigns": list(campaigns), "marks": b"".join(addresses), "mails": list(mails), "day": now.date()}
    had = {
        (row.campaign_id, bytes(row.mark)): row.mails - asked[row.campaign_id, bytes(row.mark)]
        for row in session.execute(_ADD.of(session), bound)
    }
    return {mark: max(0, min(asked[mark], A_DAY - before)) for mark, before in had.items()}


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
