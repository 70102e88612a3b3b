"""A page opens, rests, goes on and closes."""

import click
from flask_babel import force_locale, gettext

from proca_web.adapters import clock
from proca_web.cli import ready
from proca_web.cli.named import named
from proca_web.extensions import encryption
from proca_web.models import ActionPage
from proca_web.services.petitions import pages
from proca_web.services.petitions.making import states


@click.command("open")
@click.argument("slug")
def page_open(slug: str) -> None:
    """Let a page go live."""
    with ready.acting() as session:
        opened = named(session, ActionPage, slug)
        with force_locale(opened.locale):
            pages.open_page(session, opened, gettext, encryption.vouching, clock.now())
        at = opened.slug
    click.echo(f"✓ page {slug} is live at /p/{at}")


@click.command("close")
@click.argument("slug")
def page_close(slug: str) -> None:
    """Take no more signatures on a page."""
    with ready.acting() as session:
        states.close_page(session, named(session, ActionPage, slug), None, clock.now())
    click.echo(f"✓ page {slug} is closed")


@click.command("pause")
@click.argument("slug")
def page_pause(slug: str) -> None:
    """Let a page rest."""
    with ready.acting() as session:
        states.pause_page(session, named(session, ActionPage, slug), None, clock.now())
    click.echo(f"✓ page {slug} is paused; reopen it with: page reopen {slug}")


@click.command("reopen")
@click.argument("slug")
def page_reopen(slug: str) -> None:
    """Let a paused or closed page go on."""
    with ready.acting() as session:
        reopened = named(session, ActionPage, slug)
        with force_locale(reopened.locale):
            states.reopen_page(session, reopened, gettext, encryption.vouching, None, clock.now())
    click.echo(f"✓ page {slug} is live again")


ALL = (page_open, page_close, page_pause, page_reopen)
