"""Accounts, from the command line; each act stands in the same records as one in the console."""

import json
from pathlib import Path

import click
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.cli import ready
from proca_web.cli.named import named, one_of
from proca_web.cli.staff.passwords import chosen_password, password_options
from proca_web.domain.errors import BadSetting
from proca_web.domain.staff_words import StaffRole
from proca_web.models import Org, User
from proca_web.services.staff import accounts, passwords, people
from proca_web.services.staff.second_factor import resets


@click.group()
def user() -> None:
    """Accounts of staff."""


@user.command("add")
@click.argument("email")
@click.option("--org", "slug", required=True)
@click.option("--role", default=StaffRole.OWNER.value, show_default=True, type=one_of(StaffRole))
@password_options
def user_add(email: str, slug: str, role: str, password_file: Path | None, ask: bool) -> None:
    """Add a member of an organisation's staff; whoever has an account here keeps it, password and all, and is told."""
    with ready.acting() as session:
        known, place = people.find_user(session, email), named(session, Org, slug)
        if known is not None:
            if ask or password_file is not None:
                raise BadSetting(f"{email} has an account and a password here already: leave that option out")
            people.add_place(session, known, place, StaffRole(role), clock.now())
    if known is not None:
        click.echo(f"✓ user {email}, who had an account here, belongs to {slug} too")
        return
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
            {
                "email": user.email,
                "name": user.name,
                "locked": user.locked_at is not None,
                "orgs": {place.org.name: place.role for place in user.memberships},
            }
            for user in people.all_users(session)
        ]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for entry in found:
        places = ", ".join(f"{org} ({role})" for org, role in entry["orgs"].items())  # type: ignore[attr-defined]
        click.echo(f"{entry['email']}  {places}{'  locked' if entry['locked'] else ''}")


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
        people.remove_user(session, people.named_user(session, email), clock.now(), though_last=force)
    click.echo(f"✓ user {email} is removed")


@user.command("lock")
@click.argument("email")
def user_lock(email: str) -> None:
    """Take an account out of use; it ends all its sessions."""
    with ready.acting() as session:
        accounts.lock(session, people.named_user(session, email).id, None, clock.now())
    click.echo(f"✓ user {email} is locked and signed out everywhere")


@user.command("unlock")
@click.argument("email")
def user_unlock(email: str) -> None:
    """Let an account sign in again."""
    with ready.acting() as session:
        accounts.unlock(session, people.named_user(session, email).id, None, clock.now())
    click.echo(f"✓ user {email} can sign in again")
