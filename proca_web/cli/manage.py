"""Orgs, campaigns, pages and first keys, from the command line."""

from typing import Any

import click
from flask import current_app
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.keyring import keyring_of
from proca_web.cli import editing, page_words, ready, telling
from proca_web.cli.campaigns.numbers import numbers
from proca_web.cli.editing import CLOSES, GOAL, OPENS, RECEIVER, REMINDER
from proca_web.cli.named import named, one_of, split
from proca_web.cli.staff.members import member
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import BadSetting
from proca_web.domain.words import CommentPolicy, ConsentStyle
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, Org, PublicKey
from proca_web.services.keys import registering
from proca_web.services.petitions import campaigns, orgs, pages
from proca_web.services.petitions.making import states
from proca_web.services.petitions.pages import PageSettings
from proca_web.services.petitions.showing import pictures
from proca_web.services.signatures import fingerprints


@click.group()
def org() -> None:
    """Organisations."""


@org.command("add")
@click.argument("slug")
@click.option("--title", required=True)
@click.option("--public-key", help="43 characters, from `proca-org keygen`")
@click.option("--sign-public", help="the 43 characters beside it; with them the org can replace its key by itself")
@click.option("--legal-name", default="")
@click.option("--legal-contact", default="", help="address or mailbox people can turn to")
@click.option("--privacy-url", default="")
@click.option("--retention", default="", help="one sentence: how long data is kept")
@click.option("--mail-name", default="", help="sender name of its mails; else its title")
@click.option("--mail-from", default="", help="From address of its mails, which the mail server may send for")
@click.option("--reply-to", default="", help="where answers to its mails go")
@click.option("--high-security", is_flag=True, help="a sender of its own for every submission")
@click.option("--color", default="", help=editing.COLOR)
@click.option("--locale", default="en", show_default=True, help=editing.LOCALE)
@click.option("--time-zone", default="UTC", show_default=True, help=editing.TIME_ZONE)
@click.option("--logo", type=editing.PICTURE, help=editing.LOGO)
def org_add(
    slug: str, title: str, public_key: str | None, sign_public: str | None, high_security: bool, **said: Any
) -> None:
    """Add an organisation."""
    if sign_public and not public_key:
        raise click.UsageError("--sign-public belongs to a --public-key; give both")
    look = {name: said.pop(name) for name in ("color", "locale", "time_zone")}
    drawn = editing.read_logo(said.pop("logo"))
    with ready.acting() as session:
        added = orgs.add_org(session, slug, title, clock.now())
        added.high_security = high_security
        orgs.set_notice(added, **said)
        orgs.set_look(added, **look)
        if drawn:
            pictures.store(session, added.id, PictureKind.LOGO, drawn, clock.now())
        if public_key:
            _enter(session, added, public_key, sign_public)
    click.echo(f"✓ org {slug}" + ("" if public_key else "; it has no key yet"))


# One key in 64 begins with a dash and must not be taken for an option.
@org.command("key", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("slug")
@click.argument("public_key")
@click.argument("sign_public", required=False)
def org_key(slug: str, public_key: str, sign_public: str | None) -> None:
    """Enter an organisation's first key for it; later ones are its owners' business, in the console."""
    with ready.acting() as session:
        added = _enter(session, named(session, Org, slug), public_key, sign_public)
        click.echo(f"✓ fingerprint {added.fingerprint}: compare it with the one in the key file")


@click.group()
def campaign() -> None:
    """Campaigns."""


@campaign.command("add")
@click.argument("slug")
@click.option("--org", "lead", required=True, help="the organisation that leads it")
@click.option("--title", required=True)
@click.option("--confirm-days", default=14, show_default=True, type=click.IntRange(7, 30))
@click.option("--force-delivery", is_flag=True, help="the lead gets a copy of every signature of every page")
@click.option("--reminder/--no-reminder", default=False, show_default=True, help=REMINDER)
@click.option("--goal", default=0, type=click.IntRange(0), help=GOAL)
@click.option("--opens", help=OPENS)
@click.option("--closes", help=CLOSES)
def campaign_add(slug: str, lead: str, title: str, **settings: object) -> None:
    """Add a campaign."""
    with ready.acting() as session:
        added = campaigns.add_campaign(session, slug, title, named(session, Org, lead), clock.now())
        campaigns.edit_campaign(added, editing.with_dates(settings, added.lead.time_zone))
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


@click.group()
def page() -> None:
    """Action pages."""


@page.command("add")
@click.argument("slug")
@click.option("--campaign", "campaign_slug", required=True)
@click.option("--org", "org_slug", required=True, help="the organisation that collects")
@click.option("--title", required=True)
@click.option("--demand", required=True, help="one or two sentences: what is asked, of whom")
@click.option("--body", default="", help="paragraphs, parted by empty lines")
@click.option("--locale", default="en", show_default=True)
@click.option("--fields", default="first_name,last_name,email,country,postcode", show_default=True)
@click.option("--required", default="first_name,email", show_default=True)
@click.option("--comment", default=CommentPolicy.SEALED.value, show_default=True, type=one_of(CommentPolicy))
@click.option(
    "--consent", "consent_style", default=ConsentStyle.BOX.value, show_default=True, type=one_of(ConsentStyle)
)
@click.option("--country", "default_country", default="", help="country chosen beforehand where it must be given")
@click.option("--double-opt-in/--no-double-opt-in", default=True, show_default=True)
@click.option("--delivery/--no-delivery", default=True, show_default=True, help="the collector gets every signature")
@click.option("--next-step-label", default="")
@click.option("--next-step-url", default="")
@click.option("--receiver", "receivers", multiple=True, help=RECEIVER)
@page_words.options
def page_add(
    slug: str,
    campaign_slug: str,
    org_slug: str,
    fields: str,
    required: str,
    receivers: tuple[str, ...],
    **settings: object,
) -> None:
    """Add a page, as a draft."""
    words = page_words.taken(settings)
    parts: dict[str, object] = {"fields": split(fields), "required": split(required), **settings}
    with ready.acting() as session:
        added = pages.add_page(
            session,
            slug,
            named(session, Campaign, campaign_slug),
            named(session, Org, org_slug),
            PageSettings(**parts),  # type: ignore[arg-type]  # click has checked the kinds
            clock.now(),
        )
        page_words.put(added, words)
        pages.set_receivers(session, added, [named(session, Org, name) for name in receivers])
    click.echo(f"✓ page {slug} (draft); open it with: page open {slug}")


@page.command("open")
@click.argument("slug")
def page_open(slug: str) -> None:
    """Let a page go live."""
    with ready.acting() as session:
        opened = named(session, ActionPage, slug)
        with force_locale(opened.locale):
            pages.open_page(session, opened, gettext, encryption.vouching, clock.now())
        at = opened.slug
    click.echo(f"✓ page {slug} is live at /p/{at}")


@page.command("close")
@click.argument("slug")
def page_close(slug: str) -> None:
    """Take no more signatures on a page."""
    with ready.acting() as session:
        states.close_page(session, named(session, ActionPage, slug), None, clock.now())
    click.echo(f"✓ page {slug} is closed")


@page.command("pause")
@click.argument("slug")
def page_pause(slug: str) -> None:
    """Let a page rest."""
    with ready.acting() as session:
        states.pause_page(session, named(session, ActionPage, slug), None, clock.now())
    click.echo(f"✓ page {slug} is paused; reopen it with: page reopen {slug}")


@page.command("reopen")
@click.argument("slug")
def page_reopen(slug: str) -> None:
    """Let a paused or closed page go on."""
    with ready.acting() as session:
        reopened = named(session, ActionPage, slug)
        with force_locale(reopened.locale):
            states.reopen_page(session, reopened, gettext, encryption.vouching, None, clock.now())
    click.echo(f"✓ page {slug} is live again")


def _enter(session: Session, added: Org, public: str, sign_public: str | None) -> PublicKey:
    """The operator's word for an org's first key."""
    return registering.enter(
        session,
        encryption.source.home,
        added,
        registering.read_public(public),
        clock.now(),
        sign_public=registering.read_sign_public(sign_public) if sign_public else None,
    )


org.add_command(member)
campaign.add_command(numbers)
for group, commands in (
    (org, editing.OF_ORG),
    (campaign, editing.OF_CAMPAIGN),
    (page, editing.OF_PAGE),
    (page, telling.OF_PAGE),
):
    for command in commands:
        group.add_command(command)
