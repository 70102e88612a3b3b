"""A world whose mail goes to a relay of gates, and one whose mail goes to the demo's folder (`world`, as elsewhere)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from bench.relay import Relay
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.extensions import db
from proca_web.jobs.mail.room import Mailroom, room_of
from proca_web.services.sealing.keyring import Keyring
from tests import factories, relay
from tests.factories import World

States = Callable[[], dict[str, int]]


@pytest.fixture(params=[True, False], ids=["pipelining", "plain"])
def post(request: pytest.FixtureRequest) -> Iterator[Relay]:
    """A mail server that takes everything until told otherwise, with PIPELINING and without."""
    with relay.running(Relay(is_pipelining=request.param)) as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str, post: Relay) -> Settings:
    """Settings on SQLite whose mail goes to that server; which database it is makes a difference where two work."""
    mail = MailSettings("127.0.0.1", post.port, "none", "", "", "petitions@host.example.org")
    return replace(factories.settings(tmp_path, sqlite_url), mail=mail, mailbox_dir=None)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """A ready app."""
    Keyring(settings.keyring_dir).prepare()
    made = create_app(settings, check=False)
    factories.join(made)
    yield made
    with made.app_context():
        made.extensions["proca_encryption"].end()
        db.engine.dispose()


@pytest.fixture
def states(world: World) -> States:
    """How many mails are in which state."""
    return lambda: dict(world.query("SELECT state, count(*) FROM transients GROUP BY state"))


@pytest.fixture
def sign(world: World) -> Callable[..., None]:
    """So many people sign."""

    def sign(number: int, domain: str = "example.org", name: str = "person") -> None:
        for each in range(number):
            client = world.app.test_client()
            client.environ_base["REMOTE_ADDR"] = f"10.0.{each}.1"
            assert world.sign(client, email=f"{name}{each}@{domain}").status_code == 303

    return sign


class Moment:
    """Seconds that go forward only when the mail waits, or a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float | None) -> None:
        """Let time pass."""
        self.now += seconds or 0.0


@pytest.fixture
def moment(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Moment:
    """The mail's own clock, which no test waits for; without threads."""
    made = Moment()
    monkeypatch.setattr("proca_web.adapters.clock.monotonic", made)
    monkeypatch.setattr(room_of(app)._is_over, "wait", made.forward)
    return made


@pytest.fixture
def room(app: Flask) -> Iterator[Mailroom]:
    """The app's mail room with threads of its own."""
    made = room_of(app)
    made.start()
    yield made
    made.stop(0.2)


@contextmanager
def another(settings: Settings) -> Iterator[Flask]:
    """A second process's app on the same data."""
    Keyring(settings.keyring_dir).prepare()
    app = create_app(settings, check=False)
    try:
        yield app
    finally:
        with app.app_context():
            app.extensions["proca_encryption"].end()
            db.engine.dispose()
