"""Alarms: raised by whoever sees that something is wrong; in `/health`, `check`, the console, and mailed once a day.

An alarm is raised again each minute while its cause lasts, and stands for ten minutes after that; nobody ends one by
hand. Whoever raises one writes it in a transaction of its own: it must stay when the work it is about is rolled back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, or_, select
from sqlalchemy.orm import Session

from proca_web.domain.words import Alarm
from proca_web.models import StandingAlarm
from proca_web.services import driver
from proca_web.services.staff import outbox

STANDS = timedelta(minutes=10)
SENTENCES = {
    Alarm.CLOCK: "the clock of %(host)s is %(seconds)s seconds off: set it; until then that host takes no signature "
    "and sends no mail",
    Alarm.HOUSEKEEPING: "housekeeping by age stands at %(aged)s: the clock leapt, or nothing swept for hours; it makes "
    "up ten minutes a minute; when the clock is right, run: python3 -m proca_web sweep --clock-is-right",
    Alarm.KEYRING: "the keyring of %(host)s cannot be used, signatures are refused there: %(fault)s",
    Alarm.CAMPAIGN_KEY: "the keyring of %(host)s lacks the keys of %(number)s campaigns (%(first)s): "
    "their confirmations wait; restore the files, or, if they are lost everywhere, run: "
    "python3 -m proca_web campaign new-key",
    Alarm.WORKER: "signatures and confirmations are refused, nothing is stored: %(fault)s",
    Alarm.ACCEPTANCE: "%(number)s confirmed signatures wait for more than 5 minutes to be counted; the log of "
    "the worker says why",
    Alarm.REOPENED: "%(number)s confirmations could not be opened, because keys of a worker host are gone: the links "
    "of those people work again, and must be pressed again",
    Alarm.KEY_LOG: "the key log was changed: %(fault)s",
    Alarm.DATABASE: "the database failed: %(fault)s",
    Alarm.DISK: "a disk is full, or nearly (seen on %(host)s), and what is written there is refused: %(fault)s",
    Alarm.MAIL: "mail does not leave: %(fault)s",
    Alarm.LATE_MAIL: "%(late)s; after %(hours)s hours pages pause",
    Alarm.UNSURE_MAIL: "the end of %(number)s mails is unknown: a worker was killed, or a server did not answer; they "
    "are sent again, so some people get their link twice",
    Alarm.QUEUE: "the queue cannot be reached: %(fault)s",
}
_TOLD_ELSEWHERE = (Alarm.KEY_LOG,)  # with a mail of its own
_ROW = driver.table(StandingAlarm).c
_IS_OVER = or_(_ROW.raised_at < bindparam("earliest"), _ROW.raised_at > bindparam("latest"))
_RAISE = driver.insert(
    StandingAlarm,
    lambda new: new.on_conflict_do_update(
        index_elements=["kind"],
        set_={
            "sentence": new.excluded.sentence,
            "since": case((_IS_OVER, new.excluded.since), else_=_ROW.since),
            "raised_at": new.excluded.raised_at,
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm that stands."""

    kind: Alarm
    sentence: str
    since: datetime


def raise_(session: Session, kind: Alarm, now: datetime, **facts: str | int) -> None:
    """Something is wrong at this moment: it stands, and operators get a mail, one a day and kind."""
    sentence = SENTENCES[kind] % facts
    row = {"kind": kind, "sentence": sentence, "since": now, "raised_at": now}
    session.execute(_RAISE.of(session), row | {"earliest": now - STANDS, "latest": now + STANDS})
    home = outbox.home_id(session)
    if home is not None and kind not in _TOLD_ELSEWHERE:
        once = f"alarm:{kind}:{now:%Y-%m-%d}"
        outbox.tell(session, kind, home, outbox.operators(session), once, now, kind=kind.value, sentence=sentence)


def standing(session: Session, now: datetime) -> list[Standing]:
    """The alarms that stand now, by kind; one that a clock far ahead has raised is over when the clock is right."""
    near = StandingAlarm.raised_at.between(now - STANDS, now + STANDS)
    rows = session.scalars(select(StandingAlarm).where(near).order_by(StandingAlarm.kind))
    return [Standing(Alarm(row.kind), row.sentence, row.since) for row in rows]
