"""Changing and listing orgs, campaigns and pages: what `add` set, `edit` changes; names and a page's campaign stay."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter

import click
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.cli import ready
from proca_web.cli.named import Named, moment, named, one_of, split
from proca_web.domain.words import CommentPolicy, ConsentStyle, Publication
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, Org, PageReceiver
from proca_web.services.petitions import campaigns, orgs, owners, pages, wordings
from proca_web.services.petitions.making import slugs

REMINDER = "write once more after a day to who has not confirmed; never on pages of high-security organisations"
GOAL = "a fixed one; 0: it moves on as people sign"
RECEIVER = "a further organisation that gets a copy of who ticks it; twice at most"
OPENS = "like 2027-01-31T08:00, in the time zone of the organisation that leads; empty: at once"
CLOSES = "likewise; empty: never by itself"
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
def org_edit(slug: str, **changes: object) -> None:
    """Change what an organisation says about itself; live pages show it at once."""
    given = _given(changes)
    with ready.acting() as session:
        orgs.edit_org(named(session, Org, slug), given)
        _renew_wordings(session)
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
        renewed = _renew_wordings(session)
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
def page_edit(slug: str, receivers: tuple[str, ...], **changes: object) -> None:
    """Change a page; a live one shows it at once."""
    given = {
        name: split(str(value)) if name in ("fields", "required") else value
        for name, value in _given(changes | {"receivers": receivers or None}).items()
    }
    org, address, _ = (given.pop(name, None) for name in ("org_slug", "address", "receivers"))
    with ready.acting() as session:
        page = named(session, ActionPage, slug)
        pages.edit_page(page, given)
        if address is not None:
            slugs.change(session, page, str(address), None, clock.now())
        if org is not None:
            owners.change_owner(session, page, named(session, Org, str(org)), encryption.vouching, clock.now())
        if receivers:
            pages.set_receivers(session, page, [named(session, Org, name) for name in receivers if name])
        renewed = _renew_wordings(session)
    click.echo(f"✓ page {slug}")
    if org is not None or receivers:
        _tell_who_receives(renewed)


@click.command("list")
@_as_json
def org_list(as_json: bool) -> None:
    """All organisations."""
    of_mail = ("mail_name", "mail_from", "reply_to")
    _show(Org, ("name", "title", "legal_name", "legal_contact", "privacy_url", "retention", *of_mail), as_json)


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
        ("name", "status", "title", "slug", "locale", "fields", "required", "double_opt_in", "delivery", "receivers"),
        as_json,
        "org.name",
    )


OF_ORG = (org_edit, org_list)
OF_CAMPAIGN = (campaign_edit, campaign_list)
OF_PAGE = (page_edit, page_list)


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


def _renew_wordings(session: Session) -> list[str]:
    """People are shown, and agree to, what is so from now on; for each page with a new text, who receives by it."""
    session.flush()
    renewed = []
    for page in session.scalars(select(ActionPage).where(ActionPage.status == Publication.LIVE)):
        with force_locale(page.locale):
            if wordings.refresh(session, page, gettext, encryption.vouching, clock.now()):
                renewed.append(_who_receives(page))
    return renewed


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


def _show(kind: type[Named], columns: Sequence[str], as_json: bool, org: str = "") -> None:
    app = ready.app_or_exit()
    with app.app_context(), reading() as session:
        rows = session.scalars(select(kind).order_by(kind.name)).all()
        found = [{column: _plain(getattr(row, column)) for column in columns} for row in rows]
        if org:
            found = [entry | {"org": attrgetter(org)(row)} for entry, row in zip(found, rows, strict=True)]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=datetime.isoformat))
        return
    for entry in found:
        click.echo("  ".join(str(entry[column]) for column in columns[:3]))
