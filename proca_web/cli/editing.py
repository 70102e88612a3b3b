"""Changing and listing orgs, campaigns and pages: what `add` set, `edit` changes; names and a page's campaign stay."""

import json
from collections.abc import Mapping, Sequence
from operator import attrgetter

import click
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.cli import ready
from proca_web.cli.named import Named, named, one_of, split
from proca_web.cli.petitions import partners
from proca_web.domain.words import CommentPolicy, ConsentStyle, Publication
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, Org
from proca_web.services.petitions import campaigns, orgs, owners, pages, wordings
from proca_web.services.petitions.making.coalition import terms

REMINDER = "write once more after a day to who has not confirmed; never on pages of high-security organisations"
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
def campaign_edit(slug: str, **changes: object) -> None:
    """Change a campaign."""
    given = _given(changes)
    lead = given.pop("lead", None)
    with ready.acting() as session:
        campaign = named(session, Campaign, slug)
        campaigns.edit_campaign(campaign, given)
        if lead is not None:
            owners.change_lead(session, campaign, named(session, Org, str(lead)), encryption.vouching, clock.now())
        renewed = _renew_wordings(session)
        if "force_delivery" in given:
            terms.end_all_older_forms(session, campaign, clock.now())
    click.echo(f"✓ campaign {slug}")
    if lead is not None:
        _tell_who_receives(renewed)


@click.command("edit")
@click.argument("slug")
@click.option("--org", "org_slug", help="the organisation that collects; not once somebody has signed")
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
def page_edit(slug: str, **changes: object) -> None:
    """Change a page; a live one shows it at once."""
    given = {
        name: split(str(value)) if name in ("fields", "required") else value for name, value in _given(changes).items()
    }
    org = given.pop("org_slug", None)
    with ready.acting() as session:
        page = named(session, ActionPage, slug)
        pages.edit_page(page, given)
        if org is not None:
            owners.change_owner(session, page, named(session, Org, str(org)), encryption.vouching, clock.now())
        renewed = _renew_wordings(session)
        if "delivery" in given:
            terms.end_older_forms(session, page, clock.now())
    click.echo(f"✓ page {slug}")
    if org is not None:
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
    numbers = ("supporter_count", "unconfirmed_count")
    _show(
        Campaign,
        ("name", "status", "title", "confirm_days", "force_delivery", "reminder", *numbers),
        as_json,
        "lead.name",
    )


@click.command("list")
@_as_json
def page_list(as_json: bool) -> None:
    """All pages."""
    _show(
        ActionPage,
        ("name", "status", "title", "locale", "fields", "required", "double_opt_in", "delivery"),
        as_json,
        "org.name",
    )


OF_ORG = (org_edit, org_list)
OF_CAMPAIGN = (campaign_edit, campaign_list, partners.partner)
OF_PAGE = (page_edit, page_list)


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


def _show(kind: type[Named], columns: Sequence[str], as_json: bool, org: str = "") -> None:
    app = ready.app_or_exit()
    with app.app_context(), reading() as session:
        rows = session.scalars(select(kind).order_by(kind.name)).all()
        found = [{column: getattr(row, column) for column in columns} for row in rows]
        if org:
            found = [entry | {"org": attrgetter(org)(row)} for entry, row in zip(found, rows, strict=True)]
        for entry, row in zip(found, rows, strict=True):
            entry.update(partners.told(session, row) if isinstance(row, Campaign) else {})
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for entry in found:
        click.echo("  ".join(str(entry[column]) for column in columns[:3]))
