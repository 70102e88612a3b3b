"""Staff, from the command line. A password is never an argument: other users of the machine see those."""

import json
import secrets
import sys
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.cli import ready
from proca_web.cli.named import named, one_of
from proca_web.domain.errors import BadSetting
from proca_web.domain.words import StaffRole
from proca_web.models import Org, User
from proca_web.services.staff import passwords, people
from proca_web.services.staff.second_factor import resets


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


@click.group()
def user() -> None:
    """Staff."""


@user.command("add")
@click.argument("email")
@click.option("--org", "slug", required=True)
@click.option("--role", default=StaffRole.OWNER.value, show_default=True, type=one_of(StaffRole))
@password_options
def user_add(email: str, slug: str, role: str, password_file: Path | None, ask: bool) -> None:
    """Add a member of an organisation's staff."""
    chosen, is_made = chosen_password(password_file, ask)
    with ready.refusals():
        hashed = passwords.hash_password(chosen)
    with ready.acting() as session:
        people.add_user(session, email, hashed, named(session, Org, slug), StaffRole(role), clock.now())
    click.echo(f"✓ user {email}" + (f"\npassword (shown once): {chosen}" if is_made else ""))


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="for scripts")
def user_list(as_json: bool) -> None:
    """Everybody on any organisation's staff."""
    app = ready.app_or_exit()
    with app.app_context(), reading() as session:
        found = [
            {"email": user.email, "orgs": {place.org.name: place.role for place in user.memberships}}
            for user in people.all_users(session)
        ]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for entry in found:
        click.echo(f"{entry['email']}  {', '.join(f'{org} ({role})' for org, role in entry['orgs'].items())}")  # type: ignore[attr-defined]


@user.command("password")
@click.argument("email")
@password_options
def user_password(email: str, password_file: Path | None, ask: bool) -> None:
    """Give somebody a new password; it ends all their sessions."""
    chosen, is_made = chosen_password(password_file, ask)
    with ready.refusals():
        hashed = passwords.hash_password(chosen)
    with ready.acting() as session:
        people.set_password(session, people.named_user(session, email), hashed)
    click.echo(f"✓ new password for {email}" + (f"\npassword (shown once): {chosen}" if is_made else ""))


@user.command("reset-factor")
@click.argument("email")
@click.option("--org", "slug", help="in whose name, where somebody works for several")
@click.option("--cancel", is_flag=True, help="stop a reset that waits")
def user_reset_factor(email: str, slug: str | None, cancel: bool) -> None:
    """Switch somebody's second step off in 24 hours; all owners and they are told at once, and can stop it."""
    with ready.acting() as session:
        person = people.named_user(session, email)
        if cancel:
            if not resets.cancel(session, person.id, None, clock.now()):
                raise BadSetting(f"no reset for {person.email} waits")
            said = f"✓ the second step of {person.email} stays"
        else:
            reset = resets.ask(session, _org_of(session, person, slug), person, None, clock.now())
            said = f"✓ the second step of {person.email} is switched off after {reset.due_at:%Y-%m-%d %H:%M} UTC"
    click.echo(said)


def _org_of(session: Session, person: User, slug: str | None) -> Org:
    """The org that is named, else the first one that this person works for. Raises BadSetting."""
    if slug is not None:
        return named(session, Org, slug)
    places = people.places(session, person.id)
    if not places:
        raise BadSetting(f"{person.email} works for no organisation")
    return places[0].org


@user.command("remove")
@click.argument("email")
@click.option("--force", is_flag=True, help="even the last owner of an organisation")
def user_remove(email: str, force: bool) -> None:
    """Take somebody off the staff of every organisation; what they did stays in the records."""
    with ready.acting() as session:
        people.remove_user(session, people.named_user(session, email), though_last=force)
    click.echo(f"✓ user {email} is removed")
