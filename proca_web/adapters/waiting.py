"""What this app seals waiting addresses with: made at start, its keys read from the database when they are needed."""

from datetime import datetime

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.worker_key import WorkerKey
from proca_web.crypto.keys.home import HomeKey
from proca_web.services.sealing import worker_keys
from proca_web.services.sealing.waiting import WaitingSource

_EXTENSION = "proca_waiting"


def init_app(app: Flask, home: HomeKey, mode: Mode) -> None:
    """Remember who vouches for worker keys; nothing is opened."""
    app.extensions[_EXTENSION] = WaitingSource(home.identity, mode, _read, _now)


def waiting_of(app: Flask) -> WaitingSource:
    """What this app seals waiting addresses with."""
    source: WaitingSource = app.extensions[_EXTENSION]
    return source


def _now() -> datetime:
    return clock.now()  # asked each time: a test moves it


def _read() -> list[WorkerKey]:
    with reading() as session:
        return worker_keys.every(session)
