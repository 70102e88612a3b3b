"""Which of the claimed mails go, and the end of those that do not: in the transaction of their claim (protocol 6).

A crash before its commit leaves all as it was, the count of mails too; after it nothing is counted again, because the
row has its mark.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, LargeBinary, bindparam, func, update
from sqlalchemy.orm import Session

from proca_web.domain.transient import REMINDED_WITHIN, Event, State
from proca_web.models import Transient
from proca_web.services import driver
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import clearing, reminding
from proca_web.services.signatures.addresses import looking
from proca_web.services.signatures.addresses.looking import Asked, Found, Verdict

_ENDS = {Verdict.JUNK: Event.JUNK, Verdict.CAPPED: Event.CAP, Verdict.BLOCKED: Event.BLOCK}
_TRANSIENTS = driver.table(Transient)
_ROW = _TRANSIENTS.c
_MARK = update(_TRANSIENTS).where(_ROW.action_id == bindparam("action")).values(mark=bindparam("found"))
_GIVEN = func.unnest(bindparam("actions", type_=ARRAY(BigInteger())), bindparam("found", type_=ARRAY(LargeBinary())))
_GIVEN_ROWS = _GIVEN.table_valued("action_id", "mark", name="given").render_derived()
_MARK_AT_ONCE = update(_TRANSIENTS).where(_ROW.action_id == _GIVEN_ROWS.c.action_id).values(mark=_GIVEN_ROWS.c.mark)


def first_mails(
    session: Session, keyring: Keyring, asked: Sequence[Asked], now: datetime
) -> tuple[dict[int, bool], list[int]]:
    """Of these confirmations: which go, and whether their address has signed already; and which must wait.

    Junk, capped and blocked ones are purged; one that somebody decides about at this moment waits, and so does a
    campaign whose key is missing.
    """
    found = looking.look(session, keyring, asked, now)
    waits = [each.action_id for each in asked if each.action_id not in found]
    for verdict, event in _ENDS.items():
        ended = {action for action, each in found.items() if each.verdict is verdict}
        if ended:
            waits += sorted(ended - clearing.purge_free(session, ended, event, now))
    goes = {action: each for action, each in found.items() if each.verdict not in _ENDS}
    _remember(session, {each.action_id: goes[each.action_id] for each in asked if _is_new(each, goes)})
    return {action: each.verdict is Verdict.KNOWN for action, each in goes.items()}, waits


def reminders(
    session: Session, keyring: Keyring, asked: Mapping[Asked, datetime | None], now: datetime
) -> tuple[dict[int, bool], list[int]]:
    """The same of reminders, by when their first mail left; None: there is to be none. What does not go is closed.

    None goes to who has signed meanwhile, said no, or got three mails today: it is a mail as any other.
    """
    timely = [each for each, since in asked.items() if since is not None and now - since < REMINDED_WITHIN]
    found = looking.look(session, keyring, timely, now)
    goes = {action: False for action, each in found.items() if each.verdict is Verdict.GOES}
    waits = [each.action_id for each in timely if each.action_id not in found]
    closed = {each.action_id for each in asked} - goes.keys() - set(waits)
    if closed:
        reminding.close(session, closed, State.REMINDING)
    return goes, waits


def _is_new(asked: Asked, goes: Mapping[int, Found]) -> bool:
    return asked.mark is None and asked.action_id in goes


def _remember(session: Session, found: Mapping[int, Found]) -> None:
    """Write these rows' marks."""
    if not found:
        return
    if driver.dialect_of(session).name == "postgresql":
        bound: Any = {"actions": list(found), "found": [each.mark for each in found.values()]}
        session.execute(_MARK_AT_ONCE, bound)
    else:
        session.execute(_MARK, [{"action": action, "found": each.mark} for action, each in found.items()])
