"""A mail server that an org entered: tried by the worker, used without a restart, its password opened there alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.relay import Relay
from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.mail import own_servers, routes
from proca_web.adapters.mail.own_servers import OwnServer, PasswordLost
from proca_web.config import MailSettings, Settings
from proca_web.config.transports import Transport
from proca_web.domain.delivery import own_server
from proca_web.jobs.mail import own_servers as job
from proca_web.jobs.mail import post_office
from proca_web.models import Org, OrgTransport
from proca_web.services.petitions.settings import passwords
from proca_web.services.petitions.settings.passwords import Place
from tests import factories, relay
from tests.cli.running import wait_for
from tests.factories import World
from tests.relay import at, recipients
from tests.smtp_sink import LoginSink, start_with_login

OWN, OWNER = "campaign@org-two.example", "owner@org-two.example"
PASSWORD = "unmistakable-password"


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
def settings(tmp_path: Path, sqlite_url: str, post: Relay) -> Settings:
    """A site that sends mail."""
    mail = MailSettings("127.0.0.1", post.port, "none", "", "", "petitions@host.example.org")
    return replace(factories.settings(tmp_path, sqlite_url), mail=mail, mailbox_dir=None)


@pytest.fixture(autouse=True)
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's servers have no certificate."""
    real = own_servers.of_row
    monkeypatch.setattr(own_servers, "of_row", lambda org, row: replace(real(org, row), tls="none"))


def enter(world: World, port: int, *, password: str = "", in_use: bool = False) -> int:
    """A row as the form and the worker leave it."""
    with world.app.app_context(), writing() as session:
        org_id = session.scalars(select(Org.id).where(Org.name == "org-two")).one()
        username = "user" if password else ""
        keys = world.app.extensions["proca_settings"].secret_keys
        place = Place("org-two", "127.0.0.1", port, username)
        row = OrgTransport(
            **{"org_id": org_id, "server": "127.0.0.1", "port": port, "tls": "starttls", "mail_from": OWN},
            **{"username": username, "seal": passwords.seal(password, place, keys) if password else None},
            **{
                "test": "passed" if in_use else "waiting",
                "in_use": in_use,
                "test_to": OWNER,
                "created_at": clock.now(),
            },
        )
        session.add(row)
        session.flush()
        return row.id


def outcome(world: World) -> tuple[str, str]:
    (row,) = world.query("SELECT test, answer FROM org_transports ORDER BY id DESC LIMIT 1")
    return row.test, row.answer


def look(app: Flask) -> None:
    with app.app_context():
        own_servers.look(app)


def test_a_test_mail_goes_through_it_and_nothing_else_does(world: World, client: FlaskClient, own: Relay) -> None:
    enter(world, own.port)
    world.sign(client, "trees-partner", email="two@example.org", opt_in="yes")
    job.try_out(world.app)
    world.run("mail")
    assert recipients(own) == [OWNER]
    assert outcome(world) == ("passed", "sent")


@pytest.mark.parametrize(
    ("step", "said", "kept"),
    [
        ("mail", "550 5.7.60 <campaign@org-two.example> is not yours", "sender 550 5.7.60 ... is not yours"),
        ("mail", "530 Authentication required", "login 530 Authentication required"),
        ("rcpt", "554 no", "recipient 554 no"),
        ("dot", "552 spam", "message 552 spam"),
    ],
)
def test_what_the_server_says_is_kept_with_its_step_and_no_address(
    world: World, own: Relay, step: str, said: str, kept: str
) -> None:
    own.script = at(step, said)
    enter(world, own.port)
    job.try_out(world.app)
    assert outcome(world) == ("failed", kept)
    assert own_server.meaning(kept).text
    assert own_server.words(kept) == kept.partition(" ")[2]


@pytest.mark.parametrize(("password", "passed"), [(PASSWORD, True), ("wrong", False)])
def test_its_password_is_the_one_that_was_typed(world: World, password: str, passed: bool) -> None:
    sink = LoginSink(password=PASSWORD)
    controller = start_with_login(sink)
    enter(world, sink.port, password=password)
    try:
        job.try_out(world.app)
    finally:
        controller.stop()
    assert outcome(world)[0] == ("passed" if passed else "failed")
    assert passed or outcome(world)[1].startswith("login 535 ")
    assert password not in outcome(world)[1]
    assert len(sink.envelopes) == passed


def test_nobody_there_is_said(world: World) -> None:
    enter(world, 1)
    job.try_out(world.app)
    assert outcome(world) == ("failed", "refused")


def test_mails_of_its_pages_leave_by_it_from_the_next_look_on(
    world: World, client: FlaskClient, own: Relay, post: Relay
) -> None:
    assert routes.own(world.app) == {}
    enter(world, own.port, in_use=True)
    look(world.app)
    for page, email in (("trees", "one@example.org"), ("trees-partner", "two@example.org")):
        assert world.sign(client, page, email=email, opt_in="yes").status_code == 303
    world.run("mail")
    assert (recipients(post), recipients(own)) == (["one@example.org"], ["two@example.org"])
    assert OWN in client.get("/p/trees-partner/check-inbox").text.replace("</span>", "").replace("<wbr>", "")
    world.execute("DELETE FROM org_transports")
    look(world.app)
    assert world.sign(client, "trees-partner", email="three@example.org", opt_in="yes").status_code == 303
    world.run("mail")
    assert recipients(post)[-1] == "three@example.org"


def test_a_worker_takes_up_what_comes_changes_and_goes_without_a_restart(
    world: World, client: FlaskClient, own: Relay, post: Relay
) -> None:
    app = world.app
    post_office.start(app)
    try:
        enter(world, own.port, in_use=True)
        job.keep(app)
        world.sign(client, "trees-partner", email="two@example.org", opt_in="yes")
        post_office.send_mail(app)
        wait_for(lambda: recipients(own) == ["two@example.org"])
        with relay.running() as other:
            world.execute("DELETE FROM org_transports")
            enter(world, other.port, in_use=True)
            job.keep(app)
            world.sign(client, "trees-partner", email="three@example.org", opt_in="yes")
            post_office.send_mail(app)
            wait_for(lambda: recipients(other) == ["three@example.org"])
            world.execute("DELETE FROM org_transports")
            job.keep(app)
        world.sign(client, "trees-partner", email="four@example.org", opt_in="yes")
        post_office.send_mail(app)
        wait_for(lambda: recipients(post) == ["four@example.org"])
    finally:
        post_office.stop(app, 5.0)


def test_the_operators_goes_before_it(world: World, own: Relay) -> None:
    enter(world, 1, in_use=True)
    look(world.app)
    set_ = Transport("org-two", "127.0.0.1", own.port, "none")
    settings = world.app.extensions["proca_settings"]
    world.app.extensions["proca_settings"] = replace(settings, transports={"org-two": set_})
    assert routes.own(world.app) == {"org-two": set_}


def test_a_new_secret_key_seals_it_anew_and_without_the_old_one_it_is_lost(world: World) -> None:
    enter(world, 25, password=PASSWORD)
    settings = world.app.extensions["proca_settings"]
    newer = replace(settings, secret_key="newer" * 10, old_secret_key=settings.secret_key)
    world.app.extensions["proca_settings"] = newer
    assert held(world).password_under(newer.secret_keys) == PASSWORD
    with world.app.app_context():
        job.seal_anew(world.app)
    assert held(world).password_under((newer.secret_key,)) == PASSWORD
    with pytest.raises(PasswordLost):
        held(world).password_under((settings.secret_key,))


def held(world: World) -> OwnServer:
    with world.app.app_context(), reading() as session:
        row = session.scalars(select(OrgTransport)).one()
        return own_servers.of_row("org-two", row)


def test_a_stolen_database_opens_no_password_and_a_changed_row_sends_it_nowhere(world: World) -> None:
    enter(world, 25, password=PASSWORD)
    assert PASSWORD not in str(world.query("SELECT * FROM org_transports"))
    keys = world.app.extensions["proca_settings"].secret_keys
    server = held(world)
    assert PASSWORD not in repr(server)
    for stolen in ((), ("guessed" * 10,)):
        with pytest.raises(PasswordLost):
            server.password_under(stolen)
    for changed in ({"server": "evil.example"}, {"port": 587}, {"username": "other"}, {"org": "org-one"}):
        with pytest.raises(PasswordLost):
            replace(server, **changed).password_under(keys)
