"""Shared parts of the tests: an app on a real database (SQLite and PostgreSQL), two orgs, pages, a clock, a mailbox.

Real parts over mocks. A missing service skips its tests with the reason; PROCA_TEST_REQUIRE turns that into a failure.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import make_url

from proca_web.app import create_app
from proca_web.config import Settings
from proca_web.crypto.boxes.certificate import Mode
from proca_web.extensions import db
from proca_web.services.sealing.keyring import Keyring
from proca_web.web import page_cache, ratelimit
from tests import factories
from tests.factories import World
from tests.required import required

POSTGRES = os.environ.get("PROCA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    folder = tmp_path_factory.mktemp("sqlite")
    app = create_app(factories.settings(folder, f"sqlite:///{folder / 'proca.db'}"), check=False)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return folder / "proca.db"


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated PostgreSQL database of this test run."""
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        required("postgres", f"no PostgreSQL at {make_url(POSTGRES).host} (PROCA_TEST_POSTGRES)")
    name = f"proca_test_{os.getpid()}"
    admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin.execute(f'CREATE DATABASE "{name}"')
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    app = create_app(factories.settings(tmp_path_factory.mktemp("pg"), url), check=False)
    with app.app_context():
        upgrade()
        db.engine.dispose()
    yield url
    admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database, once for each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "proca.db")
        return f"sqlite:///{tmp_path / 'proca.db'}"
    url: str = request.getfixturevalue("postgres_url")
    _empty(url)
    return url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An empty, migrated SQLite database, for tests that need one kind only."""
    shutil.copy(sqlite_template, tmp_path / "proca.db")
    return f"sqlite:///{tmp_path / 'proca.db'}"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Demo settings on the database under test."""
    return factories.settings(tmp_path, database_url)


@pytest.fixture(params=["session"])
def mode(request: pytest.FixtureRequest) -> Mode:
    """The sender mode; main-flow tests ask for all three."""
    return Mode[request.param.upper()]


@pytest.fixture
def app(settings: Settings, mode: Mode) -> Iterator[Flask]:
    """A ready app with its keyring and mailbox, and nothing in its database."""
    page_cache.forget()
    Keyring(settings.keyring_dir).prepare()
    (settings.data_dir / "mailbox").mkdir(exist_ok=True)
    made = create_app(replace(settings, sender=mode), check=False)
    yield made
    with made.app_context():
        made.extensions["proca_encryption"].end()
        db.engine.dispose()


@pytest.fixture
def world(app: Flask) -> World:
    """The demo's world: Home Org, two orgs with keys made here, one campaign, two live pages, three users."""
    return factories.make_world(app)


@pytest.fixture
def client(app: Flask, world: World) -> FlaskClient:
    """A browser without JavaScript, in a world with pages."""
    return app.test_client()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "factories.FakeClock":
    """The present, moved by hand; starts at the present minute."""
    fake = factories.FakeClock()
    monkeypatch.setattr("proca_web.adapters.clock.now", fake)
    return fake


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute that calls are counted in does not end while a test counts."""
    moment = ratelimit.time()
    monkeypatch.setattr(ratelimit, "time", lambda: moment)


@pytest.fixture
def free_port() -> int:
    """A port nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _empty(url: str) -> None:
    """Truncate every table of the PostgreSQL test database and begin its numbers anew."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = ", ".join(f'"{name}"' for (name,) in tables if name != "alembic_version")
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
