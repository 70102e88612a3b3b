"""How many mails ended how, by mail transport and large receiver: sums over all time, and nothing about a person."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.outcome import Outcome
from proca_web.models import Sends
from proca_web.services import driver

# By which word each end is known outside.
RESULTS = {
    Outcome.SENT: "sent",
    Outcome.REFUSED: "no_such_recipient",
    Outcome.ANSWERED: "not_taken",
    Outcome.UNSURE: "unsure",
    Outcome.FAULT: "our_fault",
    Outcome.CUT: "cut_off",
}
_ADD = driver.insert(
    Sends,
    lambda new: new.on_conflict_do_update(
        index_elements=["transport", "provider", "result"], set_={"mails": Sends.mails + new.excluded.mails}
    ),
)
Ended = Mapping[tuple[str, Outcome], int]


def add(session: Session, transport: str, ended: Ended) -> None:
    """So many more mails ended so: one statement, in one order, so that workers never wait for each other crosswise."""
    rows = sorted((provider, RESULTS[outcome], number) for (provider, outcome), number in ended.items())
    if rows:
        named = [
            {"transport": transport, "provider": provider, "result": result, "mails": number}
            for provider, result, number in rows
        ]
        session.execute(_ADD.of(session), named)


def of_instance(session: Session) -> Counter[tuple[str, str, str]]:
    """All sums, by transport, receiver and result."""
    rows = session.execute(select(Sends.transport, Sends.provider, Sends.result, Sends.mails))
    return Counter({(row.transport, row.provider, row.result): row.mails for row in rows})
