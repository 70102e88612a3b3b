"""Databases as migrations find them: without any table."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, once for each kind."""
    if request.param == "sqlite":
        (tmp_path / "proca.db").touch()
        yield f"sqlite:///{tmp_path / 'proca.db'}"
        return
    tested = make_url(request.getfixturevalue("postgres_url"))
    admin = tested.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    name = f"{tested.database}_empty"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield tested.set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
