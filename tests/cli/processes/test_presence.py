"""`upgrade` beside a gunicorn on another machine: all that both share is the database."""

import re
import shutil
import signal
from pathlib import Path

import pytest

from proca_web.assets import ASSETS
from proca_web.cli import operate
from tests.cli import running
from tests.cli.operated import Site
from tests.cli.running import wait_for
from tests.databases import ON_POSTGRES, ON_SQLITE

SEEN = "SELECT name FROM heartbeats WHERE name LIKE 'web process %'"


@pytest.fixture
def gunicorn(tmp_path: Path, free_port: int) -> tuple[str, ...]:
    """The server as it is shipped, with a quicker pulse."""
    config = tmp_path / "gunicorn.conf.py"
    shipped = (ASSETS / "gunicorn.conf.py").read_text()
    config.write_text(f"{shipped}\npresence.BEAT_SECONDS = 0.3\n")
    return (*running.GUNICORN, "-c", str(config), "-w", "2", "-b", f"127.0.0.1:{free_port}")


@pytest.fixture
def elsewhere(site: Site, tmp_path: Path) -> dict[str, str]:
    """The settings of another machine: its own folder, with copies of the key and the keyring."""
    folder = tmp_path / "elsewhere"
    folder.mkdir(mode=0o700)
    shutil.copy2(site.home_file, folder / "home.key")
    shutil.copytree(site.folder / "keyring", folder / "keyring")
    (folder / "mailbox").mkdir()
    return site.env | {"PROCA_DATA_DIR": str(folder)}


@ON_POSTGRES
def test_upgrade_sees_a_gunicorn_that_shares_nothing_but_the_database_until_it_ends(
    site: Site, elsewhere: dict[str, str], gunicorn: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operate, "LOOK_SECONDS", 0.1)
    with running.started(*gunicorn, env=elsewhere) as process:
        wait_for(lambda: len(site.world.query(SEEN)) == 2)
        said = site.refuses("upgrade")
        assert re.search(r"Error: web process \d+ on \S+ still serves this database", said)
        process.send_signal(signal.SIGTERM)
        assert running.ended(process)[0] == 0
    assert site.world.query(SEEN) == []
    assert "waiting" not in site.does("upgrade")


@ON_POSTGRES
def test_a_gunicorn_that_was_killed_is_waited_for_and_forgotten_after_a_day(
    site: Site, elsewhere: dict[str, str], gunicorn: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with running.started(*gunicorn, env=elsewhere):
        wait_for(lambda: len(site.world.query(SEEN)) == 2)
    monkeypatch.setattr(operate, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(operate, "BEAT_WITHIN", operate.BEAT_WITHIN / 75)
    assert site.run("upgrade", env=site.env).exit_code == 0
    site.world.execute("UPDATE heartbeats SET seen_at = '2020-01-01 00:00:00.000000'")
    site.world.run("sweep")
    assert site.world.query(SEEN) == []


@ON_SQLITE
def test_on_one_machine_a_lock_is_enough_and_nothing_is_written(
    site: Site, gunicorn: tuple[str, ...], free_port: int
) -> None:
    with running.started(*gunicorn, env=site.env):
        wait_for(lambda: running.fetch(f"http://127.0.0.1:{free_port}/p/trees")[0] == 200)
        assert site.world.query(SEEN) == []
        assert "a process on this machine still serves this database" in site.refuses("upgrade")
