"""The partners of a campaign, at a terminal: who takes part, asking one in, ending a part, who gets a copy."""

import json

import click
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.adapters.wordings import renewing
from proca_web.cli import ready
from proca_web.cli.named import named, one_of
from proca_web.domain.campaign_words import Terms
from proca_web.domain.errors import BadSetting, FieldsRefused
from proca_web.extensions import encryption
from proca_web.models import Campaign, Org
from proca_web.services.petitions.making.coalition import ending, inviting, partners, terms


def of(session: Session, campaign: Campaign) -> list[dict[str, object]]:
    """Who takes part in a campaign or is asked to, for scripts."""
    return [
        {
            "org": part.name,
            "title": part.title,
            "state": "leads" if part.leads else str(part.state),
            "pages": [page.name for page in part.pages],
            "until": part.invitation.until.strftime("%Y-%m-%dT%H:%M:%SZ") if part.invitation else "",
        }
        for part in partners.of_campaign(session, campaign)
    ]


def told(session: Session, campaign: Campaign) -> dict[str, object]:
    """What the list of campaigns says about partners."""
    terms_of = {"partner_delivery": campaign.partner_delivery, "asked_terms": campaign.asked_terms}
    return {**terms_of, "partners": of(session, campaign)}


@click.group("partner")
def partner() -> None:
    """Organisations in a campaign that another one leads."""


@partner.command("list")
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help="for scripts")
def partner_list(campaign: str, as_json: bool) -> None:
    """Who leads, who takes part, who is asked."""
    app = ready.app_or_exit()
    with app.app_context(), ready.refusals(), reading() as session:
        found = of(session, named(session, Campaign, campaign))
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for entry in found:
        click.echo(f"{entry['org'] or entry['title']}  {entry['state']}")


@partner.command("invite")
@click.argument("campaign")
@click.argument("org")
@click.option("--email", default="", help="of an organisation that is not here yet")
def partner_invite(campaign: str, org: str, email: str) -> None:
    """Ask an organisation in, in the name of the one that leads; it is good for 14 days."""
    with ready.acting() as session:
        try:
            made = inviting.invite(session, named(session, Campaign, campaign), None, org, email, clock.now())
        except FieldsRefused as refusal:
            raise BadSetting(_said(refusal)) from refusal
        called = inviting.name_of(made)
    click.echo(f"✓ {called} is invited into campaign {campaign}")


@partner.command("end")
@click.argument("campaign")
@click.argument("org")
def partner_end(campaign: str, org: str) -> None:
    """End an organisation's part: its pages close, its copies stay its own."""
    with ready.acting() as session:
        chosen, gone = named(session, Campaign, campaign), named(session, Org, org)
        ending.end(session, chosen, gone, None, renewing(session), encryption.vouching, clock.now())
    click.echo(f"✓ {org} takes part in campaign {campaign} no more; its pages are closed")


@partner.command("terms")
@click.argument("campaign")
@click.argument("choice", type=one_of(Terms))
def partner_terms(campaign: str, choice: str) -> None:
    """Who always gets a copy of what people sign on a partner's page; open partners say yes to a change."""
    with ready.acting() as session:
        chosen = named(session, Campaign, campaign)
        try:
            at_once = terms.ask(session, chosen, choice, None, renewing(session), encryption.vouching, clock.now())
        except FieldsRefused as refusal:
            raise BadSetting(_said(refusal)) from refusal
        waiting = ", ".join(org.name for org in terms.waits_for(session, chosen))
    click.echo(
        f"✓ in force in campaign {campaign}" if at_once else f"✓ asked for; until these say yes, all stays: {waiting}"
    )


def _said(refusal: FieldsRefused) -> str:
    with force_locale("en"):
        return " ".join(gettext(fault.text, **fault.values) for fault in refusal.faults.values())
