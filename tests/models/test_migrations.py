"""Migrations make what the models say, lose nothing on the way, and no process serves a database that is not ready."""

import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import Engine, inspect, select

from proca_web.adapters import start
from proca_web.adapters.database import reading
from proca_web.adapters.engines import migrations
from proca_web.app import create_app
from proca_web.assets import ASSETS
from proca_web.config import ConfigError, Settings
from proca_web.crypto.keys.home import write_new_home_key
from proca_web.domain.errors import Unavailable
from proca_web.extensions import db
from proca_web.models import Base, Transient
from proca_web.services.sealing.keyring import Keyring
from tests import factories
from tests.factories import World


@pytest.fixture
def bare(tmp_path: Path, empty_url: str) -> Iterator[Flask]:
    """An app on a database without any table."""
    yield from _closing(create_app(factories.settings(tmp_path, empty_url), check=False))


def _closing(app: Flask) -> Iterator[Flask]:
    migrations.bind(app)
    yield app
    with app.app_context():
        db.engine.dispose()


def described(engine: Engine) -> dict[str, Any]:
    """Everything a schema can refuse, table by table, in the database's own words."""
    schema = inspect(engine)
    return {
        name: {
            "columns": {
                c["name"]: (str(c["type"]), c["nullable"], _bare(c["default"])) for c in schema.get_columns(name)
            },
            "primary": schema.get_pk_constraint(name)["constrained_columns"],
            "foreign": sorted((str(f["name"]), str(f)) for f in schema.get_foreign_keys(name)),
            "unique": sorted((str(u["name"]), u["column_names"]) for u in schema.get_unique_constraints(name)),
            "checks": sorted((str(c["name"]), c["sqltext"]) for c in schema.get_check_constraints(name)),
            "indexes": sorted(_index(index) for index in schema.get_indexes(name)),
            "options": _options(engine, name),
        }
        for name in schema.get_table_names()
        if name != "alembic_version"
    }


def _index(index: Any) -> tuple[str, ...]:
    where = {option: str(text) for option, text in index.get("dialect_options", {}).items()}
    return str(index["name"]), str(index["column_names"]), str(index["unique"]), str(where)


def _bare(default: str | None) -> str | None:
    """A number is the same number, whether its column was made with 64 bits or got them later."""
    return default and re.sub(r"'(\d+)'::bigint", r"\1", default.strip("()"))


def _options(engine: Engine, table: str) -> object:
    if engine.dialect.name != "sqlite":
        return inspect(engine).get_table_options(table)
    with engine.connect() as connection:
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).scalar_one()
    return "AUTOINCREMENT" in made


def test_the_version_this_code_names_is_the_newest_migration() -> None:
    scripts = Config()
    scripts.set_main_option("script_location", str(ASSETS / "migrations"))
    assert ScriptDirectory.from_config(scripts).get_current_head() == start.SCHEMA


def test_an_upgrade_from_nothing_makes_exactly_what_the_models_say(bare: Flask, tmp_path: Path) -> None:
    with bare.app_context():
        upgrade()
        check()  # exits when autogenerate would write anything
        migrated = described(db.engine)
        downgrade(revision="base")
        Base.metadata.create_all(db.engine)
        assert described(db.engine) == migrated
    assert len(migrated) == len(Base.metadata.tables)


def test_a_downgrade_leaves_no_table_behind(bare: Flask) -> None:
    with bare.app_context():
        upgrade()
        downgrade(revision="base")
        assert inspect(db.engine).get_table_names() == ["alembic_version"]
        assert start.current_revision(db.engine) is None


def test_a_second_upgrade_changes_nothing(bare: Flask) -> None:
    with bare.app_context():
        upgrade()
        before = described(db.engine)
        upgrade()
        assert described(db.engine) == before
        assert start.current_revision(db.engine) == start.SCHEMA


def test_an_upgrade_leaves_every_logger_as_it_was(bare: Flask) -> None:
    names = ("", "proca_web", "proca_web.web.jobs", "alembic", "sqlalchemy.engine")
    loggers = [logging.getLogger(name) for name in names] + [bare.logger]
    before = [(logger.disabled, logger.level, list(logger.handlers)) for logger in loggers]
    with bare.app_context():
        upgrade()
    assert [(logger.disabled, logger.level, list(logger.handlers)) for logger in loggers] == before
    assert not any(logger.disabled for logger in loggers)


def test_foreign_keys_are_kept_on_every_connection_after_a_migration(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'proca.db'}"
    for app in _closing(create_app(factories.settings(tmp_path, url), check=False)):
        with app.app_context():
            upgrade()
            for _ in range(2):
                with db.engine.connect() as connection:
                    assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
                db.engine.dispose()


NEXT = """
revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None

import sqlalchemy as sa
from alembic import op


def upgrade():
    {step}


def downgrade():
    pass
"""
ALTERS_PARENTS = """
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    for table in ("orgs", "campaigns", "actions", "public_keys"):
        with op.batch_alter_table(table, recreate=recreate) as batch:
            batch.add_column(sa.Column("note", sa.String(), server_default="", nullable=False))
"""
LOSES_PARENTS = 'op.execute("DELETE FROM actions")'


def next_revision(folder: Path, step: str) -> str:
    """A copy of the migrations with one more."""
    copy = folder / "migrations"
    shutil.copytree(ASSETS / "migrations", copy, ignore=shutil.ignore_patterns("__pycache__"))
    content = NEXT.format(step=step.strip(), head=start.SCHEMA)
    (copy / "versions" / "9999_next.py").write_text(content)
    return str(copy)


def test_a_migration_that_makes_a_parent_table_anew_keeps_its_children(
    world: World, client: FlaskClient, tmp_path: Path, restored: None
) -> None:
    assert world.sign(client, "trees-partner", opt_in="yes", lead_opt_in="yes").status_code == 303
    tables = ("contacts", "transients", "actions", "action_pages", "memberships")
    before = {table: world.query(f"SELECT count(*) FROM {table}")[0][0] for table in tables}
    migrations.bind(world.app)
    with world.app.app_context():
        upgrade(directory=next_revision(tmp_path, ALTERS_PARENTS))
    assert world.query("SELECT note FROM actions") == [("",)]
    assert {table: world.query(f"SELECT count(*) FROM {table}")[0][0] for table in tables} == before
    assert before["contacts"] == 2


def test_a_migration_that_would_orphan_rows_is_undone_whole(sqlite_url: str, tmp_path: Path) -> None:
    settings = factories.settings(tmp_path, sqlite_url)
    Keyring(settings.keyring_dir).prepare()
    for app in _closing(create_app(settings, check=False)):
        world = factories.make_world(app)
        world.sign(app.test_client())
        with app.app_context(), pytest.raises(SystemExit):
            upgrade(directory=next_revision(tmp_path, LOSES_PARENTS))
        assert world.query("SELECT count(*) FROM actions") == [(1,)]
        assert world.query("SELECT version_num FROM alembic_version") == [(start.SCHEMA,)]
        assert world.query("PRAGMA foreign_keys") == [(1,)]


def test_each_step_back_and_forth_keeps_the_rows(world: World, client: FlaskClient) -> None:
    assert world.sign(client, "trees-partner", opt_in="yes", lead_opt_in="yes").status_code == 303
    sql = "SELECT id, org_id, kind, status, public, created_at FROM public_keys ORDER BY id"
    keys, copies = world.query(sql), world.query("SELECT id, payload FROM contacts ORDER BY id")
    migrations.bind(world.app)
    with world.app.app_context():
        downgrade(revision="0001")
        upgrade()
    assert world.query(sql) == keys
    assert world.query("SELECT id, payload FROM contacts ORDER BY id") == copies
    (dates,) = world.query("SELECT count(*) FROM public_keys WHERE kind = 'recipient' AND activated_at = created_at")
    assert dates == (2,)


@pytest.mark.parametrize("state", ["waiting", "reminding"])
def test_the_version_before_knows_no_reminder_and_waits_for_the_link_as_long(
    world: World, client: FlaskClient, state: str
) -> None:
    world.execute("UPDATE campaigns SET reminder = true, confirm_days = 9")
    assert world.sign(client).status_code == 303
    world.run("mail")
    world.execute("UPDATE transients SET state = :state", state=state)
    migrations.bind(world.app)
    with world.app.app_context():
        downgrade(revision="0007")
        upgrade()
    with world.app.app_context(), reading() as session:
        row = session.scalars(select(Transient)).one()
        assert (row.state, row.wait_seal, row.wait_key, row.sealed_at) == ("waiting", None, None, None)
        assert row.waiting_since is not None
        assert row.next_try - row.waiting_since == timedelta(days=9)


@pytest.fixture
def restored(app: Flask) -> Iterator[None]:
    """The shared PostgreSQL database as it was before another revision touched it."""
    yield
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            with db.engine.begin() as connection:
                for table in ("orgs", "campaigns", "actions", "public_keys"):
                    connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN IF EXISTS note")
                connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{start.SCHEMA}'")


def faults(settings: Settings) -> list[str]:
    """Why no process may start with these settings."""
    with pytest.raises(ConfigError) as refusal:
        create_app(settings)
    return refusal.value.faults


def test_a_database_that_is_ready_is_served(world: World, settings: Settings) -> None:
    assert create_app(settings).extensions["proca_settings"] == settings


def test_a_database_of_another_version_is_refused_and_upgrade_is_named(
    world: World, settings: Settings, restored: None
) -> None:
    world.execute("UPDATE alembic_version SET version_num = '0000'")
    (fault,) = faults(settings)
    assert f"schema 0000, this version needs {start.SCHEMA}" in fault
    assert fault.endswith("python3 -m proca_web upgrade")


def test_an_empty_database_is_refused_and_init_is_named(tmp_path: Path, empty_url: str) -> None:
    settings = factories.settings(tmp_path, empty_url)
    Keyring(settings.keyring_dir).prepare()
    assert faults(settings) == ["the database is empty; run: python3 -m proca_web init"]


def test_a_database_without_a_home_org_is_refused_and_init_is_named(app: Flask, settings: Settings) -> None:
    assert faults(settings) == ["the database has no Home Org; run: python3 -m proca_web init"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "there is no database at .*; run: python3 -m proca_web init"), (b"garbage" * 200, "cannot be reached")],
    ids=["missing", "garbage"],
)
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    settings = factories.settings(tmp_path, f"sqlite:///{tmp_path / 'proca.db'}")
    Keyring(settings.keyring_dir).prepare()
    if content is not None:
        (tmp_path / "proca.db").write_bytes(content)
    (fault,) = faults(settings)
    assert re.search(sentence, fault)
    assert (tmp_path / "proca.db").exists() is (content is not None)


def test_a_server_that_is_not_there_is_a_passing_fault_named_without_its_password(
    tmp_path: Path, free_port: int
) -> None:
    url = f"postgresql+psycopg://proca:hunter2@127.0.0.1:{free_port}/proca"
    settings = factories.settings(tmp_path, url)
    Keyring(settings.keyring_dir).prepare()
    with pytest.raises(Unavailable) as fault:
        faults(settings)
    assert "PostgreSQL" in str(fault.value)
    assert "hunter2" not in str(fault.value)


def test_another_home_key_than_the_databases_is_refused(world: World, settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    write_new_home_key(other)
    (fault,) = faults(replace(settings, home_key_file=other))
    assert "not the one this database knows" in fault


def test_a_home_identity_that_differs_alone_is_refused(world: World, settings: Settings) -> None:
    world.execute("UPDATE public_keys SET sign_public = public WHERE kind = 'home'")
    (fault,) = faults(settings)
    assert "not the one this database knows" in fault


@pytest.mark.parametrize(("table", "what"), [("campaigns", "campaign"), ("action_pages", "page")])
def test_a_home_org_that_owns_something_is_refused(world: World, settings: Settings, table: str, what: str) -> None:
    world.execute(f"UPDATE {table} SET org_id = (SELECT id FROM orgs WHERE is_home)")
    assert faults(settings) == [f"the Home Org owns a {what}; it must own none"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610])
def test_a_home_key_open_to_others_is_refused_and_left_as_it_is(world: World, settings: Settings, mode: int) -> None:
    settings.home_key_file.chmod(mode)
    (fault,) = faults(settings)
    assert "is open to others; run: chmod 600" in fault
    assert settings.home_key_file.stat().st_mode & 0o777 == mode


def test_a_missing_keyring_is_refused(world: World, settings: Settings, tmp_path: Path) -> None:
    (fault,) = faults(replace(settings, keyring_dir=tmp_path / "gone"))
    assert "keyring" in fault
    assert "does not exist" in fault


def test_a_keyring_open_to_others_is_refused(world: World, settings: Settings) -> None:
    settings.keyring_dir.chmod(0o750)
    (fault,) = faults(settings)
    assert "is open to others; run: chmod 700" in fault


def test_every_fault_is_named_at_once(world: World, settings: Settings, tmp_path: Path) -> None:
    world.execute("UPDATE campaigns SET org_id = (SELECT id FROM orgs WHERE is_home)")
    world.execute("UPDATE action_pages SET org_id = (SELECT id FROM orgs WHERE is_home)")
    settings.home_key_file.chmod(0o644)
    found = faults(replace(settings, keyring_dir=tmp_path / "gone"))
    wanted = ("open to others", "keyring", "owns a campaign", "owns a page")
    assert [any(part in fault for fault in found) for part in wanted] == [True] * 4
    assert len(found) == 4


def test_the_checks_leave_nothing_open(world: World, settings: Settings) -> None:
    with world.app.app_context():
        db.engine.dispose()
    open_before = sorted(os.listdir("/proc/self/fd"))
    create_app(settings)
    assert sorted(os.listdir("/proc/self/fd")) == open_before
