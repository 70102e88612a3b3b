"""Action pages: made, changed and listed. Their names and campaigns stay."""

import click
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.wordings import renew_wordings
from proca_web.cli import ready
from proca_web.cli.named import given_of, named, one_of, split
from proca_web.cli.petitions import listing, mails, page_states, telling, told, words
from proca_web.domain.words import CommentPolicy, ConsentStyle
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, Org
from proca_web.services.petitions import owners, pages
from proca_web.services.petitions.making import slugs
from proca_web.services.petitions.making.coalition import terms
from proca_web.services.petitions.pages import PageSettings
from proca_web.services.petitions.showing import pictures

RECEIVER = "a further organisation that gets a copy of who ticks it; twice at most"
_SETTINGS = (
    *("slug", "locale", "demand", "body", "fields", "required", "default_country", "comment", "consent_style"),
    *("double_opt_in", "delivery", "receivers", "next_step_label", "next_step_url"),
)
_LOOK = ("hero_alt", "position")
_WORDS = ("addressee", "closed_text", "thanks_text", "milestones", "share_texts", "questions")
_OF_MAILS = ("mail_name", "mail_reply_to")


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
@words.options
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
    said = words.taken(settings)
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
        words.put(session, added, said, clock.now())
        pages.set_receivers(session, added, [named(session, Org, name) for name in receivers])
    click.echo(f"✓ page {slug} (draft); open it with: page open {slug}")


@page.command("edit")
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
@click.option("--no-hero", is_flag=True, default=None, help="take the picture off")
@words.options
def page_edit(slug: str, receivers: tuple[str, ...], **changes: object) -> None:
    """Change a page; a live one shows it at once."""
    said = words.taken(changes)
    given = {
        name: split(str(value)) if name in ("fields", "required") else value
        for name, value in given_of(changes | {"receivers": receivers or None, "words": said or None}).items()
    }
    org, address, off, *_ = (given.pop(name, None) for name in ("org_slug", "address", "no_hero", "receivers", "words"))
    with ready.acting() as session:
        page = named(session, ActionPage, slug)
        pages.edit_page(page, given)
        if off:
            page.hero_id, page.hero_alt = None, ""
        words.put(session, page, said, clock.now())
        if address is not None:
            slugs.change(session, page, str(address), None, clock.now())
        if org is not None:
            owners.change_owner(session, page, named(session, Org, str(org)), encryption.vouching, clock.now())
        if receivers:
            pages.set_receivers(session, page, [named(session, Org, name) for name in receivers if name])
        renewed = [told.who_receives(page) for page in renew_wordings(session)]
        if "delivery" in given:
            terms.end_older_forms(session, page, clock.now())
    click.echo(f"✓ page {slug}")
    if org is not None or receivers:
        told.tell(renewed)


@page.command("list")
@listing.as_json
def page_list(as_json: bool) -> None:
    """All pages."""
    listing.show(
        ActionPage,
        ("name", "status", "title", *_SETTINGS, *_LOOK, *_OF_MAILS, *_WORDS),
        as_json,
        {"org": "org.name", "campaign": "campaign.name"},
        _more,
    )


def _more(session: Session, page: ActionPage) -> dict[str, object]:
    """The words of its mails, and under which name its picture is served."""
    return {**mails.words_of(session, page), "hero": pictures.file_of(session, page.hero_id)}


page.add_command(mails.mail)
for command in (*page_states.ALL, *telling.OF_PAGE):
    page.add_command(command)
