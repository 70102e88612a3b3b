"""Orgs, users, campaigns, pages and keys, from the command line."""

import json
import secrets
from datetime import UTC, datetime
from typing import TypeVar

import click
from flask_babel import force_locale, gettext
from sqlalchemy import select

from proca_web.cli import ready
from proca_web.crypto.encoding import encode
from proca_web.crypto.errors import KeyRefused
from proca_web.crypto.keys import fingerprint, read_public
from proca_web.domain.errors import BadSetting
from proca_web.extensions import db, encryption
from proca_web.models import ActionPage, Base, Campaign, Org
from proca_web.services import accounts, campaigns
from proca_web.services.campaigns import PageSettings
from proca_web.web.database import writing

Named = TypeVar("Named", Org, Campaign, ActionPage)


@click.group()
def org() -> None:
    """Organisations."""


@org.command("add")
@click.argument("slug")
@click.option("--title", required=True)
@click.option("--public-key", help="43 characters, from `proca-org keygen`")
@click.option("--legal-name", default="")
@click.option("--legal-contact", default="", help="address or mailbox people can turn to")
@click.option("--privacy-url", default="")
@click.option("--retention", default="", help="one sentence: how long data is kept")
@click.option("--reply-to", default="")
@click.option("--high-security", is_flag=True, help="a sender of its own for every submission")
def org_add(slug: str, title: str, public_key: str | None, high_security: bool, **notice: str) -> None:
    """Add an organisation."""
    with ready.app_or_exit().app_context(), ready.refusals(), writing():
        public = _public_key(public_key) if public_key else None
        added = campaigns.add_org(db.session(), slug, title, datetime.now(UTC), public_key=public)
        added.high_security = high_security
        campaigns.set_notice(added, **notice)
    click.echo(f"✓ org {slug}" + ("" if public_key else "; it has no key yet"))


# One key in 64 begins with a dash and must not be taken for an option.
@org.command("key", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("slug")
@click.argument("public_key")
def org_key(slug: str, public_key: str) -> None:
    """Make a public key the organisation's active one; the one before is retired, its rows stay openable."""
    with ready.app_or_exit().app_context(), ready.refusals(), writing():
        public = _public_key(public_key)
        added = campaigns.add_recipient_key(db.session(), _named(Org, slug), public, datetime.now(UTC))
        click.echo(f"✓ fingerprint {added.fingerprint}: compare it with the one in the key file")


@click.group()
def user() -> None:
    """Staff."""


@user.command("add")
@click.argument("email")
@click.option("--org", "slug", required=True)
@click.option("--role", default="owner", show_default=True, type=click.Choice(["owner"]))
@click.option("--password", help="made up and shown once when not given")
def user_add(email: str, slug: str, role: str, password: str | None) -> None:
    """Add a member of an organisation's staff."""
    chosen = password or secrets.token_urlsafe(15)
    app = ready.app_or_exit()
    with ready.refusals():
        hashed = accounts.hash_password(chosen)
        with app.app_context(), writing():
            accounts.add_user(db.session(), email, hashed, _named(Org, slug), role, datetime.now(UTC))
    click.echo(f"✓ user {email}" + ("" if password else f"\npassword (shown once): {chosen}"))


@click.group()
def campaign() -> None:
    """Campaigns."""


@campaign.command("add")
@click.argument("slug")
@click.option("--org", "lead", required=True, help="the organisation that leads it")
@click.option("--title", required=True)
@click.option("--confirm-days", default=14, show_default=True, type=click.IntRange(7, 30))
@click.option("--force-delivery", is_flag=True, help="the lead gets a copy of every signature of every page")
def campaign_add(slug: str, lead: str, title: str, confirm_days: int, force_delivery: bool) -> None:
    """Add a campaign."""
    with ready.app_or_exit().app_context(), ready.refusals(), writing():
        added = campaigns.add_campaign(db.session(), slug, title, _named(Org, lead), datetime.now(UTC))
        added.confirm_days, added.force_delivery = confirm_days, force_delivery
    click.echo(f"✓ campaign {slug}")


@campaign.command("close")
@click.argument("slug")
def campaign_close(slug: str) -> None:
    """Close a campaign: no new signatures; mailed links still work; who signed is forgotten after 30 days."""
    with ready.app_or_exit().app_context(), ready.refusals(), writing():
        campaigns.close_campaign(_named(Campaign, slug), datetime.now(UTC))
    click.echo(f"✓ campaign {slug} is closed")


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
@click.option("--comment", default="sealed", show_default=True, type=click.Choice(["off", "sealed", "public"]))
@click.option("--consent", "consent_style", default="box", show_default=True, type=click.Choice(["box", "choice"]))
@click.option("--country", "default_country", default="", help="preselected country")
@click.option("--double-opt-in/--no-double-opt-in", default=True, show_default=True)
@click.option("--delivery/--no-delivery", default=True, show_default=True, help="the collector gets every signature")
@click.option("--next-step-label", default="")
@click.option("--next-step-url", default="")
def page_add(slug: str, campaign_slug: str, org_slug: str, fields: str, required: str, **settings: object) -> None:
    """Add a page, as a draft."""
    parts: dict[str, object] = {"fields": _split(fields), "required": _split(required), **settings}
    with ready.app_or_exit().app_context(), ready.refusals(), writing():
        campaigns.add_page(
            db.session(),
            slug,
            _named(Campaign, campaign_slug),
            _named(Org, org_slug),
            PageSettings(**parts),  # type: ignore[arg-type]  # click has checked the kinds
            datetime.now(UTC),
        )
    click.echo(f"✓ page {slug} (draft); open it with: page open {slug}")


@page.command("open")
@click.argument("slug")
def page_open(slug: str) -> None:
    """Let a page go live."""
    with ready.app_or_exit().app_context(), ready.refusals(), writing():
        opened = _named(ActionPage, slug)
        with force_locale(opened.locale):
            campaigns.open_page(db.session(), opened, gettext, datetime.now(UTC))
    click.echo(f"✓ page {slug} is live at /p/{slug}")


@page.command("close")
@click.argument("slug")
def page_close(slug: str) -> None:
    """Take no more signatures on a page."""
    with ready.app_or_exit().app_context(), ready.refusals(), writing():
        campaigns.close_page(_named(ActionPage, slug))
    click.echo(f"✓ page {slug} is closed")


@click.group()
def keys() -> None:
    """The Home Org's keys."""


@keys.command("show")
def keys_show() -> None:
    """Print the Home identity that tools pin."""
    with ready.app_or_exit().app_context():
        home = encryption.source.home
        facts = {"identity": encode(home.identity), "fingerprint": fingerprint(home.identity)}
        click.echo(json.dumps(facts | {"box": encode(home.box_public)}, indent=2))


def _named(kind: type[Named], name: str) -> Named:
    found = db.session.scalars(select(kind).where(kind.name == name)).first()
    if found is None:
        raise BadSetting(f"there is no {_WHAT[kind]} {name}")
    return found


_WHAT: dict[type[Base], str] = {Org: "org", Campaign: "campaign", ActionPage: "page"}


def _public_key(text: str) -> bytes:
    try:
        return read_public(text)
    except KeyRefused as refusal:
        raise KeyRefused(campaigns.KEY_CANNOT_BE_USED) from refusal


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
