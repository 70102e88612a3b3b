"""Reports of mails that came back, read from a mailbox on this machine."""

from collections import Counter
from itertools import islice
from pathlib import Path

import click
from flask import Flask

from proca_web.adapters.bounces import dsn, mailboxes, taking
from proca_web.cli import ready
from proca_web.services.signatures.bouncing import Effect

A_LOOK = 500


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, allow_dash=True))
def bounces(files: tuple[Path, ...]) -> None:
    """Read reports of mails that came back from a mailbox.

    FILES are mbox files, Maildir folders, files with one mail, or - for one mail from a pipe. What waits for a
    confirmation from an address that does not exist is deleted; an accepted signature is marked. The same mails may be
    read any number of times. Nothing in a mailbox is changed or deleted.
    """
    app = ready.app_or_exit()
    with app.app_context(), ready.refusals():
        for file in files:
            try:
                _read(app, file)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                raise click.ClickException(f"{file}: {reason}") from error


def _read(app: Flask, file: Path) -> None:
    messages = mailboxes.messages(file)
    read, done = Counter[str](), Counter[Effect]()
    while batch := list(islice(messages, A_LOOK)):
        reports = list(filter(None, map(dsn.report_in, batch)))
        done += taking.take(app, reports)
        read.update(mails=len(batch), reports=len(reports))
    click.echo(
        f"{file}: {read['mails']:,} mails, {read['reports']:,} of them say that an address does not exist; "
        f"{done[Effect.DELETED]:,} unconfirmed signatures deleted, {done[Effect.MARKED]:,} signatures marked"
    )
