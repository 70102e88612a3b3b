"""Databases for tests: each kind is migrated and filled once a run, and every test begins with a fast copy of that.

A run is one pytest with all its workers. What several workers would make, the first one makes and the others find.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import psycopg
import pytest
from nacl.public import PrivateKey
from psycopg import sql
from sqlalchemy import make_url

from proca_web.adapters.engines import migrations
from proca_web.app import create_app
from proca_web.extensions import db
from proca_web.services.sealing.keyring import Keyring
from tests import factories
from tests.required import required

POSTGRES = os.environ.get("PROCA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
# One name for all workers of a run; they inherit it.
RUN = os.environ.setdefault("PROCA_TEST_RUN", str(os.getpid()))
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
ON_BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)

# Old enough that a test which needs the world to be made this very minute fails always, not only on a slow machine.
WORLD_AGE = timedelta(minutes=10)


def once(made: Path, make: Callable[[], object]) -> Path:
    """The folder, filled by the first worker that asks for it; the others wait."""
    with made.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        done = made / ".done"
        if not done.exists():
            made.mkdir()
            make()
            done.touch()
    return made


@dataclass(frozen=True)
class Templates:
    """The folder with one Home key, an empty SQLite file, one with the demo's world, and the secrets of its orgs."""

    folder: Path

    def make(self) -> None:
        """Migrate, keep that; fill, keep that too."""
        secrets = {name: PrivateKey.generate() for name in factories.ORGS}
        (self.folder / "secrets.json").write_text(json.dumps({org: bytes(key).hex() for org, key in secrets.items()}))
        url = f"sqlite:///{self.folder / 'world.db'}"
        _migrate(self.folder, url)
        shutil.copy(self.folder / "world.db", self.folder / "empty.db")
        self.fill(url)

    def fill(self, url: str) -> None:
        """The demo's world into a migrated, empty database."""
        app = create_app(factories.settings(self.folder, url), check=False)
        Keyring(app.extensions["proca_settings"].keyring_dir).prepare()
        factories.make_world(app, self.secrets, datetime.now(UTC) - WORLD_AGE)
        with app.app_context():
            app.extensions["proca_encryption"].end()
            db.engine.dispose()

    @cached_property
    def secrets(self) -> dict[str, PrivateKey]:
        """The orgs' secrets."""
        kept = json.loads((self.folder / "secrets.json").read_text())
        return {org: PrivateKey(bytes.fromhex(secret)) for org, secret in kept.items()}

    def home(self, folder: Path) -> None:
        """The Home key of the demo's world, as a test's own file."""
        shutil.copy(self.folder / "home.key", folder / "home.key")

    def sqlite(self, folder: Path, *, world: bool) -> str:
        """A database file of this test's own, and the Home key beside it; returns its URL."""
        self.home(folder)
        shutil.copy(self.folder / ("world.db" if world else "empty.db"), folder / "proca.db")
        return f"sqlite:///{folder / 'proca.db'}"


class Postgres:
    """This worker's PostgreSQL database: a copy of the run's, emptied or filled again for each test."""

    def __init__(self, templates: Templates) -> None:
        try:
            self._admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
        except psycopg.OperationalError:
            required("postgres", f"no PostgreSQL at {make_url(POSTGRES).host} (PROCA_TEST_POSTGRES)")
        self._templates = templates
        made = once(templates.folder.parent / "postgres", self._make)
        name = f"proca_test_{RUN}_{WORKER}"
        self.url = self.copy(made, f"proca_test_{RUN}", name)
        self._connection = connection(self.url)
        self._to_empty = back_to(self._connection, "world", only=("instance",))
        self._to_world = back_to(self._connection, "world")

    def begin(self, folder: Path, *, world: bool) -> str:
        """What an earlier test left goes, every number begins anew; the Home key is put into the folder."""
        self._connection.execute(self._to_world if world else self._to_empty)
        self._templates.home(folder)
        return self.url

    def keep(self, name: str) -> Callable[[], object]:
        """The database as it is now, kept under a name; returns what brings it back, while no transaction is open."""
        keep(self._connection, name)
        script = back_to(self._connection, name)
        return lambda: self._connection.execute(script)

    def close(self) -> None:
        """Nothing stays open."""
        self._connection.close()
        self._admin.close()

    def create(self, name: str, template: str = "template0") -> str:
        """A database on the same server; returns its URL."""
        named = sql.Identifier(name)
        self._admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(named, sql.Identifier(template)))
        # A test's data need not survive a power cut.
        self._admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(named))
        return _url(name)

    def copy(self, made: Path, template: str, name: str) -> str:
        """The same, as another one is that was made once; returns its URL."""
        with (made / ".done").open("r+") as turn:  # a database that is being copied is copied by one at a time
            fcntl.flock(turn, fcntl.LOCK_EX)
            return self.create(name, template)

    def _make(self) -> None:
        url = self.create(f"proca_test_{RUN}")
        _migrate(self._templates.folder, url)
        self._templates.fill(url)
        with connection(url) as opened:
            keep(opened, "world")


def drop_databases() -> None:
    """What this run made on the PostgreSQL server; nothing of another run."""
    try:
        with psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3) as admin:
            named = admin.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^proca_[a-z]+_{RUN}(_|$)"])
            for (name,) in named.fetchall():
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    except psycopg.OperationalError:
        return


def _migrate(folder: Path, url: str) -> None:
    app = create_app(factories.settings(folder, url), check=False)
    migrations.migrate(app)
    with app.app_context():
        db.engine.dispose()


def _url(name: str) -> str:
    return make_url(POSTGRES).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def connection(url: str) -> psycopg.Connection:
    """A connection of its own, each statement of which is committed."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def keep(opened: psycopg.Connection, name: str) -> None:
    """A copy of every table, beside them."""
    opened.execute(sql.SQL("DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}").format(sql.Identifier(name)))
    for table in _tables(opened):
        kept = sql.Identifier(name, table), sql.Identifier(table)
        opened.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(*kept))


def back_to(opened: psycopg.Connection, kept: str, only: tuple[str, ...] | None = None) -> bytes:
    """What empties every table and fills it with the kept rows, or some tables only; then numbers begin anew."""
    tables = _tables(opened)
    # Rows go and come in any order: no trigger looks at them.
    script = ["SET LOCAL session_replication_role = replica", *(f'DELETE FROM "{table}"' for table in tables)]
    filled = [table for table in tables if _rows(opened, kept, table) and (only is None or table in only)]
    script += [f'INSERT INTO "{table}" SELECT * FROM "{kept}"."{table}"' for table in filled]
    numbers = opened.execute(
        "SELECT format('%I', sequencename), last_value FROM pg_sequences WHERE schemaname = 'public'"
    ).fetchall()
    for name, last in numbers:
        goes_on = last is not None and only is None
        script.append(f"SELECT setval('{name}', {last if goes_on else 1}, {goes_on})")
    return ("BEGIN; " + "; ".join(script) + "; COMMIT").encode()


def _tables(opened: psycopg.Connection) -> list[str]:
    found = opened.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return [name for (name,) in found if name != "alembic_version"]


def _rows(opened: psycopg.Connection, kept: str, table: str) -> bool:
    counted = opened.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(kept, table))).fetchone()
    return counted is not None and counted[0] > 0
