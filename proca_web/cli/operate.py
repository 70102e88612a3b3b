"""Setting an instance up, checking it, and bringing it to a new version."""

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import sleep

import click
from flask import Flask
from sqlalchemy import make_url, select

from proca_web.adapters import clock, key_guard, start, wordings
from proca_web.adapters.database import writing
from proca_web.adapters.files import rights
from proca_web.adapters.keyring import keyring_of
from proca_web.cli import ready
from proca_web.cli.staff.passwords import chosen_password, password_options
from proca_web.config import Settings
from proca_web.crypto.keys.home import write_new_home_key
from proca_web.domain.staff_words import StaffRole
from proca_web.extensions import encryption
from proca_web.jobs import worker_keys
from proca_web.models import Org
from proca_web.services.keys import adopting
from proca_web.services.petitions import orgs
from proca_web.services.sealing import key_files
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.staff import passwords, people

# Workers and the web processes of a shared database are seen every minute.
BEAT_WITHIN = timedelta(seconds=75)
LOOK_SECONDS = 2.0
_STILL_RUNNING = (
    "%s still serves this database, and would damage what upgrade makes of it; stop web servers and workers"
    " on all machines first (or say --yes-all-stopped)"
)


@click.command()
@click.option("--email", prompt="E-mail of the first operator", help="the first operator's address")
@password_options
def init(email: str, password_file: Path | None, ask: bool) -> None:
    """Create the database, the Home key and the first operator."""
    chosen, is_made = chosen_password(password_file, ask)
    settings = ready.settings_or_exit()
    denied = rights.faults(settings, making=True)
    if denied:
        ready.exit_with(denied)
    for folder in (settings.data_dir, settings.home_key_file.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.home_key_file.exists():
        _make_home_key(settings)
    Keyring(settings.keyring_dir, settings.worker_key_dir).prepare()
    app = ready.app_or_exit(settings, check=False)
    ready.migrate(app)
    if start.knows_home(settings.database_url):
        app = ready.app_or_exit(settings)
    else:
        with app.app_context(), ready.refusals():
            key_guard.join(app)
    with ready.refusals():
        hashed = passwords.hash_password(chosen)
        with app.app_context(), writing() as session:
            home = session.scalars(select(Org).where(Org.is_home)).first()
            if home is None:
                home = orgs.add_home(session, encryption.source.home, clock.now())
            people.add_user(session, email, hashed, home, StaffRole.OWNER, clock.now())
        with app.app_context():
            key_guard.follow(app)
    click.echo(f"Operator: {email}" + (f"\nPassword (shown once): {chosen}" if is_made else ""))
    click.echo("Next: python3 -m proca_web check")


@click.command()
@click.option("--yes-all-stopped", is_flag=True, help="do not look whether a process still serves this database")
def upgrade(yes_all_stopped: bool) -> None:
    """Back the database up, migrate it, check it."""
    settings = ready.settings_or_exit()
    if not yes_all_stopped:
        _refuse_beside_running(settings)
    app = ready.app_or_exit(settings, check=False)
    faults = start.upgrade_faults(settings.database_url)
    if faults:
        ready.exit_with(faults)
    saved = _save_sqlite(settings.database_url)
    click.echo(f"saved: {saved}" if saved else "PostgreSQL: make sure that your own backup is fresh (pg_dump)")
    with ready.refusals():
        ready.migrate(app)
    ready.exit_unless_ready(app)
    with app.app_context(), ready.refusals():
        if key_guard.join(app):
            click.echo("✓ the keyring names its instance now")
    checked = ready.app_or_exit(settings)
    with checked.app_context(), ready.refusals():
        _adopt_keys(checked)
        worker_keys.renew(checked)
        _destroy_hourly_keys(checked)
        wordings.refresh_wordings()
        fault = key_guard.fault(checked)
    click.echo(f"✓ schema {start.SCHEMA}")
    if fault:
        raise click.ClickException(fault)


def _refuse_beside_running(settings: Settings) -> None:
    """A process of the version before would go on writing as it always did, into tables that are not those any more."""
    if start.is_held(settings.data_dir):
        raise click.ClickException(_STILL_RUNNING % "a process on this machine")
    seen = start.beats(settings.database_url)
    if not seen:
        return
    newest, now = max(seen, key=lambda name: seen[name]), clock.now()
    off = timedelta(0) if settings.database_url.startswith("sqlite") else clock.MOST_OFF  # of another machine's clock
    until = min(seen[newest] + off, now) + BEAT_WITHIN
    if now >= seen[newest] + off + BEAT_WITHIN:
        return
    click.echo(f"seen a moment ago: {newest}; waiting to see whether it still runs", err=True)
    while clock.now() < until:
        sleep(LOOK_SECONDS)
        for name, moment in start.beats(settings.database_url).items():
            if moment != seen.get(name):
                raise click.ClickException(_STILL_RUNNING % name)


def _make_home_key(settings: Settings) -> None:
    file = settings.home_key_file
    if start.knows_home(settings.database_url):
        ready.exit_with([f"{file} does not exist, but the database belongs to a Home key; restore your copy of it"])
    write_new_home_key(file)
    click.echo(f"Home key made: {file}\nCopy this file offline now. Without it this instance ends.")


def _adopt_keys(app: Flask) -> None:
    """The first upgrade to a version with a key log endorses the keys that are active."""
    if key_guard.guard_of(app).memory().lines:
        return  # the log began before: an empty one was emptied, and its keys may be a stranger's
    with writing() as session:
        number = adopting.adopt(session, encryption.source.home, clock.now())
    key_guard.follow(app)
    if number:
        click.echo(f"✓ {number} keys signed; have each organisation compare its fingerprint at /keys")


def _destroy_hourly_keys(app: Flask) -> None:
    """Those of the time before worker keys: what waited under them is sealed anew, and committed."""
    folder = keyring_of(app).directory / "transient"
    if folder.is_dir():
        for file in folder.iterdir():
            key_files.destroy(file)
        folder.rmdir()


def _save_sqlite(url: str) -> Path | None:
    """A copy of a SQLite database beside it, made by SQLite itself; holds no secret."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    stamp = clock.now().strftime("%Y%m%dT%H%M%S.%fZ")
    target = Path(f"{parsed.database}.{stamp}.backup")
    os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(parsed.database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def write_json(path: Path, content: object) -> None:
    """Write a small file whole, readable by its owner only."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=2) + "\n")
    os.replace(draft, path)
