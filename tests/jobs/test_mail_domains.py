"""The worker asks about our From domains once a day, soon after somebody wants to know, and keeps what it knew."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from proca_web.adapters.database import reading, writing
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.domain.senders.findings import Finding, Kind
from proca_web.domain.senders.sender import NotAnswered
from proca_web.extensions import db
from proca_web.jobs import mail_domains as job
from proca_web.services.instance import mail_domains
from proca_web.services.instance.mail_domains import Known
from proca_web.services.sealing.keyring import Keyring
from tests.databases import ON_BOTH
from tests.domain.senders.zone import Zone
from tests.factories import FakeClock, World


@pytest.fixture
def database_url(request: pytest.FixtureRequest, begin: Callable[[str], str]) -> str:
    """SQLite, unless a test wants both."""
    return begin(getattr(request, "param", "sqlite"))


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """An app with a mail server and a name server."""
    Keyring(settings.keyring_dir).prepare()
    mail = MailSettings("relay.example.org", 25, "none", "", "", "petitions@host.example.org", resolver="127.0.0.1")
    made = create_app(replace(settings, mail=mail, mailbox_dir=None), check=False)
    yield made
    with made.app_context():
        made.extensions["proca_encryption"].end()
        db.engine.dispose()


class Asked:
    """A name server that counts how often a round of questions begins; `is_silent` answers nothing."""

    def __init__(self) -> None:
        self.rounds, self.is_silent = 0, False

    def opened(self, _app: Flask, _patience: float) -> Zone:
        self.rounds += 1
        if self.is_silent:
            raise NotAnswered("nobody is there")
        return Zone()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(job, "resolver_of", made.opened)
    return made


def known(world: World, domain: str = "host.example.org") -> Known:
    with world.app.app_context(), reading() as session:
        return mail_domains.known_of(session, domain)


def ask(world: World) -> None:
    with world.app.app_context():
        job.ask(world.app)


@ON_BOTH
def test_a_domain_is_asked_about_once_a_day_and_soon_after_somebody_wants_to_know(
    world: World, asked: Asked, clock: FakeClock
) -> None:
    assert known(world).is_waiting
    for _ in range(3):
        ask(world)
    assert asked.rounds == 1
    assert [each.kind for each in known(world).faults] == [Kind.DMARC_NONE, Kind.MX_NONE, Kind.SPF_NONE]
    clock.forward(hours=23)
    ask(world)
    assert asked.rounds == 1
    with world.app.app_context(), writing() as session:
        mail_domains.look_again(session, "host.example.org", clock())
    assert known(world).is_waiting
    ask(world)
    clock.forward(seconds=1)
    assert asked.rounds == 2
    clock.forward(hours=24)
    ask(world)
    assert asked.rounds == 3
    assert not known(world).is_waiting


def test_without_an_answer_what_was_known_stays_and_the_next_try_is_soon(
    world: World, asked: Asked, clock: FakeClock
) -> None:
    ask(world)
    first = known(world)
    clock.forward(days=1)
    asked.is_silent = True
    ask(world)
    ask(world)
    assert asked.rounds == 2
    later = known(world)
    assert (later.reason, later.findings, later.asked_at) == ("nobody is there", first.findings, first.asked_at)
    clock.forward(minutes=15)
    asked.is_silent = False
    ask(world)
    assert known(world).reason == ""
    assert known(world).asked_at == clock()


def test_one_silent_name_server_is_waited_for_once(world: World, asked: Asked) -> None:
    world.execute("UPDATE orgs SET mail_from = 'a@one.example.org' WHERE name = 'org-one'")
    asked.is_silent = True
    ask(world)
    assert asked.rounds == 1
    assert {known(world, name).reason for name in ("host.example.org", "one.example.org")} == {"nobody is there"}


def test_a_domain_that_nobody_sends_for_any_more_is_forgotten(world: World, asked: Asked, clock: FakeClock) -> None:
    world.execute("UPDATE orgs SET mail_from = 'a@one.example.org' WHERE name = 'org-one'")
    ask(world)
    assert asked.rounds == 2
    world.execute("UPDATE orgs SET mail_from = ''")
    clock.forward(days=1)
    ask(world)
    assert world.query("SELECT domain FROM mail_domains") == [("host.example.org",)]


def test_another_mail_server_is_another_question(world: World, asked: Asked) -> None:
    ask(world)
    settings = world.app.extensions["proca_settings"]
    world.app.extensions["proca_settings"] = replace(settings, mail=replace(settings.mail, server="other.example.org"))
    ask(world)
    assert asked.rounds == 2


def test_what_a_mail_showed_outlives_the_next_answer(world: World, asked: Asked, clock: FakeClock) -> None:
    with world.app.app_context(), writing() as session:
        mail_domains.came_back(session, "host.example.org", [Finding(Kind.DKIM_NONE)], clock())
    ask(world)
    assert asked.rounds == 1
    assert Kind.DKIM_NONE in {each.kind for each in known(world).faults}
    assert known(world).received_at == clock()


def test_neither_the_demo_nor_an_instance_that_wants_it_so_asks_anybody(
    world: World, asked: Asked, tmp_path: Path
) -> None:
    settings = world.app.extensions["proca_settings"]
    for changed in (
        replace(settings, mailbox_dir=tmp_path),
        replace(settings, mail=replace(settings.mail, resolver="off")),
    ):
        world.app.extensions["proca_settings"] = changed
        ask(world)
    assert asked.rounds == 0


def test_the_sweep_asks_and_its_table_holds_no_address(
    world: World, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proca_web.jobs.sweep.send_mail", lambda _app: None)
    world.run("sweep")
    assert asked.rounds == 1
    assert "@" not in str(world.query("SELECT * FROM mail_domains"))
