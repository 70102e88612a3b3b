"""Checks before a process serves: the schema's version, and that the Home key is the one this database knows.

They use a connection of their own and close it: nothing stays open across a fork.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TypeVar

from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from proca_web.adapters.engines import faults
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.keys.home import HomeKey
from proca_web.domain.errors import Unavailable
from proca_web.models import Org, PublicKey
from proca_web.models.campaign import ActionPage, Campaign
from proca_web.services import heartbeats
from proca_web.services.instance import keyrings
from proca_web.services.sealing import sender_rows
from proca_web.services.sealing.keyring import Keyring

# The schema version this code was written for; a test holds it to the newest migration.
SCHEMA = "0010"
CONNECT_SECONDS = 3
WAIT_SECONDS = 60.0
LINE_SECONDS = 5.0
ASK_AGAIN_SECONDS = 0.5
# Exit codes, as in sysexits.h: 2 needs somebody to change a setting, 69 may be tried again as it is.
WRONG_SETTINGS, NOT_AVAILABLE = 2, 69
T = TypeVar("T")
_CHECK_URL = "check PROCA_DATABASE_URL"
_EMPTY = "the database is empty; run: python3 -m proca_web init"
_NO_HOME = "the database has no Home Org; run: python3 -m proca_web init"


def patiently(make: Callable[[], T], say: Callable[[str], None]) -> T:
    """What `make` makes; while the database is not up yet, it is asked again, a minute long. Raises Unavailable."""
    until, next_line = monotonic() + WAIT_SECONDS, 0.0
    while True:
        try:
            return make()
        except Unavailable as error:
            if monotonic() >= until:
                raise
            if monotonic() >= next_line:
                say(f"waiting for the database ({error.what})")
                next_line = monotonic() + LINE_SECONDS
            sleep(ASK_AGAIN_SECONDS)


def hold(data_dir: Path) -> None:
    """Say for as long as this process (and who it forks) lives that it serves; the kernel forgets it at the end."""
    with suppress(OSError):  # nowhere to write: then `upgrade` has only the signs of life in the database
        fcntl.flock(_serving(data_dir), fcntl.LOCK_SH | fcntl.LOCK_NB)


def is_held(data_dir: Path) -> bool:
    """Whether a process on this machine serves from that folder."""
    try:
        lock = _serving(data_dir)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def beats(url: str) -> dict[str, datetime]:
    """When each process of any machine was last seen by this database, whatever its version. Raises Unavailable."""
    found: dict[str, datetime] = {}

    def ask(engine: Engine) -> list[str]:
        with Session(engine) as session:
            if inspect(session.connection()).has_table("heartbeats"):
                found.update(heartbeats.of_processes(session))
        return []

    _ask(url, ask)
    return found


def _serving(data_dir: Path) -> int:
    return os.open(data_dir / "serving.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def database_faults(url: str, home: HomeKey | None, mode: Mode, keyring: Keyring | None = None) -> list[str]:
    """Why no process may serve this database, as sentences; an empty list when all is well.

    Raises Unavailable when nobody can say yet: it does not answer, or is only just starting.
    A URL that the settings refused is empty; there is nothing more to say about it.
    """
    if not url:
        return []
    return _ask(
        url,
        lambda engine: (
            _schema_faults(engine)
            or [*_home_faults(engine, home), *_static_faults(engine, mode), *_keyring_faults(engine, keyring)]
        ),
    )


def lacking_campaigns(url: str, keyring: Keyring) -> int:
    """How many campaigns the keyring lacks the key of: an alarm, the others go on."""

    def count(engine: Engine) -> list[str]:
        with Session(engine) as session:
            return [str(id_) for id_ in keyrings.lacking_campaigns(session, keyring)]

    return len(_ask(url, count))


def upgrade_faults(url: str) -> list[str]:
    """Why there is nothing to upgrade."""
    return _ask(url, lambda engine: [] if current_revision(engine) else [_EMPTY])


def knows_home(url: str) -> bool:
    """Whether a database is there and belongs to a Home key already. Raises Unavailable."""
    return bool(url) and not _ask(url, lambda engine: [] if _home_row(engine) else [_NO_HOME])


def current_revision(engine: Engine) -> str | None:
    """The schema version of a database; None where there is none yet."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return revision


def _ask(url: str, question: Callable[[Engine], list[str]]) -> list[str]:
    path = url.removeprefix("sqlite:///")
    if path != url and not _exists(path):
        return [f"there is no database at {path}; run: python3 -m proca_web init"]
    waits = {} if path != url else {"connect_timeout": CONNECT_SECONDS}
    try:
        return question(create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=waits))
    except OperationalError as error:
        if faults.is_refused(error):
            return [f"the database refuses this user or has another name ({type(error).__name__}); {_CHECK_URL}"]
        what = faults.passing(error)
        if what is not None:
            raise Unavailable(what) from error
        return [f"the database cannot be reached ({type(error).__name__}); {_CHECK_URL}"]
    except SQLAlchemyError as error:
        return [f"the database cannot be reached ({type(error).__name__}); {_CHECK_URL}"]


def _exists(path: str) -> bool:
    """Asked without opening: closing a file takes away every lock this process holds on it, SQLite's too."""
    return os.path.isfile(path) and os.access(path, os.R_OK)


def _schema_faults(engine: Engine) -> list[str]:
    found, wanted = current_revision(engine), SCHEMA
    if found is None:
        return [_EMPTY]
    if found != wanted:
        return [f"the database has schema {found}, this version needs {wanted}; run: python3 -m proca_web upgrade"]
    return []


def _home_faults(engine: Engine, home: HomeKey | None) -> list[str]:
    known = _home_row(engine)
    if known is None:
        return [_NO_HOME]
    found = []
    if home is not None and known != (home.box_public, home.identity):
        found.append("the Home key is not the one this database knows; restore the key file that belongs to it")
    with engine.connect() as connection:
        for table, what in ((Campaign, "campaign"), (ActionPage, "page")):
            query = select(table.id).join(Org, Org.id == table.org_id).where(Org.is_home)
            if connection.execute(query).first() is not None:
                found.append(f"the Home Org owns a {what}; it must own none")
    return found


def _static_faults(engine: Engine, mode: Mode) -> list[str]:
    """A Home key that sealed itself (`static`) opens all of that: it is rotated before senders take its place."""
    with engine.connect() as connection:
        query = select(PublicKey.id).where(*sender_rows.IN_FORCE, PublicKey.certificate.is_not(None))
        sealed = connection.execute(query).first() is not None
    if mode is Mode.STATIC or not sealed:
        return []
    return [
        "PROCA_SENDER was static with this Home key, which opens all that it encrypted; before leaving static, run:"
        " python3 -m proca_web keys rotate-home"
    ]


def _keyring_faults(engine: Engine, keyring: Keyring | None) -> list[str]:
    if keyring is None or not keyring.directory.is_dir():
        return []
    with Session(engine) as session:
        return keyrings.faults(session, keyring)


def _home_row(engine: Engine) -> tuple[bytes, bytes] | None:
    """The public halves of the Home key as this database knows them."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("public_keys"):
            return None
        query = select(PublicKey.public, PublicKey.sign_public)
        query = query.where(*sender_rows.IN_FORCE)
        row = connection.execute(query).first()
        return None if row is None else (bytes(row.public), bytes(row.sign_public or b""))
