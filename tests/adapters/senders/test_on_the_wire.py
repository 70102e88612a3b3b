"""A mail server sees the headers that its provider documents on every mail, and none where nobody knows it."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters.mail import routes
from proca_web.adapters.mail.trying import send_test
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.domain.delivery import click_tracking
from proca_web.domain.delivery.click_tracking import Provider
from proca_web.services.sealing.keyring import Keyring
from tests import factories
from tests.factories import World
from tests.services.conftest import confirm_path, waiting_token
from tests.smtp_sink import Sink

HEADERS = ("X-Mailgun-Track: no", "X-MSYS-API: {}")
FIRST_BYTES = b"X-Mailgun-Track: no\r\nX-MSYS-API: {}\r\nTo: "


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def app(settings: Settings, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An app whose mail server is a provider's."""
    monkeypatch.setitem(click_tracking._PROVIDERS, "127.0.0.1", Provider("Known", HEADERS))
    click_tracking.headers_of.cache_clear()
    Keyring(settings.keyring_dir).prepare()
    mail = MailSettings("127.0.0.1", sink.port, "none", "", "", "petitions@host.example.org")
    return create_app(replace(settings, mail=mail, mailbox_dir=None), check=False)


def begun(sink: Sink) -> set[bytes]:
    """How the mails begin, byte by byte."""
    assert sink.envelopes
    return {bytes(each.content)[: len(FIRST_BYTES)] for each in sink.envelopes}


def test_both_mails_of_a_signature_say_it(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    client.post(confirm_path(token))
    world.run("release", "mail")
    assert len(sink.envelopes) == 2
    assert begun(sink) == {FIRST_BYTES}


def test_mails_to_staff_say_it(world: World, client: FlaskClient, sink: Sink) -> None:
    world.execute("UPDATE public_keys SET status = 'retired' WHERE kind = 'recipient'")
    assert world.sign(client).status_code == 503
    world.run("sweep", "mail")
    assert begun(sink) == {FIRST_BYTES}


def test_the_test_mail_says_it_and_has_a_link_to_be_followed(world: World, sink: Sink) -> None:
    with world.app.app_context():
        route = routes.of(world.app, "")
        assert send_test("zofia@example.org", route, route.address("")).faults == []
    assert begun(sink) == {FIRST_BYTES}
    (message,) = sink.messages()
    assert 'href="http://localhost/"' in message.get_body(("html",)).get_content()
    assert "http://localhost/" in message.get_body(("plain",)).get_content()


def test_a_server_that_nobody_knows_is_told_nothing(
    world: World, client: FlaskClient, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(click_tracking._PROVIDERS, "127.0.0.1")
    click_tracking.headers_of.cache_clear()
    world.sign(client)
    world.run("mail")
    assert begun(sink) != {FIRST_BYTES}
    assert not [name for name in sink.messages()[0] if name.startswith("X-") and name != "X-Auto-Response-Suppress"]
