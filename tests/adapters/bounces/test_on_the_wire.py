"""What a mail server sees: an envelope of each signature's own, and headers that providers hand back; both find it."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters.bounces import dsn, envelope, taking
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.config.bounces import BounceSettings
from proca_web.domain.bounce import Report
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures.bouncing import Effect
from tests import factories
from tests.factories import World
from tests.services.conftest import confirm_path, waiting_token
from tests.smtp_sink import Sink

PROOFS = {"postmark": "s" * 16, "brevo": "s" * 16}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture(params=["bounces+{}@back.example.org"])
def app(request: pytest.FixtureRequest, settings: Settings, sink: Sink) -> Flask:
    """An app whose mail goes to the sink, and comes back to an address of its own."""
    Keyring(settings.keyring_dir).prepare()
    mail = MailSettings("127.0.0.1", sink.port, "none", "", "", "petitions@host.example.org")
    bounces = BounceSettings(request.param, PROOFS if request.param else {})
    return create_app(replace(settings, mail=mail, bounces=bounces, mailbox_dir=None), check=False)


def take(world: World, *texts: str) -> dict[Effect, int]:
    with world.app.app_context():
        return dict(taking.take(world.app, [Report(texts)]))


def ref(world: World) -> bytes:
    return bytes(world.query("SELECT ref FROM actions ORDER BY id")[0][0])


def test_each_signature_has_an_envelope_of_its_own(world: World, client: FlaskClient, sink: Sink) -> None:
    for email in ("zofia@example.org", "jan@example.org"):
        world.sign(client, email=email)
    world.run("mail")
    senders = [each.mail_from for each in sink.envelopes]
    assert len(set(senders)) == 2
    assert all(sender.startswith("bounces+") and sender.endswith("@back.example.org") for sender in senders)
    assert {message["From"] for message in sink.messages()} == {"Org One <petitions@host.example.org>"}


def test_both_mails_of_a_signature_have_the_same_envelope(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    client.post(confirm_path(token))
    world.run("release", "mail")
    first, second = (each.mail_from for each in sink.envelopes)
    assert first == second == envelope.sender_of(world.app, ref(world))


def test_a_mail_to_staff_has_everybodys_envelope(world: World, client: FlaskClient, sink: Sink) -> None:
    world.execute("UPDATE public_keys SET status = 'retired' WHERE kind = 'recipient'")
    assert world.sign(client).status_code == 503
    world.run("sweep", "mail")
    assert {each.mail_from for each in sink.envelopes} == {"petitions@host.example.org"}


def test_the_headers_that_providers_hand_back_hold_the_code(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    world.run("mail")
    (message,) = sink.messages()
    code = envelope.code_of(world.app, ref(world))
    assert (message["X-PM-Metadata-bounce"], message["X-Mailin-custom"]) == (code, code)


@pytest.mark.parametrize("app", [""], indirect=True)
def test_without_the_settings_a_mail_is_as_it_was(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    world.run("mail")
    (message,) = sink.messages()
    assert sink.envelopes[0].mail_from == "petitions@host.example.org"
    assert not [name for name in message if name.startswith("X-") and name != "X-Auto-Response-Suppress"]


@pytest.mark.parametrize("app", ["", "bounces+{}@back.example.org"], indirect=True)
def test_a_mail_is_found_by_its_message_id(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    world.run("mail")
    (message,) = sink.messages()
    assert take(world, f"<other{message['Message-ID'][6:]}") == {}
    assert take(world, message["Message-ID"]) == {Effect.DELETED: 1}
    assert world.query("SELECT count(*) FROM actions") == [(0,)]


def test_a_thank_you_is_found_by_its_message_id(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    client.post(confirm_path(token))
    world.run("release", "mail", "release")
    assert take(world, sink.messages()[1]["Message-ID"]) == {Effect.MARKED: 1}


def test_a_report_to_the_envelope_finds_the_signature(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    world.run("mail")
    report = (
        f"Return-Path: <>\nTo: {sink.envelopes[0].mail_from.lower()}\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n"
        "--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        "Final-Recipient: rfc822; somebody-else@example.com\nAction: failed\nStatus: 5.1.1\n\n--x--\n"
    )
    found = dsn.report_in(report.encode())
    assert found is not None
    assert take(world, *found.named_in) == {Effect.DELETED: 1}


def test_an_address_names_nobody(world: World, client: FlaskClient) -> None:
    world.sign(client)
    world.run("mail")
    assert take(world, "zofia@example.org", "<zofia@example.org>", "petitions@host.example.org") == {}
    assert world.query("SELECT count(*) FROM actions") == [(1,)]


def test_a_code_that_another_key_made_names_nobody(world: World, client: FlaskClient) -> None:
    world.sign(client)
    world.run("mail")
    code, settings = envelope.code_of(world.app, ref(world)), world.app.extensions["proca_settings"]
    world.app.extensions["proca_settings"] = replace(settings, secret_key="of another instance " * 2)
    assert take(world, code) == {}
    world.app.extensions["proca_settings"] = settings
    assert take(world, code, "<AAECAwQFBgcICQoLDA0ODw@example.org>") == {Effect.DELETED: 1}
