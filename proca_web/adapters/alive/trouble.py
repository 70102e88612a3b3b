"""What this process met and could not tell: an alarm is a row, and what failed may be what rows are written to.

It is kept in memory and becomes an alarm as soon as something can be written again: at the end of a request, or with
the next sweep. What can be told at once is told by whoever sees it, with `alarms.raise_`.
"""

import shutil
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import Flask, Response

from proca_web.adapters import clock, logs
from proca_web.adapters.database import writing
from proca_web.adapters.keyring import keyring_of
from proca_web.config import Settings
from proca_web.domain.errors import DiskFull, KeyringAway, NoWorkerKey, Unavailable
from proca_web.domain.words import Alarm
from proca_web.services.instance import alarms

TELL_EVERY_SECONDS = 30.0
LEAST_FREE_BYTES = 200 << 20
_EXTENSION = "proca_trouble"
_KINDS = {DiskFull: Alarm.DISK, KeyringAway: Alarm.KEYRING, NoWorkerKey: Alarm.WORKER}


@dataclass(frozen=True, slots=True)
class _Met:
    fault: str
    first: datetime
    last: datetime

    @property
    def sentence(self) -> str:
        """The fault and when it was: it may be told hours later."""
        return f"{self.fault}, {self.first:%Y-%m-%d %H:%M} to {self.last:%H:%M} UTC"


class _Kept:
    """One process's troubles that are not told yet, by kind."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.met: dict[Alarm, _Met] = {}
        self.not_before = 0.0


def init_app(app: Flask) -> None:
    """Tell at the end of a request what could not be told before."""
    app.after_request(lambda response: _tell_after(app, response))


def met(app: Flask, error: Unavailable) -> None:
    """Something this process stands on failed."""
    keep(app, next((kind for fault, kind in _KINDS.items() if isinstance(error, fault)), Alarm.DATABASE), error.what)


def survived(app: Flask, name: str, act: Callable[[], object]) -> bool:
    """Do what a thread does again and again; a fault is logged and waits for the next time. False: there was one."""
    try:
        act()
    except Unavailable as error:
        met(app, error)
        app.logger.error("%s waits: %s", name, error)
    except Exception as error:
        logs.unexpected(app.logger, error, name)
    else:
        return True
    return False


def keep(app: Flask, kind: Alarm, fault: str) -> None:
    """Keep a trouble until it can be told; of each kind the newest, and since when."""
    kept, now = _kept(app), clock.now()
    with kept.lock:
        before = kept.met.get(kind)
        kept.met[kind] = _Met(fault, before.first if before else now, now)


def tell(app: Flask) -> None:
    """Write down as alarms what is kept; what cannot be written yet stays."""
    kept = _kept(app)
    with kept.lock:
        told = dict(kept.met)
    if not told:
        return
    with app.app_context(), writing() as session:
        for kind, trouble in told.items():
            alarms.raise_(session, kind, clock.now(), host=socket.gethostname(), fault=trouble.sentence)
    with kept.lock:
        for kind, trouble in told.items():
            if kept.met.get(kind) == trouble:
                del kept.met[kind]


def notice_little_space(app: Flask) -> None:
    """A disk of this host that is nearly full is told while there is room to tell it."""
    settings: Settings = app.extensions["proca_settings"]
    fault = _little_space(settings.data_dir, keyring_of(app).directory)
    if fault:
        app.logger.critical("disk: %s", fault)
        keep(app, Alarm.DISK, fault)


def _little_space(*folders: Path) -> str:
    """Which of these folders lies on a disk that is nearly full, and what is left there; empty where none does."""
    for folder in folders:
        with suppress(OSError):
            free = shutil.disk_usage(folder).free
            if free < LEAST_FREE_BYTES:
                return f"{folder} has {free >> 20} MiB left"
    return ""


def _tell_after(app: Flask, response: Response) -> Response:
    kept = _kept(app)
    if kept.met and response.status_code < 500 and clock.monotonic() >= kept.not_before:
        kept.not_before = clock.monotonic() + TELL_EVERY_SECONDS
        with suppress(Unavailable):
            tell(app)
    return response


def _kept(app: Flask) -> _Kept:
    kept: _Kept = app.extensions.setdefault(_EXTENSION, _Kept())
    return kept
