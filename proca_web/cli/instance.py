"""What holds for the whole site: the line that stands on every page."""

import json

import click

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.cli import ready
from proca_web.domain.errors import BadSetting, FieldsRefused
from proca_web.services.instance import banner as banners


@click.group()
def instance() -> None:
    """What holds for the whole site: the line on every page."""


@instance.command("banner")
@click.argument("text")
def banner(text: str) -> None:
    """Show a line of plain text on every page, at most 200 characters; an empty one takes it off."""
    with ready.acting() as session:
        try:
            banners.put(session, text, None, clock.now())
        except FieldsRefused as refusal:
            (fault,) = refusal.faults.values()
            raise BadSetting(fault.text % fault.values if fault.values else fault.text) from refusal
    click.echo("✓ every page shows it within two seconds" if text.strip() else "✓ no page shows a line any more")


@instance.command("list")
@click.option("--json", "as_json", is_flag=True, help="for scripts")
def show(as_json: bool) -> None:
    """What is set for the whole site."""
    app = ready.app_or_exit()
    with app.app_context(), reading() as session:
        line = banners.said(session)
    click.echo(json.dumps({"banner": line}, indent=2, ensure_ascii=False) if as_json else line or "no banner")
