"""A campaign's hot hour: sign, mail, confirm, count, thank, with all that a real one has, in processes of their own.

gunicorn, one worker, a relay that answers after 25 ms (150 ms more after the last dot, PIPELINING), and the people.
Lines say when 95 of 100 were through, and whether mails piled up.
"""

import argparse
import multiprocessing
import time
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import text

from bench.apart import ask, core_seconds_of, relaying, running
from bench.hour.crowd import Crowd, Ear, Person
from bench.instance import Instance, instance, kinds, server, worker
from bench.mail import AFTER_DOT, ROUND_TRIP
from bench.relay import Relay
from proca_web.adapters.database import reading

RATES = (33.0, 133.0)
DRAIN_SECONDS = 60.0
_LOOKS_EVERY = 0.05
_COUNT = text("SELECT sum(supporter_count) FROM campaigns")


@dataclass(frozen=True)
class Journey:
    """What came of it. Times are seconds that 95 of 100 were through in; backlogs are mails, averages of a quarter."""

    people: int
    signed: int
    mailed: int
    confirmed: int
    counted: int
    thanked: int
    wrong: int
    sign: float
    handed_over: float
    count: float
    thank: float
    backlog: float
    backlog_at_end: float
    connections: int
    web: float
    worker: float
    relay: float
    crowd: float

    def said(self) -> str:
        """One line of it."""
        return (
            f"{self.signed} signed, {self.mailed} mailed, {self.confirmed} confirmed, {self.counted} counted, "
            f"{self.thanked} thanked of {self.people} ({self.wrong} wrong answers); p95: form answered "
            f"{self.sign:.2f} s, submit to handed over {self.handed_over:.2f} s, confirmed to counted "
            f"{self.count:.2f} s, to thanked {self.thank:.2f} s; backlog {self.backlog:.0f}, at the end "
            f"{self.backlog_at_end:.0f} mails; "
            f"{self.connections} connections; cores: web {self.web:.2f}, worker {self.worker:.2f}, relay "
            f"{self.relay:.2f}, people {self.crowd:.2f}"
        )


def run(options: argparse.Namespace) -> dict[str, object]:
    """Both paces, on SQLite and, where reachable, PostgreSQL."""
    found: dict[str, object] = {}
    for kind in kinds(options.database):
        for rate in RATES:
            journey = travel(kind, rate, options.seconds, options.workers)
            print(f"{kind:10} {rate:.0f}/s for {options.seconds:.0f} s: {journey.said()}", flush=True)
            found[f"{kind}, {rate:.0f}/s"] = asdict(journey)
    return found


def travel(kind: str, rate: float, seconds: float, workers: int = 2) -> Journey:
    """So many people a second, to the last thank-you or a minute after the last form."""
    hears, heard = multiprocessing.Pipe(duplex=False)
    asked, answers = multiprocessing.Pipe()
    relay = Relay(ROUND_TRIP, AFTER_DOT, keeps=False, heard=Ear(heard, ROUND_TRIP + AFTER_DOT))
    with relaying(relay) as (port, relay_asked):
        mail = {"PROCA_MAIL_SERVER": "127.0.0.1", "PROCA_MAIL_PORT": str(port), "PROCA_MAIL_TLS": "none"}
        with instance(kind, **mail) as made, server(made, workers) as web, worker(made):
            crowd = Crowd(web, rate, round(rate * seconds), hears, answers)
            ask(relay_asked)
            with running(crowd.run) as pid:
                made.processes["crowd"] = pid
                return _watched(made, crowd, seconds, asked, relay_asked)


def _watched(made: Instance, crowd: Crowd, seconds: float, asked: Connection, relay_asked: Connection) -> Journey:
    before = {name: core_seconds_of(pid) for name, pid in made.processes.items()}
    began = time.perf_counter()
    counts: list[tuple[float, int]] = []
    cores: dict[str, float] = {}
    while (passed := time.perf_counter() - began) < seconds + DRAIN_SECONDS:
        time.sleep(_LOOKS_EVERY)
        counts.append(_counted(made))
        if passed >= seconds and not cores:
            cores = {name: (core_seconds_of(pid) - before[name]) / passed for name, pid in made.processes.items()}
            cores["relay"] = ask(relay_asked, forget=False)[2] / passed
        if cores and counts[-1][1] == crowd.number and _ask(asked, at_end=False) == crowd.number:
            break
    people, wrong = _ask(asked, at_end=True)
    return _journey(people, counts, cores, {"wrong": wrong, "connections": ask(relay_asked, forget=False)[1]})


def _counted(made: Instance) -> tuple[float, int]:
    with made.app.app_context(), reading() as session:
        number = session.execute(_COUNT).scalar_one()
    return time.perf_counter(), int(number)


def _ask(asked: Connection, *, at_end: bool) -> Any:
    asked.send(at_end)
    return asked.recv()


def _journey(
    people: list[Person], counts: list[tuple[float, int]], cores: dict[str, float], numbers: dict[str, Any]
) -> Journey:
    presses = sorted(person.confirmed for person in people if person.confirmed)
    waits, look = [], iter(counts)
    at, number = next(look)
    for place, pressed in enumerate(presses, 1):
        while number < place:
            at, number = next(look, (at, len(people)))
        waits.append(max(0.0, at - pressed))
    return Journey(
        people=len(people),
        signed=sum(1 for person in people if person.signed),
        mailed=sum(1 for person in people if person.mailed),
        confirmed=len(presses),
        counted=counts[-1][1],
        thanked=sum(1 for person in people if person.thanked),
        sign=_p95([person.signed - person.signs for person in people if person.signed]),
        handed_over=_p95([person.mailed - person.signs for person in people if person.mailed]),
        count=_p95(waits),
        thank=_p95([person.thanked - person.confirmed for person in people if person.thanked and person.confirmed]),
        backlog=_backlog(people, 0.25, 0.5),
        backlog_at_end=_backlog(people, 0.75, 1.0),
        **(numbers | cores),
    )


def _backlog(people: list[Person], since: float, until: float) -> float:
    """How many were signed and not mailed yet, on average between two parts of the time in which people came."""
    first, last = people[0].signs, people[-1].signs
    times = [(person.signed, person.mailed) for person in people if person.signed]
    looks = [first + (last - first) * (since + (until - since) * look / 20) for look in range(20)]
    waiting = [sum(1 for signed, mailed in times if signed <= look and not 0.0 < mailed <= look) for look in looks]
    return sum(waiting) / len(waiting)


def _p95(seconds: list[float]) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] if ordered else 0.0
