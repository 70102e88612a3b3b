"""Why a process does not start: a Home key that sealed by itself is rotated before senders take its place."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.app import create_app
from proca_web.config import ConfigError, Settings
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.keys.home import HomeKey, write_new_home_key
from proca_web.extensions import db, encryption
from proca_web.services.keys import home as home_keys
from tests.factories import World


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
