"""Shared parts of the tests: an app on a real database (SQLite and PostgreSQL), two orgs, pages, a clock, a mailbox.

Real parts over mocks. A missing service skips its tests with the reason; PROCA_TEST_REQUIRE turns that into a failure.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from proca_web.adapters import clock as clock_of_the_house
from proca_web.app import create_app
from proca_web.config import Settings
from proca_web.crypto.boxes.certificate import Mode
from proca_web.extensions import db
from proca_web.services.sealing.keyring import Keyring
from tests import databases, factories, once, ports
from tests import own_redis as own_redis_database
from tests.databases import Postgres, Templates
from tests.factories import World
from tests.house.written import Listener
from tests.key_holder import Holder, Owner

# Files of tests live in memory where there is room: the databases commit as durably as in earnest, which a disk feels.
_MEMORY = Path("/dev/shm")  # noqa: S108
_ROOM = 1 << 30


def pytest_configure() -> None:
    """Before the first temporary folder and the first app are made."""
    once.keep()
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        there = os.statvfs(_MEMORY)
        if there.f_bavail * there.f_frsize > _ROOM:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_collection_finish() -> None:
    """Before the first test."""
    once.look_past()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """The last one out, which started the workers, clears the server."""
    if databases.WORKER == "main":
        databases.drop_databases()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this run."""
    own = tmp_path_factory.getbasetemp()
    return own if databases.WORKER == "main" else own.parent


@pytest.fixture(scope="session")
def templates(shared_folder: Path) -> Templates:
    """A migrated, empty SQLite file and one with the demo's world, to copy."""
    made = Templates(shared_folder / "sqlite")
    databases.once(made.folder, made.make)
    return made


@pytest.fixture(scope="session")
def postgres(templates: Templates) -> Iterator[Postgres]:
    """This worker's PostgreSQL database."""
    made = Postgres(templates)
    yield made
    made.close()


@pytest.fixture(scope="session")
def sqlite_template(templates: Templates) -> Path:
    """A migrated, empty SQLite file."""
    return templates.folder / "empty.db"


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """This worker's PostgreSQL database, as the last test left it."""
    return postgres.url


@pytest.fixture
def is_settled(request: pytest.FixtureRequest) -> bool:
    """Whether this test's database begins with the demo's world."""
    return "world" in request.fixturenames


@pytest.fixture
def begin(request: pytest.FixtureRequest, tmp_path: Path, is_settled: bool) -> Callable[[str], str]:
    """A migrated database of a kind; empty, unless the test asks for the world."""

    def begin(kind: str) -> str:
        if kind == "sqlite":
            url: str = request.getfixturevalue("sqlite_url")
            return url
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.begin(tmp_path, world=is_settled)

    return begin


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, begin: Callable[[str], str]) -> str:
    """The database under test, once for each kind."""
    return begin(request.param)


@pytest.fixture
def sqlite_url(templates: Templates, tmp_path: Path, is_settled: bool) -> str:
    """The same, for tests that need one kind only."""
    return templates.sqlite(tmp_path, world=is_settled)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Demo settings on the database under test."""
    return factories.settings(tmp_path, database_url)


@pytest.fixture(params=["session"])
def mode(request: pytest.FixtureRequest) -> Mode:
    """The sender mode; main-flow tests ask for all three."""
    return Mode[request.param.upper()]


@pytest.fixture(params=["off"])
def second_factor(request: pytest.FixtureRequest) -> str:
    """Whether a second step is required, as PROCA_SECOND_FACTOR says; as in the demo unless a test asks for more."""
    wanted: str = request.param
    return wanted


@pytest.fixture
def app(settings: Settings, mode: Mode, second_factor: str) -> Iterator[Flask]:
    """A ready app with its keyring and mailbox, and nothing in its database."""
    Keyring(settings.keyring_dir).prepare()
    (settings.data_dir / "mailbox").mkdir(exist_ok=True)
    needed = second_factor == "required"
    made = create_app(replace(settings, sender=mode, needs_second_factor=needed), check=False)
    factories.join(made)
    yield made
    with made.app_context():
        made.extensions["proca_encryption"].end()
        db.engine.dispose()


@pytest.fixture
def world(app: Flask, templates: Templates) -> World:
    """The demo's world: Home Org, two orgs with keys made here, one campaign, two live pages, three users."""
    return World(app, dict(templates.secrets))


@pytest.fixture
def client(app: Flask, world: World) -> FlaskClient:
    """A browser without JavaScript, in a world with pages."""
    return app.test_client()


@pytest.fixture
def owner(world: World) -> Owner:
    """The owner of org-one, signed in."""
    return Owner(world.signed_in("admin@org-one.example.org"), "org-one")


@pytest.fixture
def holder(world: World) -> Holder:
    """Who holds org-one's active key."""
    return Holder("org-one", world.secrets["org-one"])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "factories.FakeClock":
    """The present, moved by hand; starts at the present minute."""
    fake = factories.FakeClock()
    monkeypatch.setattr("proca_web.adapters.clock.now", fake)
    monkeypatch.setattr("proca_web.adapters.clock.of_database", lambda _session: fake())
    return fake


@pytest.fixture
def log() -> Iterator[Listener]:
    """Everything anybody logs meanwhile."""
    listener = Listener()
    root = logging.getLogger()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    yield listener
    root.removeHandler(listener)
    root.setLevel(level)


@pytest.fixture(autouse=True)
def own_log_records() -> Iterator[None]:
    """What a test does to how log records are made ends with it."""
    before = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(before)


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute that calls are counted in does not end while a test counts."""
    moment = clock_of_the_house.now()
    monkeypatch.setattr(clock_of_the_house, "now", lambda: moment)


@pytest.fixture(scope="session")
def own_redis() -> Iterator[Redis]:
    """A database in Redis that nobody else uses meanwhile."""
    with own_redis_database.taken() as database:
        yield database


@pytest.fixture
def redis_url(own_redis: Redis) -> str:
    """That database, empty."""
    own_redis.flushdb()
    return own_redis_database.url(own_redis)


@pytest.fixture
def free_port() -> int:
    """A port nobody uses at this moment."""
    return ports.free_port()
