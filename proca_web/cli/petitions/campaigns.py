"""Campaigns: made, changed, paused and closed. Their names stay."""

from collections.abc import Mapping

import click
from flask import current_app

from proca_web.adapters import clock
from proca_web.adapters.keyring import keyring_of
from proca_web.adapters.wordings import renew_wordings
from proca_web.cli import ready
from proca_web.cli.named import given_of, moment, named
from proca_web.cli.petitions import listing, partners, told
from proca_web.cli.petitions.numbers import numbers
from proca_web.domain.errors import BadSetting
from proca_web.extensions import encryption
from proca_web.models import Campaign, Org
from proca_web.services.petitions import campaigns, owners
from proca_web.services.petitions.making import states
from proca_web.services.petitions.making.coalition import terms
from proca_web.services.signatures import fingerprints

REMINDER = "write once more after a day to who has not confirmed; never on pages of high-security organisations"
PARTNER = "an organisation that joins gets every signature of its own page; holds for pages made from then on"
GOAL = "a fixed one; 0: it moves on as people sign"
OPENS = "like 2027-01-31T08:00, in the time zone of the organisation that leads; empty: at once"
CLOSES = "likewise; empty: never by itself"


@click.group()
def campaign() -> None:
    """Campaigns."""


@campaign.command("add")
@click.argument("slug")
@click.option("--org", "lead", required=True, help="the organisation that leads it")
@click.option("--title", required=True)
@click.option("--confirm-days", default=14, show_default=True, type=click.IntRange(7, 30))
@click.option("--force-delivery", is_flag=True, help="the lead gets a copy of every signature of every page")
@click.option("--partner-delivery/--no-partner-delivery", default=True, show_default=True, help=PARTNER)
@click.option("--reminder/--no-reminder", default=False, show_default=True, help=REMINDER)
@click.option("--goal", default=0, type=click.IntRange(0), help=GOAL)
@click.option("--opens", help=OPENS)
@click.option("--closes", help=CLOSES)
def campaign_add(slug: str, lead: str, title: str, **settings: object) -> None:
    """Add a campaign."""
    with ready.acting() as session:
        added = campaigns.add_campaign(session, slug, title, named(session, Org, lead), clock.now())
        campaigns.edit_campaign(added, _with_dates(settings, added.lead.time_zone))
    click.echo(f"✓ campaign {slug}")


@campaign.command("close")
@click.argument("slug")
def campaign_close(slug: str) -> None:
    """Close a campaign: no new signatures; mailed links still work; who signed is forgotten after 30 days."""
    with ready.acting() as session:
        states.close_campaign(session, named(session, Campaign, slug), None, clock.now())
    click.echo(f"✓ campaign {slug} is closed")


@campaign.command("pause")
@click.argument("slug")
def campaign_pause(slug: str) -> None:
    """Let all pages of a campaign rest."""
    with ready.acting() as session:
        states.pause_campaign(session, named(session, Campaign, slug), None, clock.now())
    click.echo(f"✓ campaign {slug} is paused; reopen it with: campaign reopen {slug}")


@campaign.command("reopen")
@click.argument("slug")
def campaign_reopen(slug: str) -> None:
    """Let a paused or closed campaign go on."""
    with ready.acting() as session:
        states.reopen_campaign(session, named(session, Campaign, slug), None, clock.now())
    click.echo(f"✓ campaign {slug} is live again")


@campaign.command("new-key")
@click.argument("slug")
@click.option("--yes", is_flag=True, help="do not ask")
def campaign_new_key(slug: str, yes: bool) -> None:
    """Begin anew after a campaign's key was lost everywhere: who signed before can count again."""
    if not yes:
        click.confirm(
            "Nobody who signed before is known any more, and each of them can count again. Go on?", abort=True
        )
    with ready.acting() as session:
        ring, chosen = keyring_of(current_app), named(session, Campaign, slug)
        if not ring.host or chosen.id not in fingerprints.lacking(session, ring):
            raise BadSetting(f"this is no worker host, or its keyring has the key of {slug}: nothing was changed")
        fingerprints.start_anew(session, chosen.id, clock.now())
        ring.destroy_campaign_key(chosen.id)  # a file of another campaign, if any
    click.echo(f"✓ campaign {slug} counts with a new key from now on")


@campaign.command("edit")
@click.argument("slug")
@click.option("--org", "lead", help="the organisation that leads it; not once people were told of another")
@click.option("--title")
@click.option("--confirm-days", type=click.IntRange(7, 30))
@click.option("--force-delivery/--no-force-delivery", default=None)
@click.option("--partner-delivery/--no-partner-delivery", default=None, help=PARTNER)
@click.option("--reminder/--no-reminder", default=None, help=REMINDER)
@click.option("--goal", type=click.IntRange(0), help=GOAL)
@click.option("--opens", help=OPENS)
@click.option("--closes", help=CLOSES)
def campaign_edit(slug: str, **changes: object) -> None:
    """Change a campaign."""
    given = given_of(changes)
    lead = given.pop("lead", None)
    with ready.acting() as session:
        campaign = named(session, Campaign, slug)
        campaigns.edit_campaign(campaign, _with_dates(given, campaign.lead.time_zone))
        if lead is not None:
            owners.change_lead(session, campaign, named(session, Org, str(lead)), encryption.vouching, clock.now())
        renewed = [told.who_receives(page) for page in renew_wordings(session)]
        if "force_delivery" in given:
            terms.end_all_older_forms(session, campaign, clock.now())
    click.echo(f"✓ campaign {slug}")
    if lead is not None:
        told.tell(renewed)


@campaign.command("list")
@listing.as_json
def campaign_list(as_json: bool) -> None:
    """All campaigns."""
    policy, counts = (
        ("confirm_days", "force_delivery", "partner_delivery", "reminder"),
        ("supporter_count", "unconfirmed_count"),
    )
    listing.show(
        Campaign,
        ("name", "status", "title", "goal", "opens_at", "closes_at", *policy, *counts),
        as_json,
        {"org": "lead.name"},
        partners.told,
    )


def _with_dates(given: Mapping[str, object], zone: str) -> dict[str, object]:
    """What was given, with dates where hours of that time zone were typed."""
    dates = {
        f"{name}_at": moment(str(given[name]), zone) for name in ("opens", "closes") if given.get(name) is not None
    }
    return {name: value for name, value in given.items() if name not in ("opens", "closes")} | dates


campaign.add_command(numbers)
campaign.add_command(partners.partner)
