"""How a password is given to a command: never as an argument, which other users of the machine see."""

import secrets
import sys
from pathlib import Path
from typing import Any, NoReturn

import click


def _refuse_argument(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(
            "a password is never an argument: everybody on this machine can see it. Use --password-file FILE "
            "(- reads it from standard input), --ask, or neither: then one is made and shown once"
        )


def password_options(command: Any) -> Any:
    """How a password is given: in a file, typed, or not at all."""
    for option in (
        click.option("--password", hidden=True, expose_value=False, callback=_refuse_argument),
        click.option("--ask", is_flag=True, help="type the password, twice"),
        click.option(
            "--password-file",
            type=click.Path(path_type=Path, allow_dash=True),
            help="its first line is the password; - is standard input. Without: made and shown once",
        ),
    ):
        command = option(command)
    return command


def chosen_password(file: Path | None, ask: bool) -> tuple[str, bool]:
    """The password, and whether it was made here and must be shown."""
    if file is not None and ask:
        raise click.UsageError("--password-file and --ask exclude each other")
    if ask:
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), False
    if file is None:
        return secrets.token_urlsafe(15), True
    return _first_line(file), False


def _first_line(file: Path) -> str:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _unreadable(file, error)
    return text.partition("\n")[0].rstrip("\r")


def _unreadable(file: Path, error: Exception) -> NoReturn:
    raise click.ClickException(f"{file} cannot be read ({type(error).__name__})") from error
