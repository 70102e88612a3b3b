"""The relay of the benchmarks in a thread, with gates instead of delays: each answer is what a test's script says.

Also the scripts that tests share; `smtp_sink`, which is somebody else's code, is the second opinion.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from bench.relay import Answer, Gate, Relay, Talk

Script = Callable[[Talk, str, str], Answer | str | None]
CUT = Answer(cut=True)


def mute() -> Answer:
    """Never answered."""
    return Answer(gate=Gate())


@contextmanager
def running(relay: Relay | None = None) -> Iterator[Relay]:
    """A relay that listens, until the block ends."""
    made = relay or Relay()
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = await made.listen()
        ready.set()
        await over.wait()
        server.close()
        while made.talks or len(asyncio.all_tasks()) > 1:  # whoever is just being let in has a task, and no talk yet
            for talk in list(made.talks):
                talk.abort()
            await asyncio.sleep(0.002)

    def run() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


def recipients(relay: Relay) -> list[str]:
    """To whom what was taken goes, in order."""
    return [recipient for recipient, _ in relay.taken]


def messages(relay: Relay) -> list[EmailMessage]:
    """What was taken, as mail programs read it."""
    return [cast(EmailMessage, message_from_bytes(content, policy=policy.default)) for _, content in relay.taken]


def at(step: str, answer: Answer | str, times: int | None = None, *, only: str = "") -> Script:
    """A script: that answer at that step (so many times; only where the command holds that text)."""
    left = [times]

    def script(_talk: Talk, here: str, argument: str) -> Answer | str | None:
        if here != step or only not in argument or left[0] == 0:
            return None
        if left[0] is not None:
            left[0] -= 1
        return answer

    return script


def each(*scripts: Script) -> Script:
    """The first of these scripts that has an answer."""

    def script(talk: Talk, step: str, argument: str) -> Answer | str | None:
        return next((answer for one in scripts if (answer := one(talk, step, argument)) is not None), None)

    return script
