"""A mail server of an org's own that takes nothing: only the pages of that org say so, and pause."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.config import Settings
from proca_web.config.transports import Transport
from tests import factories
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World

pytestmark = ON_SQLITE  # what the database is asked is compared on both in test_late_mail
PAUSED = "Signing is paused"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """org-two has a mail server of its own; pages pause after two hours; one network reads the figures."""
    env = {"PROCA_MAIL_STALLED_HOURS": "2", "PROCA_METRICS_ALLOW": "127.0.0.1"}
    made = factories.settings(tmp_path, database_url, **env)
    return replace(made, transports={"org-two": Transport("org-two", "localhost", 1, sender="two@example.org")})


@pytest.fixture
def stalled(world: World, client: FlaskClient, clock: FakeClock) -> World:
    """The mail of org-two has waited for more than two hours, org-one's has just left."""
    assert world.sign(client, "trees-partner", email="two@example.org", opt_in="yes").status_code == 303
    assert world.query("SELECT transport FROM transients") == [("org-two",)]
    clock.forward(hours=2, minutes=1)
    world.app.extensions.pop("proca_late_mail", None)
    world.app.extensions["proca_page_cache"].clear()
    return world


def test_only_pages_of_that_org_pause(stalled: World, client: FlaskClient) -> None:
    assert PAUSED in client.get("/p/trees-partner").text
    assert stalled.sign(client, "trees-partner", email="three@example.org", opt_in="yes").status_code == 503
    assert PAUSED not in client.get("/p/trees").text
    assert stalled.sign(client, email="three@example.org").status_code == 303
    front = client.get("/").text
    assert "/p/trees-partner" not in front
    assert '/p/trees"' in front


def test_signers_and_orgs_are_told_their_own_delay(stalled: World, client: FlaskClient) -> None:
    assert "late at the moment" in client.get("/p/trees-partner/check-inbox").text
    assert "late at the moment" not in client.get("/p/trees/check-inbox").text
    assert "late." not in stalled.signed_in("admin@org-one.example.org").get("/console/org-one/").text
    own = stalled.signed_in("admin@org-two.example.org").get("/console/org-two/").text
    assert "Mails leave 2 hours late." in own
    assert "paused: mail is late" in own


def test_the_alarm_names_the_org(stalled: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proca_web.jobs.sweep.send_mail", lambda _: None)
    stalled.run("sweep")
    ((said,),) = stalled.query("SELECT sentence FROM alarms WHERE kind = 'late-mail'")
    assert said == "confirmation mails of org-two leave 121 minutes late; after 2 hours pages pause"


def test_machines_see_it_by_mail_server(stalled: World, client: FlaskClient) -> None:
    health = client.get("/health").get_json()
    assert health["mail"]["confirmation"] == {"waiting": 0, "delay_seconds": 0}
    assert health["transports"]["org-two"]["confirmation"] == {"waiting": 1, "delay_seconds": 7260}
    assert health["transports_missing"] == []
    text = client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).text
    assert 'proca_mail_delay_seconds{kind="confirmation",transport="org-two"} 7260.0' in text
    assert 'proca_mail_delay_seconds{kind="confirmation",transport=""} 0.0' in text
    page = stalled.signed_in("operator@example.org").get("/console/home/").text
    assert re.search(r"org-two.*?2 hours.*?</svg> late</span>", page, re.S)


def test_one_that_is_set_up_no_more_counts_as_the_instances(stalled: World, settings: Settings) -> None:
    stalled.app.extensions["proca_settings"] = replace(settings, transports={})
    health = stalled.app.test_client().get("/health").get_json()
    assert health["mail"]["confirmation"] == {"waiting": 1, "delay_seconds": 7260}
    assert health["transports_missing"] == ["org-two"]
