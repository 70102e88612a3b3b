"""Operator commands. They know every floor, print for people, and each commits once."""

import codecs
import gc
import importlib
import io
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from proca_web.domain.errors import Unavailable
from proca_web.domain.plain_signs import PLAIN

# Each command: the module it lives in, and what `--help` says of it. A module is imported when its command is run.
COMMANDS = {
    "bench": ("quality", "Run the benchmarks: sign, encrypt, page, confirm, mail, export, open, journey; --json FILE."),
    "bounces": ("mail.bounces", "Read reports of mails that came back from a mailbox."),
    "campaign": ("petitions.campaigns", "Campaigns."),
    "check": ("checking", "Verify configuration, keys and invariants; exit 0 when all is well, 1 when not."),
    "demo": (
        "demo",
        "Try everything on this computer: SQLite, demo data, web server, worker, and a mailbox at /mailbox.",
    ),
    "init": ("operate", "Create the database, the Home key and the first operator."),
    "instance": ("instance", "What holds for the whole site: the line on every page."),
    "keys": ("keys", "The Home Org's keys."),
    "org": ("petitions.orgs", "Organisations."),
    "page": ("petitions.pages", "Action pages."),
    "serve": ("processes", "Web server and worker in one process."),
    "session": ("staff.sessions", "Where staff are signed in."),
    "sweep": ("processes", "Run all periodic jobs once."),
    "test": ("quality", "Run the tests; arguments go to pytest."),
    "upgrade": ("operate", "Back the database up, migrate it, check it."),
    "user": ("staff.users", "Accounts of staff."),
    "worker": ("processes", "The worker beside `gunicorn wsgi:app`: mail, release, housekeeping."),
}


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(character, "?") for character in error.object[error.start : error.end]), error.end


codecs.register_error("proca-signs", _plainer)


class _Commands(click.Group):
    """Imports a command when it is asked for: nearly all of the time a short one takes is imports."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what is not there just now is one sentence and exit 69: it may be tried again as it is."""
        try:
            return super().invoke(ctx)
        except Unavailable as error:
            click.echo(f"{error}; try again later", err=True)
            ctx.exit(69)
        except PermissionError as error:
            from proca_web.adapters.files import rights  # noqa: PLC0415 -- rarely needed, and not quickly loaded

            raise click.ClickException(rights.sentence(Path(os.fsdecode(error.filename or os.curdir)))) from error

    def main(self, *arguments: Any, **options: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="proca-signs")
        return super().main(*arguments, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(_imported(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


def _imported(room: str) -> ModuleType:
    """What is imported stays: the garbage collector would look at all of it again and again meanwhile."""
    was_looking = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(f"proca_web.cli.{room}")
    finally:
        if was_looking:
            gc.enable()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="proca-web")
def main() -> None:
    """A petition platform whose operator cannot read the signatures it stores."""
