"""A campaign in numbers, as its lead sees it in the console. Changes nothing."""

import dataclasses
import json

import click
from flask import current_app

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.adapters.mail import routes
from proca_web.cli import ready
from proca_web.cli.named import named
from proca_web.domain.transient import State
from proca_web.models import Campaign
from proca_web.services.petitions import mail_delay
from proca_web.services.petitions.numbers import as_rows, statistics
from proca_web.services.petitions.numbers.statistics import Statistics


@click.command("numbers")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="for scripts")
def numbers(slug: str, as_json: bool) -> None:
    """How many did what, when and from where."""
    found = _found(slug)
    if as_json:
        shown = dataclasses.asdict(found) | {"delay": int(found.delay.total_seconds())}
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False, default=lambda moment: moment.isoformat()))
        return
    for what, value, number in as_rows.of(found):
        if number != "0":
            click.echo(f"{what:8} {value:28} {number:>10}")


def _found(slug: str) -> Statistics:
    app = ready.app_or_exit()
    with app.app_context(), ready.refusals(), reading() as session:
        of_campaign, now = named(session, Campaign, slug), clock.now()
        delays = mail_delay.of(session, State.TO_SEND, now, routes.own(current_app))
        pages, zone = statistics.pages_of(session, of_campaign, of_campaign.lead), of_campaign.lead.time_zone
        return statistics.of(session, of_campaign, pages, 0, now, zone=zone, delay_of=delays.of)
