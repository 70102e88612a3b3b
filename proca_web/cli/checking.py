"""The command `check`: what is wrong with this instance, as sentences, and what was not looked at."""

import os
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import db, reading
from proca_web.adapters.engines import pooler
from proca_web.adapters.keyring import keyring_of
from proca_web.app import create_app
from proca_web.cli import doubts
from proca_web.cli.mail import domains, transports
from proca_web.cli.mail.said import Said
from proca_web.config import ConfigError
from proca_web.crypto.errors import HomeKeyError
from proca_web.crypto.keys.home import HomeKey
from proca_web.domain.errors import Unavailable
from proca_web.extensions import encryption
from proca_web.services.instance import invariants, rows
from proca_web.services.instance.rows import Look
from proca_web.services.petitions import counting
from proca_web.services.staff.second_factor import totp


@click.command()
@click.option("--mail-to", help="send a test mail to this address")
@click.option("--transport", help="… by the mail server of this organisation alone; else by each there is")
@click.option(
    "--received",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="judge the test mail as its mailbox has it: a file with the whole mail, or - for a pipe",
)
@click.option("--home-backup", type=click.Path(path_type=Path), help="prove this copy of the Home key file")
@click.option("--all", "whole", is_flag=True, help="look at every row, which takes long; else at some of a large table")
def check(
    mail_to: str | None, transport: str | None, received: Path | None, home_backup: Path | None, whole: bool
) -> None:
    """Verify configuration, keys and invariants; exit 0 when all is well, 1 when not."""
    try:
        app = create_app()
    except ConfigError as error:
        _exit_unwell(error.faults)
    except Unavailable as error:
        _exit_unwell([f"the database cannot be reached ({error.what}); the processes wait for it"])
    with app.app_context():
        with reading() as session:
            home, ring = encryption.source.home, keyring_of(app)
            faults = doubts.of(os.environ) + invariants.faults(session, home.identity, ring, clock.now())
            hosts = invariants.worker_hosts(session)
        faults += pooler.faults(db.engine, is_told=app.extensions["proca_settings"].is_pooled)
        notes = _second_steps(app, faults)
        looks = _look(app, whole=whole)
        faults += [fault for look in looks for fault in look.faults]
        if whole:
            with reading() as session:
                faults += counting.miscounted(session)
        if home_backup is not None:
            faults += _backup_faults(home_backup, home)
        more_faults, more_notes = _mail(app, mail_to, transport, received)
        faults += more_faults
        notes += more_notes
    for note in (*invariants.NOTES, *hosts, *notes, *(look.note for look in looks if look.note)):
        click.echo(f"note: {note}")
    if faults:
        _exit_unwell(faults)
    click.echo("✓ all is well")


def _mail(app: Flask, mail_to: str | None, transport: str | None, received: Path | None) -> Said:
    """The mail servers, a test mail over each, and what the world makes of our From domains."""
    parts = [transports.check(app)]
    if mail_to:
        parts.append(transports.try_out(app, mail_to, transport))
    if received is not None:
        parts.append(domains.judge_received(app, received))
    parts.append(domains.look(app, is_long=bool(mail_to)))
    return [fault for faults, _ in parts for fault in faults], [note for _, notes in parts for note in notes]


def _look(app: Flask, *, whole: bool) -> list[Look]:
    """At rows, each block in a short read of its own: a long one would keep a write-ahead log from being emptied."""
    looks = [Look(kind, whole=whole) for kind in rows.KINDS]
    for look in looks:
        is_more = True
        while is_more:
            with reading() as session:
                is_more = look.go_on(session, keyring_of(app))
    return looks


def _second_steps(app: Flask, faults: list[str]) -> list[str]:
    """Whether today's secret keys open what the codes of phones are made from; adds to `faults`, returns notes."""
    with reading() as session:
        looked = totp.looked_at(session, app.extensions["proca_settings"].secret_keys)
    if looked.closed:
        faults.append(
            f"PROCA_SECRET_KEY is not the one that {looked.closed} of {looked.number} phones were set up under: their "
            "codes are not taken, and those people sign in with a recovery code or a passkey, or after `user "
            "reset-factor`. Put that key back, as PROCA_SECRET_KEY or PROCA_SECRET_KEY_OLD"
        )
    if not looked.old:
        return []
    return [f"{looked.old} of {looked.number} phones are still under PROCA_SECRET_KEY_OLD, until their next sign-in"]


def _exit_unwell(faults: list[str]) -> NoReturn:
    for fault in faults:
        click.echo(f"✗ {fault}", err=True)
    raise SystemExit(1)


def _backup_faults(path: Path, home: HomeKey) -> list[str]:
    try:
        copy = HomeKey.from_file(path, guarded=False)
    except HomeKeyError as error:
        return [str(error)]
    copy.forget_box_secret()
    if (copy.box_public, copy.identity) != (home.box_public, home.identity):
        return [f"{path} is not a copy of this instance's Home key"]
    click.echo(f"✓ {path} is a good copy of the Home key")
    return []
