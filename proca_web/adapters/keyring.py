"""The keyring of an app, and what seals to the keyrings of worker hosts: made at start, found here by whoever needs it.

Nothing is opened at start: worker keys are read from the database when they are needed.
"""

from datetime import datetime

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.boxes.worker_key import WorkerKey
from proca_web.crypto.keys.home import HomeKey
from proca_web.services.sealing import worker_keys
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.sealing.waiting import WaitingSource

_EXTENSION = "proca_keyring"
_WAITING = "proca_waiting"


def init_app(app: Flask, keyring: Keyring, home: HomeKey, mode: Mode) -> None:
    """Remember the app's keyring, and who vouches for worker keys; nothing is opened."""
    app.extensions[_EXTENSION] = keyring
    app.extensions[_WAITING] = WaitingSource(home.identity, mode, _read, _now)


def keyring_of(app: Flask) -> Keyring:
    """The app's keyring."""
    keyring: Keyring = app.extensions[_EXTENSION]
    return keyring


def waiting_of(app: Flask) -> WaitingSource:
    """What this app seals waiting addresses with."""
    source: WaitingSource = app.extensions[_WAITING]
    return source


def _now() -> datetime:
    return clock.now()  # asked each time: a test moves it


def _read() -> list[WorkerKey]:
    with reading() as session:
        return worker_keys.every(session)
