"""Why a process does not start: a Home key that sealed by itself is rotated before senders take its place."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import make_url

from proca_web.adapters import start
from proca_web.adapters.database import writing
from proca_web.app import create_app
from proca_web.config import ConfigError, Settings
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.keys.home import HomeKey, write_new_home_key
from proca_web.domain.errors import Unavailable
from proca_web.extensions import db, encryption
from proca_web.services.keys import home as home_keys
from proca_web.services.sealing.keyring import Keyring
from tests import factories
from tests.databases import Postgres
from tests.factories import World
from tests.proxy import Proxy


def faults(settings: Settings, mode: Mode) -> list[str]:
    """What a process with that PROCA_SENDER is refused for."""
    try:
        made = create_app(replace(settings, sender=mode))
    except ConfigError as error:
        return error.faults
    with made.app_context():
        db.engine.dispose()
    return []


@pytest.mark.parametrize("mode", ["static"], indirect=True)
@pytest.mark.parametrize("wanted", [Mode.SESSION, Mode.THROWAWAY])
def test_leaving_static_requires_a_rotation(
    world: World, client: FlaskClient, settings: Settings, wanted: Mode
) -> None:
    assert faults(settings, wanted) == []  # nothing was sealed yet
    assert world.sign(client).status_code == 303
    (said,) = faults(settings, wanted)
    assert said.endswith("run: python3 -m proca_web keys rotate-home")
    assert faults(settings, Mode.STATIC) == []

    settings.home_key_file.rename(settings.home_key_file.with_suffix(".old"))
    write_new_home_key(settings.home_key_file)
    new = HomeKey.from_file(settings.home_key_file)
    with world.app.app_context(), writing() as session:
        home_keys.rotate(session, encryption.source.home, new, datetime.now(UTC))
    assert faults(settings, wanted) == []


def test_a_home_key_that_never_sealed_by_itself_may_begin_to(
    world: World, client: FlaskClient, settings: Settings
) -> None:
    assert world.sign(client).status_code == 303
    assert faults(settings, Mode.STATIC) == []


def test_a_database_that_comes_late_is_waited_for(
    postgres: Postgres, tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = make_url(postgres.begin(tmp_path, world=True))
    url = there.set(host="127.0.0.1", port=free_port).render_as_string(hide_password=False)
    monkeypatch.setattr(start, "ASK_AGAIN_SECONDS", 0.05)
    said: list[str] = []
    opened: list[Proxy] = []

    def say(line: str) -> None:
        said.append(line)
        opened.append(Proxy((there.host or "127.0.0.1", there.port or 5432), free_port))

    assert start.patiently(lambda: start.database_faults(url, None, Mode.SESSION), say) == []
    opened[0].close()
    assert said[0].startswith("waiting for the database")


def test_a_database_that_never_comes_is_given_up(
    tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = factories.settings(tmp_path, f"postgresql+psycopg://127.0.0.1:{free_port}/proca")
    Keyring(settings.keyring_dir).prepare()
    monkeypatch.setattr(start, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(start, "ASK_AGAIN_SECONDS", 0.05)
    with pytest.raises(Unavailable):
        start.patiently(lambda: create_app(settings), lambda _line: None)


def test_a_wrong_name_of_the_database_is_a_fault_of_the_settings(postgres_url: str, tmp_path: Path) -> None:
    wrong = make_url(postgres_url).set(database="no_such_database").render_as_string(hide_password=False)
    settings = factories.settings(tmp_path, wrong)
    Keyring(settings.keyring_dir).prepare()
    with pytest.raises(ConfigError, match="check PROCA_DATABASE_URL"):
        create_app(settings)
