"""Each org's mails by its own mail server: addresses as they go over the wire, and no server holds up another."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.relay import Relay
from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.config.transports import Transport
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.words import Alarm
from proca_web.extensions import db
from proca_web.jobs.mail import post_office
from proca_web.jobs.mail import room as rooms
from proca_web.models import ActionPage
from proca_web.services.instance import alarms
from proca_web.services.petitions.making import mail_texts
from tests import factories, relay
from tests.cli.running import wait_for
from tests.factories import World
from tests.jobs.mail.conftest import another
from tests.relay import at, messages, mute, recipients
from tests.smtp_sink import LoginSink, start_with_login

OWN = "campaign@org-two.example"
NAMES = [
    ("Org Two", "Org Two"),
    ("Grüne Bäume e.V.", "Grüne Bäume e.V."),
    ('Evil" <boss@bank.example>, "x', 'Evil" <boss@bank.example>, "x'),
    ("two\r\nBcc: x@bank.example", "two Bcc: x@bank.example"),
    ("=?utf-8?q?boss=40bank=2Eexample?=", "=?utf-8?q?boss=40bank=2Eexample?="),
    ("Ł" * 18, "Ł" * 18),
]


@pytest.fixture
def own() -> Iterator[Relay]:
    """The mail server of org-two."""
    with relay.running() as made:
        yield made


@pytest.fixture
def post() -> Iterator[Relay]:
    """The instance's."""
    with relay.running() as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str, post: Relay, own: Relay) -> Settings:
    """org-two has a mail server of its own, org-one has none."""
    mail = MailSettings("127.0.0.1", post.port, "none", "", "", "petitions@host.example.org")
    bounces = {"PROCA_MAIL_BOUNCE": "bounces+{}@host.example.org"}
    made = factories.settings(tmp_path, sqlite_url, **bounces)
    return replace(made, mail=mail, mailbox_dir=None, transports={"org-two": transport(own.port)})


def transport(port: int, **more: object) -> Transport:
    return replace(Transport("org-two", "127.0.0.1", port, "none", sender=OWN), **more)  # type: ignore[arg-type]


def sign(world: World, client: FlaskClient) -> None:
    """Somebody signs a page of each org."""
    assert world.sign(client, email="one@example.org").status_code == 303
    assert world.sign(client, "trees-partner", email="two@example.org", opt_in="yes").status_code == 303


def sent(post: Relay) -> tuple[str, str, str]:
    """From, Message-ID's host and Reply-To of the newest mail."""
    message = messages(post)[-1]
    assert len(message.get_all("From", [])) == len(message["From"].addresses) == 1
    assert message["Bcc"] is None
    host = message["Message-ID"].strip("<>").rpartition("@")[2]
    return str(message["From"].addresses[0].addr_spec), host, str(message["Reply-To"])


def test_each_orgs_mails_leave_by_its_own_server(world: World, client: FlaskClient, post: Relay, own: Relay) -> None:
    sign(world, client)
    assert world.query("SELECT transport FROM transients ORDER BY action_id") == [("",), ("org-two",)]
    world.run("mail")
    assert (recipients(post), recipients(own)) == (["one@example.org"], ["two@example.org"])
    assert world.query("SELECT DISTINCT state FROM transients") == [("waiting",)]
    names = {name for (name,) in world.query("SELECT name FROM relays")}
    assert names == {f"127.0.0.1:{post.port}", f"127.0.0.1:{own.port} of org-two"}


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_an_org_with_a_server_of_its_own_is_the_sender_everywhere(
    world: World, client: FlaskClient, own: Relay, name: str, shown: str, locale: str
) -> None:
    senders: list[str] = []
    own.script = lambda _talk, step, argument: senders.append(argument) if step == "mail" else None
    world.execute("UPDATE orgs SET mail_name = :name, reply_to = 'answers@org-two.example'", name=name)
    world.execute("UPDATE orgs SET mail_from = 'other@org-two.example'")
    world.execute("UPDATE action_pages SET locale = :locale", locale=locale)
    sign(world, client)
    world.run("mail")
    assert sent(own) == (OWN, "org-two.example", "answers@org-two.example")
    assert messages(own)[0]["From"].addresses[0].display_name == shown
    head = own.taken[0][1].split(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) < 100
    assert OWN in senders[0]
    assert f'class="address soft small">{OWN}</span>' in client.get("/p/trees-partner/check-inbox").text


@pytest.mark.parametrize(
    ("mail_from", "address"),
    [("", "petitions@host.example.org"), ("trees@org-one.example", "trees@org-one.example")],
)
def test_without_one_the_orgs_name_stands_before_the_instances_address_or_the_one_the_operator_gave(
    world: World, client: FlaskClient, post: Relay, mail_from: str, address: str
) -> None:
    senders: list[str] = []
    post.script = lambda _talk, step, argument: senders.append(argument) if step == "mail" else None
    world.execute("UPDATE orgs SET mail_from = :mail_from", mail_from=mail_from)
    sign(world, client)
    world.run("mail")
    assert sent(post)[:2] == (address, address.rpartition("@")[2])
    assert messages(post)[0]["From"].addresses[0].display_name == "Org One"
    assert "bounces+" in senders[0]
    assert "@host.example.org" in senders[0]


def test_a_server_without_an_address_of_its_own_has_the_orgs(
    tmp_path: Path, world: World, client: FlaskClient, settings: Settings, own: Relay
) -> None:
    world.execute("UPDATE orgs SET mail_from = 'other@org-two.example'")
    sign(world, client)
    with another(replace(settings, transports={"org-two": transport(own.port, sender="")})) as app:
        post_office.send_mail(app)
    assert sent(own)[:2] == ("other@org-two.example", "org-two.example")


def test_what_was_to_leave_by_a_server_that_is_set_up_no_more_leaves_by_the_instances_under_its_address(
    world: World,
    client: FlaskClient,
    settings: Settings,
    post: Relay,
    own: Relay,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sign(world, client)
    with another(replace(settings, transports={})) as app, caplog.at_level(logging.WARNING):
        assert app.test_client().get("/health").get_json()["transports_missing"] == ["org-two"]
        for _ in range(3):
            post_office.send_mail(app)
    assert sorted(recipients(post)) == ["one@example.org", "two@example.org"]
    assert recipients(own) == []
    assert {str(message["From"].addresses[0].addr_spec) for message in messages(post)} == {"petitions@host.example.org"}
    assert len([line for line in caplog.messages if "of ['org-two'] leaves by the instance's mail server" in line]) == 1


def test_where_many_wait_of_several_names_none_waits_for_another(
    world: World, client: FlaskClient, settings: Settings, post: Relay
) -> None:
    for number in range(6):
        assert world.sign(client, email=f"one{number}@example.org").status_code == 303
    for name in ("org-two", "org-three"):
        world.execute(
            "UPDATE transients SET transport = :name WHERE action_id IN "
            "(SELECT action_id FROM transients WHERE transport = '' ORDER BY action_id LIMIT 2)",
            name=name,
        )
    with another(replace(settings, transports={})) as app:
        post_office.send_mail(app)
    assert len(set(recipients(post))) == len(post.taken) == 6


@pytest.fixture
def working(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """All mail rooms with threads of their own."""
    monkeypatch.setattr(rooms, "LOOK_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(rooms, "GROUP_SECONDS", 0.005)
    post_office.start(app)
    yield app
    post_office.stop(app, 0.1)


@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "dot"])
@pytest.mark.parametrize("is_own", [True, False])
def test_a_server_that_hangs_holds_up_no_other(
    world: World, client: FlaskClient, post: Relay, own: Relay, working: Flask, step: str, is_own: bool
) -> None:
    hanging, other = (own, post) if is_own else (post, own)
    hung = mute()
    assert hung.gate is not None
    hanging.script = at(step, hung)
    sign(world, client)
    assert hung.gate.reached.wait(10)
    sign(world, client)
    wait_for(lambda: len(other.taken) == 2)
    assert hanging.taken == []


@pytest.mark.parametrize(
    "change", [{"server": "nowhere.invalid"}, {"username": "u", "password_file": Path("/nowhere")}, {"tls": "ssl"}]
)
def test_one_that_is_set_up_wrongly_holds_up_no_other_and_is_told(
    world: World, client: FlaskClient, settings: Settings, post: Relay, own: Relay, change: dict[str, object]
) -> None:
    sign(world, client)
    with another(replace(settings, transports={"org-two": transport(own.port, **change)})) as app:
        post_office.send_mail(app)
    assert "one@example.org" in recipients(post)  # and who runs the site is told by mail
    assert world.query("SELECT state, attempts FROM transients ORDER BY action_id") == [("waiting", 0), ("to_send", 0)]
    ((name,),) = world.query("SELECT name FROM faults")
    assert name.endswith(" of org-two")


def test_a_password_is_read_for_each_connection_and_held_by_no_setting(
    world: World, client: FlaskClient, settings: Settings, tmp_path: Path
) -> None:
    file, sink = tmp_path / "password", LoginSink(password="unmistakable")
    controller = start_with_login(sink)
    changed = transport(sink.port, username="u", password_file=file)
    file.write_text("wrong\n")
    sign(world, client)
    try:
        with another(replace(settings, transports={"org-two": changed})) as app:
            file.write_text("unmistakable\n")
            post_office.send_mail(app)
            assert "unmistakable" not in repr(app.extensions["proca_settings"]) + repr(app.config)
    finally:
        controller.stop()
    assert len(sink.envelopes) == 1


def test_mails_to_staff_leave_by_the_instances(world: World, post: Relay, own: Relay, working: Flask) -> None:
    with world.app.app_context(), writing() as session:
        alarms.raise_(session, Alarm.QUEUE, clock.now(), fault="away")
    wait_for(lambda: len(post.taken) == 1)
    assert own.taken == []


def test_a_server_of_an_orgs_own_may_have_fewer_connections(settings: Settings, own: Relay) -> None:
    app = create_app(replace(settings, transports={"org-two": transport(own.port, connections=3)}), check=False)
    assert rooms.room_of(app, "org-two").post.governor.ceiling == 3
    assert rooms.room_of(app).post.governor.ceiling == 64
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("is_set", [True, False], ids=["its server", "its server is gone"])
def test_a_test_mail_of_a_page_leaves_by_that_pages_own_way(
    world: World, settings: Settings, post: Relay, own: Relay, is_set: bool
) -> None:
    with world.app.app_context(), writing() as session:
        page = session.scalars(select(ActionPage).where(ActionPage.name == "trees-partner")).one()
        mail_texts.ask_test(session, page, PageMail.CONFIRM, 2, clock.now(), transport="org-two")
    with another(settings if is_set else replace(settings, transports={})) as app:
        post_office.send_mail(app)
    taken, idle = (own, post) if is_set else (post, own)
    assert (recipients(taken), recipients(idle)) == (["admin@org-two.example.org"], [])
    assert messages(taken)[0]["Subject"].startswith("[Test] Please confirm: ")
