"""Behind PgBouncer in transaction mode, with two connections of the server for all: signing, mails, release, export."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import URL, create_engine, make_url, text

from proca_web.adapters import start
from proca_web.adapters.database import db, direct_write, reading, writing
from proca_web.adapters.engines import pace, pooler
from proca_web.app import create_app
from proca_web.cli import checking, main, ready
from proca_web.config import ConfigError, Settings
from proca_web.domain.errors import Unavailable
from proca_web.services import driver
from tests import factories
from tests.bouncer import FEW, bouncer, through
from tests.factories import World

PEOPLE = 24


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """PgBouncer in transaction mode."""
    with bouncer(tmp_path_factory.mktemp("bouncer"), "transaction") as port:
        yield port


@pytest.fixture
def database_url(begin: Callable[[str], str], port: int) -> str:
    """The tests' PostgreSQL, through it."""
    return through(begin("postgres"), port)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The settings that such an instance needs."""
    return factories.settings(tmp_path, database_url, PROCA_DATABASE_POOLER="transaction")


def test_everybody_who_signs_at_once_is_mailed_confirmed_released_and_exported(world: World) -> None:
    def sign(number: int) -> int:
        return world.sign(world.app.test_client(), email=f"anna{number}@example.org").status_code

    def confirm(link: str) -> int:
        return world.app.test_client().post(link).status_code

    with ThreadPoolExecutor(8) as crowd:
        assert set(crowd.map(sign, range(PEOPLE))) == {303}
        world.run("mail")
        links = [world.link(f"anna{number}@example.org") for number in range(PEOPLE)]
        assert set(crowd.map(confirm, links)) == {303}
    world.run("sweep", "release", "mail")
    rows = world.export("org-one")
    assert sorted(int(row["seq"]) for row in rows) == list(range(1, PEOPLE + 1))
    assert world.open("org-one", rows[0])["email"].startswith("anna")
    assert world.app.test_client().get("/p/trees/count.json").get_json()["count"] == PEOPLE


def test_a_statement_that_is_used_often_is_known_to_every_connection_of_the_server(
    world: World, database_url: str
) -> None:
    def ask() -> Any:
        with (
            world.app.app_context(),
            writing() as session,
        ):  # the driver forgets what it prepared when one is rolled back
            return session.execute(text("SELECT count(*), pg_backend_pid() FROM orgs")).one()

    (orgs, here), *_ = [ask() for _ in range(10)]
    with psycopg.connect(_plain(make_url(database_url))) as another:  # whose transaction holds that one
        assert another.execute("SELECT pg_backend_pid()").fetchone() == (here,)
        count, elsewhere = ask()
        assert count == orgs
        assert elsewhere != here


def test_the_time_that_a_statement_has_ends_with_its_transaction(world: World, database_url: str) -> None:
    asked = text("SHOW statement_timeout")
    with world.app.test_request_context(), reading() as session, direct_write() as direct:
        assert session.execute(asked).scalar() == "2400ms"
        assert driver.execute(direct, "SHOW statement_timeout").fetchone() == ("2400ms",)
    with world.app.app_context(), reading() as session:
        assert session.execute(asked).scalar() == "48s"
    for _ in range(2 * FEW):
        with psycopg.connect(_plain(make_url(database_url)), autocommit=True) as another:
            assert another.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_the_server_ends_what_takes_too_long(world: World) -> None:
    running = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'")
    with world.app.app_context():
        with pytest.raises(Unavailable), pace.at_most(0.2), reading() as session:
            session.execute(text("SELECT pg_sleep(20)"))
        with reading() as session:
            assert session.execute(running).scalar() == 0


def test_an_empty_database_is_brought_to_this_version_through_it(
    begin: Callable[[str], str], port: int, tmp_path: Path
) -> None:
    tested = make_url(begin("postgres"))
    name = f"{tested.database}_pooled"
    with psycopg.connect(_plain(tested), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            url = through(str(tested.set(database=name)), port)
            app = create_app(factories.settings(tmp_path, url, PROCA_DATABASE_POOLER="transaction"), check=False)
            ready.migrate(app)
            with app.app_context():
                assert start.current_revision(db.engine) == start.SCHEMA
                db.engine.dispose()
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize(
    ("database", "queue", "said"),
    [
        ("sqlite:////tmp/proca.db", "sqlite:////tmp/queue.db", "PROCA_DATABASE_POOLER is for PostgreSQL"),
        ("postgresql://a@db:6432/p", "postgresql://a@db:6432/q", "PROCA_QUEUE_URL must lead to Redis"),
        ("postgresql://a@db:6432/p", "postgresql://a@db:5432/p", ""),
        ("postgresql://a@db:6432/p", "redis://cache/0", ""),
        ("postgresql://a@db:6432/p", "sqlite:////tmp/queue.db", ""),
    ],
)
def test_settings_that_cannot_work_stop_the_start(tmp_path: Path, database: str, queue: str, said: str) -> None:
    made = factories.settings(tmp_path, database, PROCA_QUEUE_URL=queue, PROCA_DATABASE_POOLER="transaction")
    faults: list[str] = []
    try:
        create_app(made, check=False)
    except ConfigError as error:
        faults = error.faults
    assert [fault.startswith(said) for fault in faults] == [True] * bool(said)


def test_check_names_the_setting_where_it_is_missing(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.app.app_context():
        assert pooler.faults(db.engine, is_told=True) == []
        assert pooler.faults(db.engine, is_told=False) == [pooler.UNTOLD]
    apps: list[Flask] = []
    monkeypatch.setattr(checking, "create_app", lambda: apps.append(create_app()) or apps[0])
    env = {
        "PROCA_DEMO": "1",
        "PROCA_DATA_DIR": str(tmp_path),
        "PROCA_PUBLIC_URL": "http://localhost",
        "PROCA_SECRET_KEY": "tests only " * 4,
        "PROCA_DATABASE_URL": settings.database_url,
    }
    assert pooler.UNTOLD in CliRunner().invoke(main, ["check"], env=env).stderr
    with apps[0].app_context():
        db.engine.dispose()


def test_the_server_itself_and_a_pooler_by_session_need_no_setting(
    begin: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = begin("postgres")
    with bouncer(tmp_path_factory.mktemp("session"), "session") as port:
        for engine in (create_engine(url), create_engine(through(url, port))):
            assert pooler.faults(engine, is_told=False) == []
            engine.dispose()


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
