"""Two processes on one SQLite file: what one has written the other sees, whoever opened and closed the file before.

POSIX takes all locks of a process on a file when the process closes any descriptor of it. Without them the next process
that closes the database believes to be the last one, and removes the write-ahead log that the first still writes to.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.app import create_app
from proca_web.cli import ready
from proca_web.config import Settings
from proca_web.extensions import db
from tests import factories
from tests.factories import World

PROGRAM = (
    "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM contacts').fetchone()[0])"
)


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings on SQLite."""
    return factories.settings(tmp_path, sqlite_url)


def seen_by_another_process(settings: Settings) -> int:
    """How many copies a process sees that opens the file, reads and closes it."""
    command = [sys.executable, "-c", PROGRAM, str(settings.data_dir / "proca.db")]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_a_second_start_in_one_process_takes_no_lock_from_the_first(
    world: World, client: FlaskClient, settings: Settings
) -> None:
    assert world.sign(client).status_code == 303
    log = settings.data_dir / "proca.db-wal"
    before = log.stat().st_ino
    again = create_app(settings)
    with again.app_context():
        db.engine.dispose()
    assert seen_by_another_process(settings) == 1
    assert log.stat().st_ino == before
    assert world.sign(client, email="second@example.org").status_code == 303
    assert seen_by_another_process(settings) == 2


def test_migrating_what_is_served_takes_no_lock_either(world: World, client: FlaskClient, settings: Settings) -> None:
    assert world.sign(client).status_code == 303
    ready.migrate(world.app)
    assert seen_by_another_process(settings) == 1
    assert world.sign(client, email="second@example.org").status_code == 303
    assert seen_by_another_process(settings) == 2
