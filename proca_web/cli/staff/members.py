"""Who belongs to an organisation, from the command line."""

import json

import click

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.cli import ready
from proca_web.cli.named import named
from proca_web.models import Org
from proca_web.services.staff import members, people


@click.group()
def member() -> None:
    """Who belongs to an organisation."""


@member.command("list")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="for scripts")
def member_list(slug: str, as_json: bool) -> None:
    """The staff of an organisation, with roles."""
    app = ready.app_or_exit()
    with app.app_context(), ready.refusals(), reading() as session:
        found = [
            {
                "email": each.email,
                "name": each.name,
                "role": each.role,
                "since": f"{each.since:%Y-%m-%d}",
                "second_step": each.has_second_step,
                "locked": each.is_locked,
            }
            for each in members.of_org(session, named(session, Org, slug).id)
        ]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for entry in found:
        step = "second step" if entry["second_step"] else "no second step"
        click.echo(
            f"{entry['email']}  {entry['role']}  since {entry['since']}  {step}{'  locked' * bool(entry['locked'])}"
        )


@member.command("remove")
@click.argument("slug")
@click.argument("email")
def member_remove(slug: str, email: str) -> None:
    """Take somebody off the staff of one organisation; their account stays."""
    with ready.acting() as session:
        org = named(session, Org, slug)
        members.remove(session, org.id, None, people.named_user(session, email).id, clock.now())
    click.echo(f"✓ user {email} does not belong to {slug} any more")
