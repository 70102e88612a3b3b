"""A mail server that answers as real ones do: after a round trip, and longer after the last dot; as cheap as can be.

What it answers is asked of `Relay.answer`, which tests replace by a script. An answer may be held at a gate, cut the
line, or come in pieces. Commands that came in one packet are answered in one, a round trip later.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

_END = b"\r\n.\r\n"
_USUAL = {"greeting": "220 relay", "auth": "235 welcome", "quit": "221 bye", "data": "354 go on"}


class Gate:
    """Holds answers until it is opened; knows when the first one has arrived at it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.is_open = False
        self._held: list[Callable[[], object]] = []

    def open(self) -> None:
        """Let go of what is held, and of all that comes."""
        self.is_open = True
        for go in self._held:
            with suppress(RuntimeError):  # the relay has ended
                go()

    def hold(self, go: Callable[[], object]) -> None:
        """Somebody waits."""
        self._held.append(go)
        self.reached.set()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one command: a text, held at a gate or not, in how many pieces; `cut` ends the line after it."""

    text: str = ""
    gate: Gate | None = None
    pieces: int = 1
    cut: bool = False


@dataclass
class Relay:
    """What all connections share: delays in seconds, what is offered, what was taken, and who is told of each mail."""

    round_trip: float = 0.0
    after_dot: float = 0.0
    is_pipelining: bool = True
    keeps: bool = True
    offers: tuple[str, ...] = ()
    port: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    number_taken: int = 0
    opened: int = 0
    most_open: int = 0
    talks: "set[Talk]" = field(default_factory=set)
    said: list[tuple[int, str]] = field(default_factory=list)
    script: Callable[["Talk", str, str], Answer | str | None] | None = None
    heard: Callable[[str, bytes], None] | None = None

    def answer(self, talk: "Talk", step: str, argument: str) -> Answer:
        """What the script says, else what a server that takes everything says."""
        chosen = self.script(talk, step, argument) if self.script else None
        if chosen is None:
            chosen = talk.usual(step)
        return Answer(chosen) if isinstance(chosen, str) else chosen

    async def listen(self, sock: Any = None) -> asyncio.Server:
        """Listen on a free port, or on that socket."""
        where = {"sock": sock} if sock else {"host": "127.0.0.1", "port": 0}
        server = await asyncio.get_running_loop().create_server(lambda: Talk(self), backlog=512, **where)
        self.port = server.sockets[0].getsockname()[1]
        return server


class Talk(asyncio.Protocol):
    """One connection."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.number = relay.opened
        self.carried = 0
        self.recipient = ""
        self._sender_taken = self._recipient_taken = False
        self._buffer = b""
        self._in_text = self._is_spelling = False
        self._answers: deque[Answer] = deque()
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        relay.opened += 1

    def connection_made(self, transport: Any) -> None:
        """Greet, a round trip for the connection itself and one for the greeting later."""
        self._transport = transport
        self.relay.talks.add(self)
        self.relay.most_open = max(self.relay.most_open, len(self.relay.talks))
        self._say([self._answer("greeting", "")], 2 * self.relay.round_trip)

    def connection_lost(self, _error: BaseException | None) -> None:
        """It is over."""
        self.relay.talks.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Read whole commands and messages, and answer all that came together."""
        self._buffer += data
        answers: list[Answer] = []
        delay = self.relay.round_trip
        while self._transport is not None:
            if self._in_text:
                end = self._buffer.find(_END)
                if end < 0:
                    break
                message, self._buffer = self._buffer[2 : end + 2], self._buffer[end + len(_END) :]
                self._in_text = False
                answers.append(self._took(message))
                delay += self.relay.after_dot
            else:
                line, found, rest = self._buffer.partition(b"\r\n")
                if not found:
                    break
                self._buffer = rest
                answers.append(self._command(line.decode("utf-8", "replace")))
        if answers:
            self._say(answers, delay)

    def abort(self) -> None:
        """End it without a word."""
        if self._transport is not None:
            self._transport.abort()

    def usual(self, step: str) -> str:
        """What is said when nothing is wrong with it."""
        if step == "ehlo":
            offers = [*self.relay.offers, *(["PIPELINING"] if self.relay.is_pipelining else [])]
            lines = ["relay", *offers]
            return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])
        if step == "data" and not (self._sender_taken and self._recipient_taken):
            return "503 nobody to send it to"
        return _USUAL.get(step, "250 ok")

    def _command(self, line: str) -> Answer:
        step = line[:4].lower().rstrip()
        if self.relay.keeps:
            self.relay.said.append((self.number, step))
        if step == "rcpt":
            self.recipient = line.partition("<")[2].partition(">")[0]
        answer = self._answer(step, line)
        is_taken = answer.text[:1] == "2"
        if step == "mail":
            self._sender_taken, self._recipient_taken = is_taken, False
        elif step == "rcpt":
            self._recipient_taken = is_taken
        elif step == "rset":
            self._sender_taken = self._recipient_taken = False
        elif step == "data" and answer.text[:3] == "354":
            self._in_text, self._buffer = True, b"\r\n" + self._buffer
        elif step == "quit":
            answer = Answer(answer.text, answer.gate, answer.pieces, cut=True)
        return answer

    def _took(self, message: bytes) -> Answer:
        answer = self._answer("dot", self.recipient)
        self._sender_taken = self._recipient_taken = False
        if answer.text[:1] == "2" or (answer.cut and not answer.text):
            self.carried += 1
            self.relay.number_taken += 1
            if self.relay.heard is not None:
                self.relay.heard(self.recipient, message)
            if self.relay.keeps:
                self.relay.taken.append((self.recipient, message.replace(b"\r\n..", b"\r\n.")))
        return answer

    def _answer(self, step: str, argument: str) -> Answer:
        return self.relay.answer(self, step, argument)

    def _say(self, answers: list[Answer], delay: float) -> None:
        if delay:
            self._loop.call_later(delay, self._add, answers)
        else:
            self._add(answers)

    def _add(self, answers: list[Answer]) -> None:
        self._answers.extend(answers)
        self._go_on()

    def _go_on(self) -> None:
        """Say what may be said, in order; what is held holds up what comes after it."""
        ready = b""
        while self._answers and self._transport is not None and not self._is_spelling:
            answer = self._answers[0]
            if answer.gate is not None and not answer.gate.is_open:
                answer.gate.hold(lambda: self._loop.call_soon_threadsafe(self._go_on))
                break
            self._answers.popleft()
            text = f"{answer.text}\r\n".encode() if answer.text else b""
            if answer.pieces > 1:
                self._write(ready)
                ready = b""
                self._in_pieces(text, answer.pieces)
                break
            ready += text
            if answer.cut:
                self._write(ready)
                if not answer.text:
                    self.abort()
                elif self._transport is not None:
                    self._transport.close()
                return
        self._write(ready)

    def _in_pieces(self, text: bytes, pieces: int) -> None:
        size, self._is_spelling = -(-len(text) // pieces), True
        for number in range(pieces):
            piece = text[number * size : (number + 1) * size]
            self._loop.call_later(0.001 * number, self._write, piece)
        self._loop.call_later(0.001 * pieces, self._spelled)

    def _spelled(self) -> None:
        self._is_spelling = False
        self._go_on()

    def _write(self, ready: bytes) -> None:
        if ready and self._transport is not None:
            self._transport.write(ready)
