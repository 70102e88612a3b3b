"""A relay in a process of its own, and what processes cost: nothing that is measured shares its interpreter with it."""

import asyncio
import multiprocessing
import os
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from bench.relay import Relay

_TICKS = os.sysconf("SC_CLK_TCK")


def core_seconds() -> float:
    """Processor time of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def core_seconds_of(pid: int) -> float:
    """Processor time of a process and all it has started, those that ended included."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    own = sum(int(field) for field in fields[11:15]) / _TICKS
    return own + sum(core_seconds_of(int(child)) for child in children)


def ask(asked: Connection, *, forget: bool = True) -> tuple[int, int, float]:
    """How many the server took, over how many connections at most, in how many seconds of a core; then from 0 again."""
    asked.send(forget)
    taken, most, used = asked.recv()
    return taken, most, used


@contextmanager
def relaying(relay: Relay) -> Iterator[tuple[int, Connection]]:
    """The server, in a process of its own: its port, and whom to `ask`."""
    ours, theirs = multiprocessing.Pipe()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        with running(lambda: asyncio.run(_serve(relay, listener, theirs))):
            listener.close()
            yield port, ours


@contextmanager
def running(act: Callable[[], None]) -> Iterator[int]:
    """A process of its own; its number. It is ended with the block."""
    process = multiprocessing.get_context("fork").Process(target=act, daemon=True)
    process.start()
    assert process.pid is not None
    try:
        yield process.pid
    finally:
        process.terminate()
        process.join(10)


async def _serve(relay: Relay, listener: socket.socket, asked: Connection) -> None:
    await relay.listen(listener)
    over = asyncio.Event()
    marks = {"taken": 0, "used": core_seconds()}

    def answer() -> None:
        try:
            forget = asked.recv()
        except EOFError:
            over.set()
            return
        asked.send((relay.number_taken - int(marks["taken"]), relay.most_open, core_seconds() - marks["used"]))
        if forget:
            marks.update(taken=relay.number_taken, used=core_seconds())
            relay.most_open = len(relay.talks)

    asyncio.get_running_loop().add_reader(asked.fileno(), answer)
    await over.wait()
