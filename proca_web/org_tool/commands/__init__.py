"""The commands of `proca-org`, and the few words they share: options, and how to speak to the person."""

from pathlib import Path

import click

EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
ANY_FILE = click.Path(path_type=Path)

passphrase_option = click.option(
    "--passphrase-file",
    "passphrase_files",
    type=EXISTING_FILE,
    multiple=True,
    metavar="FILE",
    help="The passphrase is its first line. Once for all keys, or once for each key in their order.",
)


def say(text: str) -> None:
    """A line for the person at the terminal; standard output is for results."""
    click.echo(text, err=True)
