"""Where staff are signed in, from the command line."""

import json

import click

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.cli import ready
from proca_web.domain.errors import BadSetting
from proca_web.domain.staff_words import StaffEvent
from proca_web.services.staff import accounts, people, sessions


@click.group()
def session() -> None:
    """Where staff are signed in."""


@session.command("list")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="for scripts")
def session_list(email: str, as_json: bool) -> None:
    """The browsers in which somebody is signed in."""
    app = ready.app_or_exit()
    with app.app_context(), ready.refusals(), reading() as reads:
        user = people.named_user(reads, email)
        found = [
            {
                "id": each.id,
                "device": each.device,
                "network": each.network,
                "since": f"{each.created_at:%Y-%m-%d %H:%M}",
                "seen": f"{each.seen_at:%Y-%m-%d %H:%M}",
            }
            for each in sessions.of_user(reads, user.id, clock.now())
        ]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for entry in found:
        click.echo(
            f"{entry['id']}  {entry['device']}  {entry['network']}  since {entry['since']}  seen {entry['seen']} UTC"
        )


@session.command("end")
@click.argument("email")
@click.option("--id", "session_id", type=int, help="one of those that `list` shows; without: all")
def session_end(email: str, session_id: int | None) -> None:
    """Sign somebody out."""
    with ready.acting() as writes:
        user = people.named_user(writes, email)
        if session_id is None:
            number = sessions.end_all(writes, user.id)
        elif sessions.end(writes, user.id, session_id):
            number = 1
        else:
            raise BadSetting(f"{email} has no session {session_id}; `session list` shows those there are")
        if number:
            accounts.record(writes, user.id, StaffEvent.SESSIONS_ENDED, None, clock.now())
    click.echo(f"✓ {number} {'session' if number == 1 else 'sessions'} of {email} ended")
