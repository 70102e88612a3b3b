"""Databases as migrations find them: without any table."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, make_url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, once for each kind."""
    if request.param == "sqlite":
        (tmp_path / "proca.db").touch()
        yield f"sqlite:///{tmp_path / 'proca.db'}"
        return
    tested = make_url(request.getfixturevalue("postgres_url"))
    name = f"{tested.database}_empty"
    with _at(tested, "postgres") as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    with _at(tested, name) as connection:  # a database made anew each time would wait for the disk each time
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    yield tested.set(database=name).render_as_string(hide_password=False)


def _at(tested: URL, database: str) -> psycopg.Connection:
    there = tested.set(drivername="postgresql", database=database)
    return psycopg.connect(there.render_as_string(hide_password=False), autocommit=True)
