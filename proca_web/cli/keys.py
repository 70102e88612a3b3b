"""The Home Org's keys, from the command line: shown, rotated, and senders asked to end."""

import json
import os
from dataclasses import replace
from pathlib import Path

import click
from flask import Flask

from proca_web.adapters import clock, key_guard, start
from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of
from proca_web.cli import ready
from proca_web.config import Settings
from proca_web.crypto.boxes.certificate import Mode
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.home import HomeKey, write_new_home_key
from proca_web.crypto.keys.keys import fingerprint
from proca_web.extensions import encryption
from proca_web.jobs import worker_keys as hourly_keys
from proca_web.services.keys import home as home_keys
from proca_web.services.sealing import sender_rows, worker_keys
from proca_web.services.signatures import expiring


@click.group()
def keys() -> None:
    """The Home Org's keys."""


@keys.command("show")
def keys_show() -> None:
    """Print the identity of this site, which organisations let proca-org trust."""
    with ready.app_or_exit().app_context():
        home = encryption.source.home
        facts = {"identity": encode(home.identity), "fingerprint": fingerprint(home.identity)}
        click.echo(json.dumps(facts | {"box": encode(home.box_public)}, indent=2))


@keys.command("join")
def keys_join() -> None:
    """Let this host's keyring belong to the database's instance: one that all hosts share, or one of a web host."""
    app = ready.app_or_exit(check=False)
    ready.exit_unless_ready(app)
    with app.app_context(), ready.refusals():
        joined = key_guard.join(app)
        key_guard.follow(app)
    click.echo("✓ the keyring belongs to this instance" + (" now" if joined else " already"))


@keys.command("rotate-home")
@click.option("--stolen", is_flag=True, help="the old key is in other hands: it is not asked to sign for the new one")
@click.option("--yes", is_flag=True, help="do not ask")
def rotate_home(stolen: bool, yes: bool) -> None:
    """Make a new Home key. Stop the web server and the worker first, start them again afterwards."""
    settings = replace(ready.settings_or_exit(), sender=Mode.STATIC)  # seals nothing; who leaves static begins here
    if settings.home_key:
        raise click.ClickException("PROCA_HOME_KEY is set: a Home key that lives in a file can be rotated")
    draft = settings.home_key_file.with_name(f"{settings.home_key_file.name}.new")
    if _finish_interrupted(settings, draft):
        return
    app = ready.app_or_exit(settings)
    if not yes:
        click.confirm("Every organisation will have to confirm the new identity. Go on?", abort=True)
    _make(draft)
    with app.app_context(), ready.refusals():
        new = HomeKey.from_file(draft)
        number = _rotate(app, new, stolen=stolen)
    _put_in_place(settings.home_key_file, draft)
    _follow(settings)
    _tell(new, number, stolen=stolen)


@keys.command("rotate-sender")
def rotate_sender() -> None:
    """Ask every process of every host to end its sender; the next submission uses a new one."""
    with ready.acting() as session:
        sender_rows.ask_to_end(session, clock.now())
    click.echo("✓ senders end before their next submission")


@keys.command("leave")
@click.argument("host")
@click.option("--yes", is_flag=True, help="do not ask")
def keys_leave(host: str, yes: bool) -> None:
    """Say that a worker host is gone for good: what waits is kept for the others."""
    app = ready.app_or_exit()
    with app.app_context():
        with reading() as session:
            known = [each for each in worker_keys.hosts(session) if each.name == host]
            alone = expiring.waiting_for(session, host)
        if not known:
            raise click.ClickException(f"there is no worker host {host} that has keys; `check` names those there are")
        if alone and not yes:
            click.confirm(f"{alone} addresses wait that only this host could open; they are lost. Go on?", abort=True)
        with writing() as session:
            worker_keys.leave(session, host)
    click.echo(f"✓ worker host {host} has left")


def _rotate(app: Flask, new: HomeKey, *, stolen: bool) -> int:
    old, now = encryption.source.home, clock.now()
    with reading() as session:
        key_guard.require_sound_log(app, session)
    key_guard.follow(app)  # the guard knows all that the old identity wrote
    with writing() as session:
        ended = key_guard.guard_of(app).memory().ended
        return home_keys.rotate(session, old, new, now, stolen=stolen, ended=ended)


def _finish_interrupted(settings: Settings, draft: Path) -> bool:
    """A rotation that was cut off after its commit: the database knows the new key, the file is still the old one."""
    if not draft.exists():
        return False
    app = ready.app_or_exit(settings, check=False)
    if not start.knows_home(settings.database_url):
        return False  # whoever goes on from here says why
    with app.app_context(), ready.refusals(), reading() as session:
        if not home_keys.is_current(session, HomeKey.from_file(draft)):
            return False
    _put_in_place(settings.home_key_file, draft)
    _follow(settings)
    click.echo("✓ the rotation that was cut off is complete; copy the new Home key offline now")
    return True


def _follow(settings: Settings) -> None:
    """The guard follows; a worker host has a key that the new identity vouches for before anybody signs."""
    with ready.app_or_exit(settings).app_context() as context:
        key_guard.follow(context.app)
        if keyring_of(context.app).host:
            hourly_keys.renew(context.app)


def _make(draft: Path) -> None:
    """The new key's file, unless a run that was cut off has made it."""
    if draft.exists():
        return
    try:
        write_new_home_key(draft)
    except OSError as error:
        raise click.ClickException(f"{draft} cannot be written ({error.strerror}); nothing was changed") from error


def _put_in_place(file: Path, draft: Path) -> None:
    """The old key stays beside the new one, until the operator removes it."""
    stamp = clock.now().strftime("%Y%m%dT%H%M%S.%fZ")
    try:
        if not any(kept.samefile(file) for kept in file.parent.glob(f"{file.name}.*.old")):
            os.link(file, file.with_name(f"{file.name}.{stamp}.old"))
        os.replace(draft, file)
    except OSError as error:
        raise click.ClickException(
            f"the new Home key is in force, but {draft} could not take the place of {file} ({error.strerror});"
            " mend that and run this command again"
        ) from error


def _tell(new: HomeKey, number: int, *, stolen: bool) -> None:
    click.echo(f"✓ new Home identity {encode(new.identity)}\n  fingerprint {fingerprint(new.identity)}")
    click.echo(f"✓ {number} keys of organisations signed by it")
    click.echo(
        "Now: copy the new key file offline, start the web server and the worker, and tell every organisation the"
    )
    click.echo(
        "new fingerprint in another way than this site. The old file stays beside it; remove it when all have moved."
    )
    if stolen:
        click.echo("The old identity did not sign for the new one: organisations must confirm it with you in person.")
