"""Lists of orgs, campaigns and pages: some words a line, or all for scripts."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading
from proca_web.cli import ready
from proca_web.cli.named import Named
from proca_web.models import Org, PageReceiver
from proca_web.services.petitions.showing import pictures

as_json = click.option("--json", "as_json", is_flag=True, help="for scripts")


def _plain(value: object) -> object:
    """As a script reads it: a page's further receivers are a list of names."""
    if isinstance(value, list):
        return [each.org.name if isinstance(each, PageReceiver) else each for each in value]
    return value


def show(
    kind: type[Named],
    columns: Sequence[str],
    as_json: bool,
    others: Mapping[str, str] | None = None,
    more: Callable[[Session, Named], Mapping[str, object]] | None = None,
) -> None:
    """Print all of a kind by name: its first three columns, or all of them for scripts."""
    app = ready.app_or_exit()
    with app.app_context(), reading() as session:
        rows = session.scalars(select(kind).order_by(kind.name)).all()
        found = [{column: _plain(getattr(row, column)) for column in columns} for row in rows]
        for name, path in (others or {}).items():
            found = [entry | {name: attrgetter(path)(row)} for entry, row in zip(found, rows, strict=True)]
        if more is not None and as_json:
            found = [entry | dict(more(session, row)) for entry, row in zip(found, rows, strict=True)]
        if kind is Org:
            logos = pictures.logo_files(session)
            found = [entry | {"logo": logos.get(row.id, "")} for entry, row in zip(found, rows, strict=True)]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=datetime.isoformat))
        return
    for entry in found:
        click.echo("  ".join(str(entry[column]) for column in columns[:3]))
