"""Mails a second from one worker: into a server that answers as real ones do, and into one that answers at once.

The server is a process of its own. When it used more than half a core, it was what was measured, and nothing is told.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from sqlalchemy import text

from bench import rows
from bench.apart import ask, core_seconds, relaying
from bench.instance import Instance, instance, kinds
from bench.relay import Relay
from proca_web.adapters.database import reading
from proca_web.jobs.mail.room import Mailroom

ROUND_TRIP, AFTER_DOT = 0.025, 0.150
FIRST = 200
MOST_SECONDS = 120.0
MOST_OF_A_CORE = 0.5


@dataclass(frozen=True)
class Line:
    """One line of the table: which server, and how many mails."""

    name: str
    relay: Relay
    mails: int


def lines() -> list[Line]:
    """The servers that are measured."""
    slow = {"round_trip": ROUND_TRIP, "after_dot": AFTER_DOT, "keeps": False}
    return [
        Line("25/150 ms", Relay(**slow, is_pipelining=False), 4000),  # type: ignore[arg-type]  # one dictionary for both
        Line("25/150 ms, PIPELINING", Relay(**slow), 4000),  # type: ignore[arg-type]  # as above
        Line("answers at once", Relay(keeps=False), 8000),
    ]


def run(options: argparse.Namespace) -> dict[str, object]:
    """SQLite and, where reachable, PostgreSQL; one line for each server."""
    rounds = min(options.rounds, 3)
    return {f"{kind}, {line.name}": _one(kind, line, rounds) for line in lines() for kind in kinds(options.database)}


def _one(kind: str, line: Line, rounds: int) -> dict[str, float]:
    with relaying(line.relay) as (port, asked):
        mail = {"PROCA_MAIL_SERVER": "127.0.0.1", "PROCA_MAIL_PORT": str(port), "PROCA_MAIL_TLS": "none"}
        with instance(kind, **mail) as made:
            found = [_round(made, asked, line.mails) for _ in range(rounds)]
    figures = {name: statistics.median(each[name] for each in found) for name in found[0]}
    said = f"{kind:10} {line.name:22} {figures['rate']:6.0f} mails/s (from cold: the first {FIRST} at"
    said += (
        f" {figures['first']:.0f}/s, all at {figures['all']:.0f}/s; at most {figures['connections']:.0f} connections;"
    )
    said += f" {figures['core']:.2f} core, {figures['micros']:.0f} µs a mail; the server {figures['relay']:.2f} core)"
    if figures["relay"] > MOST_OF_A_CORE:
        print(f"{kind:10} {line.name:22} not told: the server used {figures['relay']:.2f} of a core", flush=True)
        return {"relay": figures["relay"]}
    print(said, flush=True)
    return figures


def _round(made: Instance, asked: Connection, mails: int) -> dict[str, float]:
    """From cold to the last one. The rate is that of the second half, when the connections have grown."""
    rows.add(made, mails)
    room = Mailroom(made.app)
    ask(asked)
    began, used = time.perf_counter(), core_seconds()
    reached: dict[int, float] = {}
    room.start()
    room.send()
    most = relay = 0.0
    while (passed := time.perf_counter() - began) < MOST_SECONDS and mails not in reached:
        time.sleep(0.02)
        taken, most, used_there = ask(asked, forget=False)
        for mark in (FIRST, mails // 2, mails * 9 // 10, mails):
            if taken >= mark:
                reached.setdefault(mark, time.perf_counter() - began)
    passed, core = time.perf_counter() - began, core_seconds() - used
    relay = used_there / passed
    room.stop(5.0)
    _see_that_all_are_sent(made)
    steady = (mails * 9 // 10 - mails // 2) / max(reached[mails * 9 // 10] - reached[mails // 2], 0.001)
    return {
        "rate": steady,
        "first": FIRST / reached[FIRST],
        "all": mails / passed,
        "connections": most,
        "core": core / passed,
        "micros": core / mails * 1e6,
        "relay": relay,
    }


def _see_that_all_are_sent(made: Instance) -> None:
    with made.app.app_context(), reading() as session:
        left = session.execute(text("SELECT state, count(*) FROM transients GROUP BY state")).all()
    assert [state for state, _ in left] == ["waiting"], left
