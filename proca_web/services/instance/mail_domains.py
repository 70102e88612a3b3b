"""What is known of our From domains: what the name server said, and what the last mail that came back showed.

Holds domains and hosts only. Who asks the name server does so outside of any transaction, and writes it down here.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from proca_web.domain.senders import findings
from proca_web.domain.senders.findings import Finding, Severity
from proca_web.domain.senders.sender import Sender
from proca_web.models import MailDomain
from proca_web.services import driver

ASKED_EVERY = timedelta(days=1)
TRIED_EVERY = timedelta(minutes=15)
_TABLE = driver.table(MailDomain)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one From domain; `reason` says why the last question had no answer."""

    domain: str
    findings: Sequence[Finding]
    asked_at: datetime | None = None
    received_at: datetime | None = None
    reason: str = ""
    is_waiting: bool = False

    @property
    def faults(self) -> list[Finding]:
        """Those that lose mails."""
        return [finding for finding in self.findings if finding.severity is Severity.FAULT]


def due(session: Session, senders: Collection[Sender], now: datetime) -> dict[str, list[Sender]]:
    """The domains to ask about now, each with who sends for it."""
    by_domain = {name: list(group) for name, group in groupby(sorted(senders), lambda sender: sender.domain)}
    known = {row.domain: row for row in session.scalars(select(MailDomain))}
    return {name: group for name, group in by_domain.items() if _is_due(known.get(name), group, now)}


def _is_due(row: MailDomain | None, senders: Sequence[Sender], now: datetime) -> bool:
    if row is None or row.tried_at is None or row.about != _about(senders):
        return True
    if row.wanted_at is not None and row.wanted_at >= row.tried_at:
        return True
    every = TRIED_EVERY if row.reason else ASKED_EVERY
    return not timedelta(0) <= now - row.tried_at < every  # a clock that leapt far ahead stops nobody


def answered(session: Session, senders: Sequence[Sender], found: Sequence[Finding], now: datetime) -> None:
    """Keep what the name server said."""
    values = {"findings": findings.written(found), "asked_at": now, "reason": ""}
    _keep(session, senders[0].domain, {"about": _about(senders), "tried_at": now, **values})


def not_answered(session: Session, senders: Sequence[Sender], reason: str, now: datetime) -> None:
    """The name server said nothing: what is known stays, and the next try is in a quarter of an hour."""
    _keep(session, senders[0].domain, {"about": _about(senders), "tried_at": now, "reason": reason})


def look_again(session: Session, domain: str, now: datetime) -> None:
    """Somebody has changed something: the next worker that looks asks."""
    _keep(session, domain, {"wanted_at": now})


def came_back(session: Session, domain: str, found: Sequence[Finding], now: datetime) -> None:
    """Keep what a mail that came back showed."""
    _keep(session, domain, {"received": findings.written(found), "received_at": now})


def keep_only(session: Session, domains: Collection[str]) -> None:
    """Nobody sends for the others any more."""
    session.execute(delete(_TABLE).where(_TABLE.c.domain.not_in(domains)))


def known_of(session: Session, domain: str) -> Known:
    """What is known of a From domain."""
    row = session.get(MailDomain, domain)
    return _known(row) if row is not None else Known(domain, findings.together((), ()), is_waiting=True)


def _known(row: MailDomain) -> Known:
    shown = findings.together(findings.read(row.findings), findings.read(row.received))
    is_wanted = row.wanted_at is not None and (row.tried_at is None or row.wanted_at >= row.tried_at)
    is_waiting = is_wanted or row.tried_at is None
    return Known(row.domain, shown, row.asked_at, row.received_at, row.reason, is_waiting)


def _about(senders: Sequence[Sender]) -> str:
    return json.dumps([[sender.envelope, sender.relay] for sender in sorted(senders)])


def _keep(session: Session, domain: str, values: Mapping[str, object]) -> None:
    statement = driver.insert(
        MailDomain, lambda new: new.on_conflict_do_update(index_elements=["domain"], set_=dict(values))
    )
    session.execute(statement.of(session), {"domain": domain, **values})
