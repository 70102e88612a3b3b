"""Organisations and their first keys; what an org says about itself. Its name stays."""

from typing import Any

import click
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.wordings import renew_wordings
from proca_web.cli import ready
from proca_web.cli.named import given_of, named
from proca_web.cli.petitions import files, listing
from proca_web.cli.staff.members import member
from proca_web.domain.campaign_words import PictureKind
from proca_web.extensions import encryption
from proca_web.models import Org, PublicKey
from proca_web.services.keys import registering
from proca_web.services.petitions import orgs
from proca_web.services.petitions.showing import pictures

COLOR = "its colour, like #0b6e4f; empty: the site's"
LOCALE = "the language its new pages start in"
TIME_ZONE = "of the hours its staff types, like Europe/Berlin"
LOGO = "a picture of at most 5 MB: JPEG, PNG, WebP or GIF"


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
@click.option("--color", default="", help=COLOR)
@click.option("--locale", default="en", show_default=True, help=LOCALE)
@click.option("--time-zone", default="UTC", show_default=True, help=TIME_ZONE)
@click.option("--logo", type=files.PICTURE, help=LOGO)
def org_add(
    slug: str, title: str, public_key: str | None, sign_public: str | None, high_security: bool, **said: Any
) -> None:
    """Add an organisation."""
    if sign_public and not public_key:
        raise click.UsageError("--sign-public belongs to a --public-key; give both")
    look = {name: said.pop(name) for name in ("color", "locale", "time_zone")}
    drawn = files.drawn(PictureKind.LOGO, said.pop("logo"))
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


@org.command("edit")
@click.argument("slug")
@click.option("--title")
@click.option("--legal-name")
@click.option("--legal-contact")
@click.option("--privacy-url")
@click.option("--retention")
@click.option("--mail-name", help="sender name of its mails; empty: its title")
@click.option("--mail-from", help="From address of its mails that the mail server may send for; empty: the instance's")
@click.option("--reply-to", help="where answers to its mails go")
@click.option("--high-security/--no-high-security", default=None)
@click.option("--color", help=COLOR)
@click.option("--locale", help=LOCALE)
@click.option("--time-zone", help=TIME_ZONE)
@click.option("--logo", type=files.PICTURE, help=LOGO)
@click.option("--no-logo", is_flag=True, default=None, help="take the logo off")
def org_edit(slug: str, **changes: object) -> None:
    """Change what an organisation says about itself; live pages show it at once."""
    given = given_of(changes)
    drawn = files.drawn(PictureKind.LOGO, given.pop("logo", None))
    with ready.acting() as session:
        org = named(session, Org, slug)
        if given.pop("no_logo", False):
            pictures.remove_logo(session, org.id)
        if drawn:
            pictures.store(session, org.id, PictureKind.LOGO, drawn, clock.now())
        orgs.edit_org(org, given)
        renew_wordings(session)
    click.echo(f"✓ org {slug}")


@org.command("list")
@listing.as_json
def org_list(as_json: bool) -> None:
    """All organisations."""
    of_mail, look = ("mail_name", "mail_from", "reply_to"), ("color", "locale", "time_zone")
    safety = ("high_security", "locked_at")
    shown = ("name", "title", "legal_name", "legal_contact", "privacy_url", "retention", *of_mail, *look, *safety)
    listing.show(Org, shown, as_json)


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
