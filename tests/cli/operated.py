"""An instance with two orgs, their keys and signatures, as its operator has it: commands, key files, and processes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import Result
from flask import Flask

from proca_web import config
from proca_web.app import create_app
from proca_web.crypto.keys.home import HomeKey
from proca_web.extensions import db
from tests.factories import World


def settings_of(folder: Path, database_url: str) -> dict[str, str]:
    """The environment of a process that serves the demo's world in a folder."""
    return {
        "PROCA_DEMO": "1",
        "PROCA_DATA_DIR": str(folder),
        "PROCA_PUBLIC_URL": "http://localhost",
        "PROCA_SECRET_KEY": "tests only " * 4,
        "PROCA_DATABASE_URL": database_url,
    }


@dataclass
class Site:
    """An instance with two orgs and their keys, and its operator."""

    world: World
    folder: Path
    env: dict[str, str]
    run: Callable[..., Result]
    started: list[Flask] = field(default_factory=list)

    def does(self, *arguments: str, typed: str | None = None, **env: str) -> str:
        """What a command printed that must succeed."""
        done = self.run(*arguments, env=self.env | env, typed=typed)
        assert done.exit_code == 0, done.output
        return done.stdout

    def refuses(self, *arguments: str, code: int = 1, typed: str | None = None, **env: str) -> str:
        """What a command said that must fail, without a traceback."""
        done = self.run(*arguments, env=self.env | env, typed=typed)
        assert done.exit_code == code, done.output
        assert isinstance(done.exception, SystemExit)
        return done.stderr

    def start(self, **env: str) -> World:
        """A process that is started now, with the key file that is in place now."""
        settings, faults = config.read(self.env | env)
        assert not faults
        app = create_app(settings)
        self.started.append(app)
        return World(app, self.world.secrets)

    def close(self) -> None:
        """Close what this process has open of the database."""
        for app in (self.world.app, *self.started):
            with app.app_context():
                app.extensions["proca_encryption"].end()
                db.engine.dispose()

    @property
    def home_file(self) -> Path:
        return self.folder / "home.key"

    @property
    def home(self) -> HomeKey:
        """The key in the file now."""
        return HomeKey.from_file(self.home_file)

    @property
    def old_files(self) -> list[Path]:
        return sorted(self.folder.glob("home.key.*.old"))

    def state(self) -> list[object]:
        """All that a rotation changes."""
        tables = ("SELECT * FROM public_keys ORDER BY id", "SELECT * FROM key_log ORDER BY position")
        return [self.home_file.read_bytes(), self.old_files, *(self.world.query(table) for table in tables)]


def signature(world: World, email: str) -> None:
    """A signature from the form to the org's export."""
    client = world.app.test_client()
    assert world.sign(client, email=email).status_code == 303
    world.run("mail")
    client.post(world.link(email))
    world.run("release", "mail")


def senders(world: World) -> list[int]:
    """The keys that contacts are sealed with, in their order."""
    return [key for (key,) in world.query("SELECT sign_key_id FROM contacts ORDER BY id")]
