"""People of a campaign's hot hour, in a process of their own: they sign at a pace, and press their links as these come.

Each request is a connection of its own. What the relay took is told to them by `Ear`, over a pipe; when each person did
what, and was told what, is a `Person`, asked for at the end.
"""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

from bench import load
from bench.instance import PAGE

_NUMBER = re.compile(rb"person(\d+)@")
_LINK = re.compile(rb"/confirm/([A-Za-z0-9_-]+)")


@dataclass(slots=True)
class Person:
    """When one of them did what, in seconds; 0 when never."""

    signs: float = 0.0
    signed: float = 0.0
    mailed: float = 0.0
    confirmed: float = 0.0
    thanked: float = 0.0


class Ear:
    """In the relay's process: hears each mail that is taken, and tells whose link it holds, or that it holds none."""

    def __init__(self, crowd: Connection, until_answered: float) -> None:
        self._crowd = crowd
        self._until_answered = until_answered

    def __call__(self, recipient: str, message: bytes) -> None:
        link = _LINK.search(message.replace(b"=\r\n", b""))
        told = (recipient, link[1] if link else b"", time.perf_counter() + self._until_answered)
        self._crowd.send(told)


class Ask(asyncio.Protocol):
    """One request; `answered` is called with its first bytes, or nothing."""

    def __init__(self, request: bytes, answered: Callable[[bytes], None]) -> None:
        self._request, self._answered, self._answer = request, answered, b""

    def connection_made(self, transport: Any) -> None:
        """Say it."""
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """The beginning is enough."""
        self._answer = self._answer or data[:16]

    def connection_lost(self, _error: BaseException | None) -> None:
        """The answer is over."""
        self._answered(self._answer)


@dataclass
class Crowd:
    """So many people a second, for so many seconds. `mails` is heard, `asked` is the bench."""

    port: int
    rate: float
    number: int
    mails: Connection
    asked: Connection
    people: list[Person] = field(default_factory=list)
    wrong: int = 0

    def run(self) -> None:
        """Until the process is ended."""
        self.people = [Person() for _ in range(self.number)]
        forms = load.sign(f"/p/{PAGE}/sign")(1)
        self._requests = list(islice(forms, self.number))  # made before the clock runs
        self._by_address = {self._address(request): number for number, request in enumerate(self._requests)}
        asyncio.run(self._live())

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        self._asking = set[asyncio.Task[Any]]()
        loop.add_reader(self.mails.fileno(), self._hear)
        loop.add_reader(self.asked.fileno(), self._tell)
        began = loop.time() + 0.2
        for number in range(self.number):
            loop.call_at(began + number / self.rate, self._sign, number)
        await asyncio.Event().wait()

    def _sign(self, number: int) -> None:
        self.people[number].signs = time.perf_counter()
        self._ask(self._requests[number], partial(self._done, number, "signed"))

    def _hear(self) -> None:
        while self.mails.poll():
            recipient, token, at = self.mails.recv()
            person = self._by_address[recipient]
            if not token:
                self.people[person].thanked = at
                continue
            self.people[person].mailed = at
            path = f"/confirm/{token.decode()}"
            request = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            asyncio.get_running_loop().call_later(
                at - time.perf_counter(), self._ask, request.encode(), partial(self._done, person, "confirmed")
            )

    def _ask(self, request: bytes, answered: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.create_connection(lambda: Ask(request, answered), "127.0.0.1", self.port))
        self._asking.add(task)  # the loop itself does not hold them
        task.add_done_callback(self._asking.discard)

    def _done(self, number: int, what: str, answer: bytes) -> None:
        if answer.startswith(b"HTTP/1.1 303"):
            setattr(self.people[number], what, time.perf_counter())
        else:
            self.wrong += 1

    def _tell(self) -> None:
        if self.asked.recv():
            self.asked.send((self.people, self.wrong))
        else:
            self.asked.send(sum(1 for person in self.people if person.thanked))

    @staticmethod
    def _address(request: bytes) -> str:
        found = _NUMBER.search(request.replace(b"%40", b"@"))
        assert found is not None
        return f"person{found[1].decode()}@example.org"
