"""Getting an app for a command, and saying in one message why there is none."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from proca_web import config
from proca_web.adapters import key_guard, start
from proca_web.adapters.database import set_private, writing
from proca_web.adapters.engines import pace
from proca_web.app import create_app
from proca_web.config import ConfigError, Settings
from proca_web.crypto.errors import CryptoError
from proca_web.domain.errors import ProcaError
from proca_web.extensions import encryption
from proca_web.services.sealing.keyring import Keyring


def app_or_exit(settings: Settings | None = None, *, check: bool = True) -> Flask:
    """A checked app; else every fault on stderr and exit 2, before any port is opened. Raises Unavailable."""
    try:
        return create_app(settings, check=check)
    except ConfigError as error:
        exit_with(error.faults)


def app_when_ready() -> Flask:
    """The same for what runs for long: a database that comes late is waited for, a minute; then exit 69."""
    return start.patiently(app_or_exit, lambda line: click.echo(line, err=True))


def exit_unless_ready(app: Flask) -> None:
    """For a keyring that does not name its instance yet: everything else must be as a start wants it."""
    settings: Settings = app.extensions["proca_settings"]
    faults = Keyring(settings.keyring_dir, settings.worker_key_dir).faults()
    with app.app_context():
        faults += start.database_faults(settings.database_url, encryption.source.home, settings.sender)
    if faults:
        exit_with(faults)


def exit_with(faults: list[str]) -> NoReturn:
    """Say what keeps the process from starting."""
    lines = "\n".join(f"  - {fault}" for fault in faults)
    click.echo(f"proca_web does not start:\n{lines}", err=True)
    sys.exit(start.WRONG_SETTINGS)


def settings_or_exit(env: Mapping[str, str] | None = None) -> Settings:
    """Settings for commands that prepare what the checks would miss."""
    settings, faults = config.read(os.environ if env is None else env)
    if faults:
        exit_with(faults)
    return settings


@contextmanager
def refusals() -> Iterator[None]:
    """A named refusal becomes one sentence and exit 1."""
    try:
        yield
    except (ProcaError, CryptoError) as error:
        raise click.ClickException(str(error) or type(error).__name__) from error


@contextmanager
def acting() -> Iterator[Session]:
    """One act of an operator: commits once, the guard follows; a refusal is a sentence."""
    app = app_or_exit()
    with app.app_context(), refusals():
        with writing() as session:
            yield session
        key_guard.follow(app)


def migrate(app: Flask) -> None:
    """Bring the app's database to this version's schema; a new SQLite file is readable by its owner only."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        set_private(Path(url.database))
    from proca_web.adapters.engines import migrations  # noqa: PLC0415 -- loads Alembic, which no other command needs

    with pace.at_most(pace.MIGRATION_SECONDS):
        migrations.migrate(app)
