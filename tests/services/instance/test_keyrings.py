"""Which keyring belongs to which database: refused at the start and by `check`, joined once, never by accident."""

import shutil

import pytest
from flask.testing import FlaskClient

from proca_web.adapters import key_guard
from proca_web.adapters.database import reading
from proca_web.app import create_app
from proca_web.config import ConfigError, Settings
from proca_web.domain.words import Alarm
from proca_web.jobs.sweep import sweep
from proca_web.services.instance import alarms
from proca_web.services.sealing.keyring import Keyring
from tests import worker
from tests.factories import FakeClock, World


@pytest.fixture
def started(world: World, settings: Settings) -> Settings:
    """The settings of an instance that starts."""
    with world.app.app_context():
        key_guard.follow(world.app)
    create_app(settings)
    return settings


def refusal(settings: Settings) -> str:
    with pytest.raises(ConfigError) as caught:
        create_app(settings)
    (fault,) = caught.value.faults
    return fault


def test_the_keyring_that_belongs_to_the_database_starts(started: Settings) -> None:
    guard = Keyring(started.keyring_dir).guard
    assert len(guard.instance() or b"") == 16
    assert (started.keyring_dir / "guard" / "instance").stat().st_mode & 0o777 == 0o600


def test_a_keyring_of_another_instance_is_refused(started: Settings) -> None:
    file = started.keyring_dir / "guard" / "instance"
    file.unlink()
    Keyring(started.keyring_dir).guard.join(bytes(16))
    assert "belongs to another instance" in refusal(started)


@pytest.mark.parametrize("kept", ["nothing", "the keys alone"])
def test_a_keyring_that_names_no_instance_is_refused(started: Settings, kept: str) -> None:
    if kept == "nothing":
        shutil.rmtree(started.keyring_dir)
        Keyring(started.keyring_dir).prepare()
    else:
        (started.keyring_dir / "guard" / "instance").unlink()
    assert "keys join" in refusal(started)


@pytest.mark.parametrize("content", ["", "not base64!", "AAAA"])
def test_a_damaged_name_is_refused(started: Settings, content: str) -> None:
    (started.keyring_dir / "guard" / "instance").write_text(content)
    assert "damaged" in refusal(started)


def test_a_copy_of_the_keyring_joins_once_and_starts(started: Settings, world: World, client: FlaskClient) -> None:
    world.sign(client)
    world.run("mail")
    client.post(world.link())
    (started.keyring_dir / "guard" / "instance").unlink()
    with world.app.app_context():
        assert key_guard.join(world.app)
        assert not key_guard.join(world.app)
    create_app(started)


def test_a_web_host_joins_with_a_keyring_that_holds_no_key(
    started: Settings, world: World, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    world.sign(client)
    world.run("mail")
    client.post(world.link())
    shutil.rmtree(started.keyring_dir)
    started.keyring_dir.mkdir(mode=0o700)
    with world.app.app_context():
        assert key_guard.join(world.app)
    create_app(started)
    assert "campaigns" not in caplog.text
    answer = world.sign(worker.alone(world.app), email="other@example.org")
    assert answer.status_code == 303
    assert sorted(part.name for part in started.keyring_dir.iterdir()) == ["guard"]


def test_a_campaign_key_that_is_missing_is_an_alarm_and_no_refusal(
    started: Settings, world: World, client: FlaskClient, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    world.sign(client)
    world.run("mail")
    client.post(world.link())
    (started.keyring_dir / "campaigns" / "1").unlink()
    create_app(started)
    assert "the keys of 1 campaigns are missing" in caplog.text
    sweep(world.app)
    with world.app.app_context(), reading() as session:
        (alarm,) = alarms.standing(session, clock())
    assert alarm.kind is Alarm.CAMPAIGN_KEY
    assert "(1)" in alarm.sentence
