"""Mail over a real SMTP server: what is sent, over which connection, and what each answer leads to."""

import logging
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.services.sealing.keyring import Keyring
from tests import factories, smtp_sink
from tests.factories import World
from tests.services.conftest import confirm_path, waiting_token
from tests.smtp_sink import Sink


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings on SQLite; which database it is makes no difference to mail."""
    return factories.settings(tmp_path, sqlite_url)


def post_to(settings: Settings, port: int, tls: str = "none") -> Flask:
    """An app whose mail goes to that port."""
    Keyring(settings.keyring_dir).prepare()
    mail = MailSettings("127.0.0.1", port, tls, "", "", "petitions@host.example.org")
    return create_app(replace(settings, mail=mail, mailbox_dir=None), check=False)


@pytest.fixture
def app(settings: Settings, sink: Sink) -> Flask:
    """An app whose mail goes to the sink."""
    return post_to(settings, sink.port)


@pytest.fixture
def states(world: World) -> "States":
    return States(world)


class States:
    """Reads the states of all transients."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self) -> list[str]:
        return [state for (state,) in self.world.query("SELECT state FROM transients ORDER BY action_id")]


def test_the_confirmation_says_who_asked_what_and_how_to_ignore_it(
    world: World, client: FlaskClient, sink: Sink
) -> None:
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    (message,) = sink.messages()
    assert message["To"] == "zofia@example.org"
    assert message["From"] == "Org One <petitions@host.example.org>"
    assert message["Reply-To"] == "hello@org-one.example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Please confirm: Keep our street trees"
    for part in ("plain", "html"):
        body = message.get_body((part,))
        assert body is not None
        text = body.get_content()
        assert f"http://localhost{confirm_path(token)}" in text
        for said in ("Zofia", "Org One", "not counted until", "14 days", "org-one e.V.", "/privacy"):
            assert said in text, (part, said)


def test_the_thank_you_comes_after_the_confirmation_and_holds_no_link_that_acts(
    world: World, client: FlaskClient, sink: Sink
) -> None:
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    client.post(confirm_path(token))
    world.run("release", "mail")
    thanks = sink.messages()[1]
    assert thanks["Subject"] == "Thank you for signing: Keep our street trees"
    body = thanks.get_body(("plain",))
    assert body is not None
    assert "/confirm/" not in body.get_content()
    assert "utm_source=share" in body.get_content()


def test_no_line_of_a_mail_is_longer_than_servers_take(world: World, client: FlaskClient, sink: Sink) -> None:
    world.execute("UPDATE action_pages SET demand = :long", long="word " * 600)
    world.sign(client)
    world.run("mail")
    assert max(len(line) for line in sink.envelopes[0].original_content.splitlines()) < 998


def test_a_name_cannot_put_headers_or_html_into_a_mail(world: World, client: FlaskClient, sink: Sink) -> None:
    world.execute("UPDATE action_pages SET title = :t", t="Trees & <b>birds</b>\r\nBcc: evil@example.org")
    world.sign(client, first_name="O’Neil")
    world.run("mail")
    (message,) = sink.messages()
    assert message["Bcc"] is None
    html = message.get_body(("html",))
    assert html is not None
    assert "<b>birds" not in html.get_content()


def test_one_connection_carries_many_mails(world: World, client: FlaskClient, sink: Sink) -> None:
    for number in range(12):
        world.sign(client, email=f"person{number}@example.org")
    world.run("mail")
    assert len(sink.envelopes) == 12
    assert sink.connections == 1
    assert {tuple(envelope.rcpt_tos) for envelope in sink.envelopes} == {(f"person{n}@example.org",) for n in range(12)}


def test_a_mail_sent_again_has_the_same_message_id_and_link(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    world.run("mail")
    world.execute("UPDATE transients SET state = 'to_send', wait_key = NULL, wait_seal = NULL")
    assert sink.messages()[0]["Message-ID"].endswith("@host.example.org>")
    sink.envelopes.clear()
    sink.at_data = "451 later"
    world.sign(client, email="again@example.org")
    world.run("mail")
    world.execute("UPDATE transients SET next_try = '2020-01-01 00:00:00.000000' WHERE wait_seal IS NOT NULL")
    sink.at_data = "250 OK"
    world.run("mail")
    first, second = sink.messages()
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_body(("plain",)).get_content() == second.get_body(("plain",)).get_content()


@pytest.mark.parametrize("answer", ["550 no such user", "551 elsewhere", "553 bad mailbox", "550 5.1.1 unknown"])
def test_a_recipient_refused_for_good_is_purged(
    world: World, client: FlaskClient, sink: Sink, states: States, answer: str
) -> None:
    sink.at_rcpt = answer
    world.sign(client)
    world.run("mail")
    assert states() == []
    assert world.query("SELECT count(*) FROM contacts") == [(0,)]
    assert world.query("SELECT event, number FROM day_counts") == [("refused", 1)]


@pytest.mark.parametrize(
    "answer", ["450 busy", "451 4.3.0 later", "550 5.7.1 your server is blocked", "552 full", "554 no"]
)
def test_a_refusal_that_is_not_about_the_recipient_keeps_the_signature(
    world: World, client: FlaskClient, sink: Sink, states: States, answer: str
) -> None:
    sink.at_rcpt = answer
    world.sign(client)
    world.run("mail")
    assert states() == ["to_send"]
    assert world.query("SELECT deliveries, attempts FROM transients") == [(0, 1)]


@pytest.mark.parametrize("answer", ["451 later", "554 spam", "drop"])
def test_a_fault_at_data_is_tried_again(
    world: World, client: FlaskClient, sink: Sink, states: States, answer: str
) -> None:
    sink.at_data = answer
    world.sign(client)
    world.run("mail")
    assert states() == ["to_send"]
    assert world.query("SELECT deliveries FROM transients") == [(1,)]


def test_after_a_fault_the_other_mails_still_go_out(
    world: World, client: FlaskClient, sink: Sink, states: States
) -> None:
    sink.at_data = "drop"
    world.sign(client, email="first@example.org")
    world.run("mail")
    sink.at_data = "250 OK"
    world.sign(client, email="second@example.org")
    world.run("mail")
    assert states() == ["to_send", "waiting"]


def test_no_server_at_all_keeps_everything(settings: Settings, free_port: int) -> None:
    world = factories.make_world(post_to(settings, free_port))
    world.sign(world.app.test_client())
    world.run("mail")
    assert world.query("SELECT state FROM transients") == [("to_send",)]


def test_an_smtp_error_never_reaches_the_log_with_the_address(
    world: World, client: FlaskClient, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for at_rcpt, at_data in (
        ("550 no <secret.person@example.org>", "250"),
        ("250 OK", "554 secret.person@example.org"),
    ):
        sink.at_rcpt, sink.at_data = at_rcpt, at_data
        world.sign(client, email="secret.person@example.org", first_name="Geheimnamia")
        world.run("mail")
    ours = [record for record in caplog.records if record.name != "mail.log"]  # the sink's own log is not ours
    said = " ".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
    assert "the server failed us" in said
    assert "secret.person" not in said
    assert "Geheimnamia" not in said


def test_a_certificate_nobody_vouches_for_is_refused(settings: Settings, tmp_path: Path) -> None:
    context, _ = smtp_sink.self_signed(tmp_path)
    sink = Sink()
    controller = smtp_sink.start(sink, context)
    try:
        world = factories.make_world(post_to(settings, sink.port, "starttls"))
        world.sign(world.app.test_client())
        world.run("mail")
        assert sink.envelopes == []
        assert world.query("SELECT state, deliveries FROM transients") == [("to_send", 0)]
    finally:
        controller.stop()


def test_a_trusted_certificate_is_accepted(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, certificate = smtp_sink.self_signed(tmp_path)
    sink = Sink()
    controller = smtp_sink.start(sink, context)
    trusting = ssl.create_default_context
    monkeypatch.setattr("proca_web.adapters.smtp._trusting_context", lambda: trusting(cafile=str(certificate)))
    try:
        world = factories.make_world(post_to(settings, sink.port, "starttls"))
        world.sign(world.app.test_client())
        world.run("mail")
        assert len(sink.envelopes) == 1
    finally:
        controller.stop()
