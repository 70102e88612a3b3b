"""Mails in an org's own words, as an SMTP server gets them; the preview in the console is the same mail."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from proca_web.adapters.database import reading, writing
from proca_web.adapters.mail import examples
from proca_web.adapters.mail.forms import Forms
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.crypto.encoding import encode
from proca_web.domain.campaign_words import PageMail
from proca_web.extensions import db
from proca_web.models import ActionPage, Base, MailText
from proca_web.services.petitions.making import mail_pages, mail_texts
from proca_web.services.sealing.keyring import Keyring
from tests import factories
from tests.factories import World
from tests.services.conftest import confirm_path, waiting_token
from tests.smtp_sink import Sink

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
WORDS = {
    "confirm": (
        "{first_name}, one click",
        "For {title}",
        "Dear {first_name},\n\nto {addressee}:\n{confirm_link}\nWithin {days} days. Yours, {org}. https://trees.example",
    ),
    "thank-you": ("Thanks, {first_name}", "We are {number}", "{first_name}, we are\n{number}\n\n{share_link}"),
}


@pytest.fixture
def app(settings: Settings, sink: Sink) -> Iterator[Flask]:
    """An app whose mail goes to the sink."""
    Keyring(settings.keyring_dir).prepare()
    mail = MailSettings("127.0.0.1", sink.port, "none", "", "", "petitions@host.example.org")
    made = create_app(replace(settings, mail=mail, mailbox_dir=None), check=False)
    factories.join(made)
    yield made
    with made.app_context():
        made.extensions["proca_encryption"].end()
        db.engine.dispose()


@pytest.fixture
def own_words(world: World) -> None:
    world.execute("UPDATE action_pages SET addressee = 'The council', mail_name = 'Tree friends' WHERE name = 'trees'")
    with world.app.app_context(), writing() as session:
        for kind, (subject, preheader, body) in WORDS.items():
            words = {"subject": subject, "preheader": preheader, "body": body}
            session.add(MailText(page_id=1, kind=kind, edited_at=NOW, **words))


def parts(sink: Sink, number: int) -> tuple[str, str]:
    message = sink.messages()[number]
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    plain, html = (body.get_content() for body in bodies if body is not None)
    return plain, html


@pytest.mark.usefixtures("own_words")
def test_own_words_arrive_in_both_parts_their_links_work_and_nothing_of_a_person_is_kept(
    world: World, client: FlaskClient, sink: Sink
) -> None:
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    assert sink.messages()[0]["Subject"] == "Zofia, one click"
    assert sink.messages()[0]["From"] == "Tree friends <petitions@host.example.org>"
    plain, html = parts(sink, 0)
    link = f"http://localhost{confirm_path(token)}"
    assert f"Dear Zofia,\n\nto The council:\n\n{link}\n\nWithin 14 days. Yours, Org One." in plain.replace("\r\n", "\n")
    for said in ("Dear <bdi>Zofia</bdi>", f'href="{link}"', "Confirm my signature", 'href="https://trees.example"'):
        assert said in html
    for part in (plain, html):
        for frame in (
            "It wasn&#39;t you?" if part is html else "It wasn't you?",
            "/withdraw/",
            "Why you get this mail",
        ):
            assert frame in part
        assert "org-one e.V." in part
    assert client.post(re.search(r"/confirm/[\w-]+", plain)[0]).status_code == 303  # type: ignore[index]  # it is there
    world.run("accept", "release", "mail")
    assert sink.messages()[1]["Subject"] == "Thanks, Zofia"
    plain, html = parts(sink, 1)
    assert plain.replace("\r", "").startswith("Zofia, we are\n\n1\n\nhttp://localhost/p/trees?utm_source=share")
    withdraw = re.search(r"http://localhost(/withdraw/[\w-]+)", html)
    assert withdraw is not None
    assert withdraw[0] in plain
    assert client.get(withdraw[1]).status_code == 200
    with world.app.app_context(), reading() as session:
        for table in Base.metadata.sorted_tables:
            rows = session.execute(text(f'SELECT * FROM "{table.name}"')).all()
            assert "zofia" not in str(rows).lower(), table.name


@pytest.mark.usefixtures("own_words")
@pytest.mark.parametrize("kind", list(PageMail))
def test_the_preview_is_what_a_server_gets(world: World, client: FlaskClient, sink: Sink, kind: PageMail) -> None:
    world.sign(client, first_name=examples.NAME, email=examples.ADDRESS)
    token = waiting_token(world)
    world.run("mail")
    if kind is PageMail.THANK_YOU:
        client.post(confirm_path(token))
        world.run("accept", "release", "mail")
    with world.app.app_context(), reading() as session:
        page = mail_pages.page_of(session, 1)
        preview = examples.preview(Forms(world.app), page, kind, NOW)
    assert same(preview.wire.removesuffix(b".\r\n")) == same(sink.envelopes[-1].original_content)


def same(wire: bytes) -> str:
    """Without what differs each time: the moment, ids, boundaries and tokens, wherever lines were broken."""
    said = wire.decode("ascii").replace("\r\n..", "\r\n.").replace("=\r\n", "")
    said = re.sub(r"(?m)^(X-Peer|X-MailFrom|X-RcptTo|Date|Message-ID): .*\r\n", "", said)
    return re.sub(r"=_[0-9a-f]{24}|(?<=/confirm/)[\w-]{43}|(?<=/withdraw/)[\w-]{43}", "*", said)


def test_a_test_says_so_and_leads_to_no_signature(world: World, sink: Sink) -> None:
    with world.app.app_context(), writing() as session:
        mail_texts.ask_test(session, session.get_one(ActionPage, 1), PageMail.CONFIRM, 1, NOW, transport="")
    world.run("mail")
    (message,) = sink.messages()
    assert message["To"] == "admin@org-one.example.org"
    assert message["Subject"] == "[Test] Please confirm: Keep our street trees"
    plain, html = parts(sink, 0)
    for part in (plain, html):
        assert "/confirm/" not in part
        assert "/withdraw/" not in part
        assert encode(bytes(32)) not in part
        assert "http://localhost/console/org-one/campaigns/trees/mails" in part
