"""Who was seen when: signs of life of processes and relays, when a rare job last ran, and what was set aside."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from proca_web.models import Fault, Heartbeat, MailConnections, Relay
from proca_web.services import driver

_RECOUNTED = "recount"
_FOLDED = "fold"
_WEB = "web process"
_OLD = timedelta(days=1)
_CONNECTIONS_SEEN_WITHIN = timedelta(minutes=3)
_HEARTBEATS = driver.table(Heartbeat)
_FAULTS = driver.table(Fault)
_BEAT = driver.insert(
    Heartbeat,
    lambda new: new.on_conflict_do_update(index_elements=["name"], set_={"seen_at": new.excluded.seen_at}),
)

_TAKEN = driver.insert(
    Relay,
    lambda new: new.on_conflict_do_update(index_elements=["name"], set_={"taken_at": new.excluded.taken_at}),
)
_CONNECTIONS = driver.table(MailConnections)
_OPEN = driver.insert(
    MailConnections,
    lambda new: new.on_conflict_do_update(
        index_elements=["transport", "process"],
        set_={"number": new.excluded.number, "seen_at": new.excluded.seen_at},
    ),
)
_SET_ASIDE = driver.insert(
    Fault,
    lambda new: new.on_conflict_do_update(
        index_elements=["name"], set_={"reason": new.excluded.reason, "seen_at": new.excluded.seen_at}
    ),
)
FAULTS_TOLD = timedelta(days=1)


def beat(session: Session, name: str, now: datetime) -> None:
    """A sign of life."""
    session.execute(_BEAT.of(session), {"name": name, "seen_at": now})


def last_beat(session: Session, name: str) -> datetime | None:
    """When that kind of process was last seen."""
    return session.scalar(select(Heartbeat.seen_at).where(Heartbeat.name == name))


def web_process(host: str, pid: int) -> str:
    """By which name a web process leaves its signs of life."""
    return f"{_WEB} {pid} on {host}"


def forget(session: Session, name: str) -> None:
    """That process has ended, and said so."""
    session.execute(delete(_HEARTBEATS).where(_HEARTBEATS.c.name == name))


def forget_old(session: Session, aged: datetime) -> None:
    """Processes that were killed said nothing at their end."""
    is_web = _HEARTBEATS.c.name.startswith(f"{_WEB} ")
    session.execute(delete(_HEARTBEATS).where(is_web, _HEARTBEATS.c.seen_at < aged - _OLD))
    session.execute(delete(_CONNECTIONS).where(_CONNECTIONS.c.seen_at < aged - _OLD))


def of_processes(session: Session) -> dict[str, datetime]:
    """When each process that serves this database was last seen, by what people call it."""
    is_process = (Heartbeat.name == "worker") | Heartbeat.name.startswith(f"{_WEB} ")
    return {beat.name: beat.seen_at for beat in session.scalars(select(Heartbeat).where(is_process))}


def is_recount_due(session: Session, now: datetime) -> bool:
    """Whether the nightly recount was more than a day ago; marks it as done now."""
    return _is_due(session, _RECOUNTED, now)


def is_fold_due(session: Session, now: datetime) -> bool:
    """The same of what was counted by the hour, and is to be kept by the day."""
    return _is_due(session, _FOLDED, now)


def taken(session: Session, relay: str, now: datetime) -> None:
    """That mail transport took a mail: what was wrong with it is over."""
    session.execute(_TAKEN.of(session), {"name": relay, "taken_at": now})
    session.execute(delete(_FAULTS).where(_FAULTS.c.name == relay))


def last_taken(session: Session, relay: str) -> datetime | None:
    """When that mail transport last took a mail."""
    return session.scalar(select(Relay.taken_at).where(Relay.name == relay))


def connected(session: Session, relay: str, process: str, number: int, now: datetime) -> None:
    """So many connections to that mail transport this process has open."""
    session.execute(_OPEN.of(session), {"transport": relay, "process": process, "number": number, "seen_at": now})


def connections(session: Session, now: datetime) -> dict[str, int]:
    """How many connections to each mail transport are open, over all processes that were seen lately."""
    seen = _CONNECTIONS.c.seen_at >= now - _CONNECTIONS_SEEN_WITHIN
    of_each = select(_CONNECTIONS.c.transport, func.sum(_CONNECTIONS.c.number)).where(seen)
    rows = session.execute(of_each.group_by(_CONNECTIONS.c.transport))
    return {transport: int(number) for transport, number in rows}


def set_aside(session: Session, name: str, reason: str, now: datetime) -> None:
    """Remember for a day what was set aside and why; neither may say anything about a person."""
    session.execute(delete(_FAULTS).where(_FAULTS.c.seen_at < now - FAULTS_TOLD))
    session.execute(_SET_ASIDE.of(session), {"name": name, "reason": reason, "seen_at": now})


def faults(session: Session, now: datetime) -> list[Fault]:
    """What was set aside within a day."""
    return list(session.scalars(select(Fault).where(Fault.seen_at >= now - FAULTS_TOLD).order_by(Fault.name)))


def _is_due(session: Session, what: str, now: datetime) -> bool:
    """On its first day nothing is."""
    last = last_beat(session, what)
    if last is not None and timedelta(0) <= now - last < timedelta(hours=24):
        return False
    beat(session, what, now)
    return last is not None
