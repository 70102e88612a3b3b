"""Changing and listing orgs, campaigns and pages: what `add` set, `edit` changes; names and a page's campaign stay."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters import pictures as drawing
from proca_web.adapters.database import reading
from proca_web.adapters.wordings import renew_wordings
from proca_web.cli import page_mails, page_words, ready
from proca_web.cli.named import Named, moment, named, one_of, split
from proca_web.cli.petitions import partners
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.pages.pictures import Drawn
from proca_web.domain.words import CommentPolicy, ConsentStyle
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, Org, PageReceiver
from proca_web.services.petitions import campaigns, orgs, owners, pages, wordings
from proca_web.services.petitions.making import slugs
from proca_web.services.petitions.making.coalition import terms
from proca_web.services.petitions.showing import pictures

REMINDER = "write once more after a day to who has not confirmed; never on pages of high-security organisations"
_OF_ALL = ("name", "status")
_WORDS = ("addressee", "closed_text", "thanks_text", "milestones", "share_texts", "questions")
_OF_MAILS = ("mail_name", "mail_reply_to")
GOAL = "a fixed one; 0: it moves on as people sign"
RECEIVER = "a further organisation that gets a copy of who ticks it; twice at most"
OPENS = "like 2027-01-31T08:00, in the time zone of the organisation that leads; empty: at once"
CLOSES = "likewise; empty: never by itself"

COLOR = "its colour, like #0b6e4f; empty: the site's"
LOCALE = "the language its new pages start in"
TIME_ZONE = "of the hours its staff types, like Europe/Berlin"
LOGO = "a picture of at most 5 MB: JPEG, PNG, WebP or GIF"
PICTURE = click.Path(exists=True, dir_okay=False, path_type=Path)
_as_json = click.option("--json", "as_json", is_flag=True, help="for scripts")


@click.command("edit")
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
@click.option("--logo", type=PICTURE, help=LOGO)
@click.option("--no-logo", is_flag=True, default=None, help="take the logo off")
def org_edit(slug: str, **changes: object) -> None:
    """Change what an organisation says about itself; live pages show it at once."""
    given = _given(changes)
    drawn = read_logo(given.pop("logo", None))
    with ready.acting() as session:
        org = named(session, Org, slug)
        if given.pop("no_logo", False):
            pictures.remove_logo(session, org.id)
        if drawn:
            pictures.store(session, org.id, PictureKind.LOGO, drawn, clock.now())
        orgs.edit_org(org, given)
        renew_wordings(session)
    click.echo(f"✓ org {slug}")


@click.command("edit")
@click.argument("slug")
@click.option("--org", "lead", help="the organisation that leads it; not once people were told of another")
@click.option("--title")
@click.option("--confirm-days", type=click.IntRange(7, 30))
@click.option("--force-delivery/--no-force-delivery", default=None)
@click.option("--reminder/--no-reminder", default=None, help=REMINDER)
@click.option("--goal", type=click.IntRange(0), help=GOAL)
@click.option("--opens", help=OPENS)
@click.option("--closes", help=CLOSES)
def campaign_edit(slug: str, **changes: object) -> None:
    """Change a campaign."""
    given = _given(changes)
    lead = given.pop("lead", None)
    with ready.acting() as session:
        campaign = named(session, Campaign, slug)
        campaigns.edit_campaign(campaign, with_dates(given, campaign.lead.time_zone))
        if lead is not None:
            owners.change_lead(session, campaign, named(session, Org, str(lead)), encryption.vouching, clock.now())
        renewed = [_who_receives(page) for page in renew_wordings(session)]
        if "force_delivery" in given:
            terms.end_all_older_forms(session, campaign, clock.now())
    click.echo(f"✓ campaign {slug}")
    if lead is not None:
        _tell_who_receives(renewed)


@click.command("edit")
@click.argument("slug")
@click.option("--org", "org_slug", help="the organisation that collects; not once somebody has signed")
@click.option("--slug", "address", help="another address, /p/…; the one before leads to it")
@click.option("--title")
@click.option("--demand")
@click.option("--body")
@click.option("--locale")
@click.option("--fields")
@click.option("--required")
@click.option("--comment", type=one_of(CommentPolicy))
@click.option("--consent", "consent_style", type=one_of(ConsentStyle))
@click.option("--country", "default_country")
@click.option("--double-opt-in/--no-double-opt-in", default=None)
@click.option("--delivery/--no-delivery", default=None)
@click.option("--next-step-label")
@click.option("--next-step-url")
@click.option("--receiver", "receivers", multiple=True, help=f"{RECEIVER}; empty: nobody any more")
@page_words.options
def page_edit(slug: str, receivers: tuple[str, ...], **changes: object) -> None:
    """Change a page; a live one shows it at once."""
    words = page_words.taken(changes)
    given = {
        name: split(str(value)) if name in ("fields", "required") else value
        for name, value in _given(changes | {"receivers": receivers or None, "words": words or None}).items()
    }
    org, address, *_ = (given.pop(name, None) for name in ("org_slug", "address", "receivers", "words"))
    with ready.acting() as session:
        page = named(session, ActionPage, slug)
        pages.edit_page(page, given)
        page_words.put(page, words)
        if address is not None:
            slugs.change(session, page, str(address), None, clock.now())
        if org is not None:
            owners.change_owner(session, page, named(session, Org, str(org)), encryption.vouching, clock.now())
        if receivers:
            pages.set_receivers(session, page, [named(session, Org, name) for name in receivers if name])
        renewed = [_who_receives(page) for page in renew_wordings(session)]
        if "delivery" in given:
            terms.end_older_forms(session, page, clock.now())
    click.echo(f"✓ page {slug}")
    if org is not None or receivers:
        _tell_who_receives(renewed)


@click.command("list")
@_as_json
def org_list(as_json: bool) -> None:
    """All organisations."""
    of_mail, look = ("mail_name", "mail_from", "reply_to"), ("color", "locale", "time_zone")
    shown = ("name", "title", "legal_name", "legal_contact", "privacy_url", "retention", *of_mail, *look)
    _show(Org, shown, as_json)


@click.command("list")
@_as_json
def campaign_list(as_json: bool) -> None:
    """All campaigns."""
    policy, numbers = ("confirm_days", "force_delivery", "reminder"), ("supporter_count", "unconfirmed_count")
    _show(
        Campaign,
        ("name", "status", "title", "goal", "opens_at", "closes_at", *policy, *numbers),
        as_json,
        "lead.name",
    )


@click.command("list")
@_as_json
def page_list(as_json: bool) -> None:
    """All pages."""
    _show(
        ActionPage,
        (
            "name",
            "status",
            "title",
            "locale",
            "fields",
            "required",
            "double_opt_in",
            "delivery",
            "slug",
            "receivers",
            *_OF_MAILS,
            *_WORDS,
        ),
        as_json,
        "org.name",
        page_mails.words_of,
    )


def read_logo(path: object) -> list[Drawn]:
    """The logo in that file, drawn in its sizes; none for no file. Raises click.BadParameter."""
    if not isinstance(path, Path):
        return []
    try:
        return drawing.draw(PictureKind.LOGO, path.read_bytes())
    except FieldsRefused as refusal:
        (message,) = refusal.faults.values()
        raise click.BadParameter(message.text % message.values, param_hint="--logo") from refusal


OF_ORG = (org_edit, org_list)
OF_CAMPAIGN = (campaign_edit, campaign_list, partners.partner)
OF_PAGE = (page_edit, page_list, page_mails.mail)


def with_dates(given: Mapping[str, object], zone: str) -> dict[str, object]:
    """What was given, with dates where hours of that time zone were typed."""
    dates = {
        f"{name}_at": moment(str(given[name]), zone) for name in ("opens", "closes") if given.get(name) is not None
    }
    return {name: value for name, value in given.items() if name not in ("opens", "closes")} | dates


def _given(changes: Mapping[str, object]) -> dict[str, object]:
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        raise click.UsageError("say what to change; --help lists what there is")
    return given


def _who_receives(page: ActionPage) -> str:
    orgs_of, policy = wordings.orgs_of(page), wordings.distribution_of(page)
    always = " and ".join(orgs_of[receiver].name for receiver in policy.always())
    asked = " and ".join(orgs_of[receiver].name for receiver in policy.by_consent())
    also = f"; to {asked} if the person says yes" if asked else ""
    return f"page {page.name}: every signature goes to {always}{also}"


def _tell_who_receives(renewed: Sequence[str]) -> None:
    for sentence in renewed:
        click.echo(f"  {sentence}")
    if renewed:
        click.echo("  From now on people are shown, and agree to, a new text; copies made before stay where they are.")


def _plain(value: object) -> object:
    """As a script reads it: a page's further receivers are a list of names."""
    if isinstance(value, list):
        return [each.org.name if isinstance(each, PageReceiver) else each for each in value]
    return value


def _show(
    kind: type[Named],
    columns: Sequence[str],
    as_json: bool,
    org: str = "",
    more: Callable[[Session, Named], Mapping[str, object]] | None = None,
) -> None:
    app = ready.app_or_exit()
    with app.app_context(), reading() as session:
        rows = session.scalars(select(kind).order_by(kind.name)).all()
        found = [{column: _plain(getattr(row, column)) for column in columns} for row in rows]
        if org:
            found = [entry | {"org": attrgetter(org)(row)} for entry, row in zip(found, rows, strict=True)]
        if more is not None and as_json:
            found = [entry | dict(more(session, row)) for entry, row in zip(found, rows, strict=True)]
        if kind is Org:
            logos = pictures.logo_files(session)
            found = [entry | {"logo": logos.get(row.id, "")} for entry, row in zip(found, rows, strict=True)]
        for entry, row in zip(found, rows, strict=True):
            entry.update(partners.told(session, row) if isinstance(row, Campaign) else {})
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=datetime.isoformat))
        return
    for entry in found:
        click.echo("  ".join(str(entry[column]) for column in columns[:3]))
