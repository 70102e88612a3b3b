"""The mails of a page, from the command line: what they say, and own words for them."""

import json
from dataclasses import asdict, replace
from typing import TextIO

import click
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.adapters.mail import examples
from proca_web.cli import ready
from proca_web.cli.named import named, one_of
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.errors import BadSetting, FieldsRefused
from proca_web.domain.messages import Message
from proca_web.models import ActionPage
from proca_web.services.petitions.making import mail_texts
from proca_web.services.petitions.making.mail_texts import Typed

_slug = click.argument("slug")
_kind = click.argument("kind", type=one_of(PageMail))


@click.group("mail")
def mail() -> None:
    """The two mails that people get: `confirm` and `thank-you`."""


@mail.command("show")
@_slug
@_kind
@click.option("--json", "as_json", is_flag=True, help="for scripts")
def show(slug: str, kind: str, as_json: bool) -> None:
    """What a mail says: the page's own words, or the suggested ones."""
    app = ready.app_or_exit()
    with app.app_context(), reading() as session:
        page = named(session, ActionPage, slug)
        typed, is_own = _now(session, page, PageMail(kind))
    if as_json:
        click.echo(json.dumps(asdict(typed) | {"is_own": is_own}, indent=2, ensure_ascii=False))
        return
    click.echo(f"From: {typed.sender_name}\nReply-To: {typed.reply_to}\nSubject: {typed.subject}")
    click.echo(f"First words: {typed.preheader}\n\n{typed.body}")
    click.echo("" if is_own else "\n(the suggested text)", nl=not is_own)


@mail.command("edit")
@_slug
@_kind
@click.option("--sender-name", help="in front of the From address, of both mails; empty: the organisation's")
@click.option("--reply-to", help="where answers go, of both mails; empty: the organisation's")
@click.option("--subject")
@click.option("--preheader", help="the first words in the inbox")
@click.option("--body-file", type=click.File(encoding="utf-8"), help="the text, with what is put in as {first_name}")
@click.option("--suggested", is_flag=True, help="back to the suggested text")
def edit(slug: str, kind: str, body_file: TextIO | None, suggested: bool, **given: str | None) -> None:
    """Write a mail; the page's next mails say it."""
    changes = {name: value for name, value in given.items() if value is not None}
    changes |= {"body": body_file.read()} if body_file is not None else {}
    if bool(changes) is suggested:
        raise click.UsageError("say what to change, or --suggested alone; --help lists what there is")
    about = PageMail(kind)
    with ready.acting() as session:
        page = named(session, ActionPage, slug)
        if suggested:
            mail_texts.suggest_again(session, page, about, examples.suggested(about, page.locale), None, clock.now())
        else:
            _save(session, page, about, changes)
    click.echo(f"✓ mail {kind} of page {slug}")


def words_of(session: Session, page: ActionPage) -> dict[str, object]:
    """The words of its own that a page has, for `page list --json`."""
    return {"mails": {str(kind): asdict(words) for kind, words in mail_texts.own_words(session, page.id).items()}}


def _now(session: Session, page: ActionPage, kind: PageMail) -> tuple[Typed, bool]:
    written = mail_texts.read(session, page, kind)
    words = written.words or examples.suggested(kind, page.locale)
    typed = Typed(written.sender_name, written.reply_to, words.subject, words.preheader, words.body)
    return typed, written.words is not None


def _save(session: Session, page: ActionPage, kind: PageMail, changes: dict[str, str]) -> None:
    typed, of_house = replace(_now(session, page, kind)[0], **changes), examples.suggested(kind, page.locale)
    try:
        state = mail_texts.read(session, page, kind).state
        mail_texts.save(session, page, kind, typed, of_house, state, None, clock.now())
    except FieldsRefused as refusal:
        said = (f"{name}: {_plain(message)}" for name, message in refusal.faults.items())
        raise BadSetting("\n".join(said)) from refusal


def _plain(message: Message) -> str:
    return message.text % message.values if message.values else message.text
