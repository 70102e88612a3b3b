"""How many connections this process has open to a mail server, written down for who asks the instance for figures."""

import os
import socket

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.jobs.mail.crew import Crew
from proca_web.services import heartbeats

CHANGES_EVERY_SECONDS = 10.0
TOLD_EVERY_SECONDS = 60.0


class Gauge:
    """Of one mail server and process. Inside the app's context."""

    def __init__(self, crew: Crew, name: str) -> None:
        self._crew = crew
        self._name = name
        self._told: int | None = None
        self._told_at = float("-inf")

    def note(self) -> None:
        """Write the number down: soon when it has changed, else once a minute."""
        number, ago = self._crew.open(), clock.monotonic() - self._told_at
        wait = CHANGES_EVERY_SECONDS if number != self._told else TOLD_EVERY_SECONDS
        if ago >= wait:
            self._write(number)

    def end(self) -> None:
        """This process ends, and its connections with it."""
        self._write(0)

    def _write(self, number: int) -> None:
        process = f"{socket.gethostname()} {os.getpid()}"
        with writing() as session:
            heartbeats.connected(session, self._name, process, number, clock.now())
        self._told, self._told_at = number, clock.monotonic()
