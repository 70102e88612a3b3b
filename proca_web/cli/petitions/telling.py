"""What a page tells beside its text, from the command line: `page news` and `page comments`."""

import json

import click

from proca_web.adapters import clock
from proca_web.cli import ready
from proca_web.cli.named import named, one_of
from proca_web.domain.campaign_words import CommentState, NewsKind
from proca_web.domain.errors import BadSetting, FieldsRefused, NewsNotFound
from proca_web.models import ActionPage
from proca_web.services.petitions.showing import comments, news


@click.group("news")
def page_news() -> None:
    """What happened so far, as the page tells it."""


@page_news.command("add")
@click.argument("slug")
@click.option("--title", required=True)
@click.option("--text", "body", default="", help="in Markdown")
@click.option("--outcome", is_flag=True, help="it tells how the petition ended")
def news_add(slug: str, title: str, body: str, outcome: bool) -> None:
    """Tell news on a page at once."""
    kind = NewsKind.OUTCOME if outcome else NewsKind.UPDATE
    with ready.acting() as session:
        try:
            added = news.add(
                session, named(session, ActionPage, slug), news.Typed(kind, title, body), None, clock.now()
            )
        except FieldsRefused as refused:
            raise BadSetting("; ".join(f"{name}: {fault.text}" for name, fault in refused.faults.items())) from refused
        click.echo(f"✓ news {added.id} on page {slug}")


@page_news.command("list")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True)
def news_list(slug: str, as_json: bool) -> None:
    """The news of a page, the newest first."""
    with ready.acting() as session:
        rows = news.rows_of(session, [named(session, ActionPage, slug).id])
        told = [
            {"id": row.id, "at": f"{row.published_at:%Y-%m-%d}", "kind": row.kind, "title": row.title} for row in rows
        ]
    _show(told, as_json)


@page_news.command("remove")
@click.argument("slug")
@click.argument("number", type=int)
def news_remove(slug: str, number: int) -> None:
    """Take news off a page."""
    with ready.acting() as session:
        try:
            row = news.one(session, [named(session, ActionPage, slug).id], number)
        except NewsNotFound as missing:
            raise BadSetting(f"page {slug} has no news {number}") from missing
        news.remove(session, row, None, clock.now())
    click.echo(f"✓ news {number} is gone from page {slug}")


@click.group("comments")
def page_comments() -> None:
    """Public comments, each shown only after somebody let it be read."""


@page_comments.command("list")
@click.argument("slug")
@click.option("--state", default=CommentState.WAITING.value, show_default=True, type=one_of(CommentState))
@click.option("--json", "as_json", is_flag=True)
def comments_list(slug: str, state: str, as_json: bool) -> None:
    """The comments of a page in one state."""
    with ready.acting() as session:
        kept = comments.kept(session, [named(session, ActionPage, slug).id], CommentState(state))
    _show([{"id": each.id, "name": each.said.name, "comment": each.said.text} for each in kept], as_json)


@page_comments.command("show")
@click.argument("slug")
@click.argument("numbers", nargs=-1, required=True, type=int)
def comments_show(slug: str, numbers: tuple[int, ...]) -> None:
    """Let these comments be read on the page."""
    _decide(slug, numbers, CommentState.SHOWN)


@page_comments.command("hide")
@click.argument("slug")
@click.argument("numbers", nargs=-1, required=True, type=int)
def comments_hide(slug: str, numbers: tuple[int, ...]) -> None:
    """Let nobody read these comments on the page."""
    _decide(slug, numbers, CommentState.HIDDEN)


def _decide(slug: str, numbers: tuple[int, ...], state: CommentState) -> None:
    with ready.acting() as session:
        page = named(session, ActionPage, slug)
        decided = comments.decide(session, [page.id], numbers, state, None, clock.now())
    click.echo(f"✓ {decided} changed; now {state} on page {slug}")


def _show(rows: list[dict[str, object]], as_json: bool) -> None:
    """As JSON, or one line each: a line end within a text would look like another entry."""
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for row in rows:
            click.echo("  ".join(" ".join(str(value).split()) for value in row.values()))


OF_PAGE = (page_news, page_comments)
