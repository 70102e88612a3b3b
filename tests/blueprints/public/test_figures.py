"""What machines may know about the instance: numbers on /health, and on /metrics for those who may ask."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from proca_web.adapters.database import writing
from proca_web.app import create_app
from proca_web.config import Settings
from proca_web.domain.words import Alarm, DayEvent
from proca_web.services import heartbeats
from proca_web.services.instance import alarms
from tests import factories
from tests.factories import CANARY, FakeClock, World


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings that let one network ask."""
    return factories.settings(tmp_path, database_url, PROCA_METRICS_ALLOW="192.0.2.0/24, 2001:db8::7")


def ask(client: FlaskClient, address: str = "192.0.2.9") -> dict[tuple[str, str], float]:
    """Every number by its name and label."""
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in families
        for sample in family.samples
    }


def test_nothing_happened_yet_and_every_number_is_there(world: World, client: FlaskClient) -> None:
    found = ask(client)
    assert {label for name, label in found if name == "proca_mails_waiting"} == {"confirmation", "thank_you", "staff"}
    assert {label for name, label in found if name == "proca_events_today"} == set(DayEvent)
    assert {label for name, label in found if name == "proca_alarm"} == set(Alarm)
    assert set(found.values()) == {0}


def test_the_numbers_follow_a_signature_from_form_to_count(world: World, client: FlaskClient, clock: FakeClock) -> None:
    for name in ("anna", "ben", "cleo"):
        assert world.sign(client, email=f"{name}@example.org").status_code == 303
    clock.forward(seconds=90)
    found = ask(client)
    assert found["proca_mails_waiting", "confirmation"] == found["proca_readable_addresses", ""] == 3
    assert found["proca_mail_delay_seconds", "confirmation"] == found["proca_readable_oldest_seconds", ""] == 90
    assert client.get("/health").get_json()["mail"]["confirmation"] == {"waiting": 3, "delay_seconds": 90}
    world.run("mail")
    found = ask(client)
    assert found["proca_mails_waiting", "confirmation"] == found["proca_readable_addresses", ""] == 0
    assert client.post(world.link("anna@example.org")).status_code == 303
    assert client.post(f"{world.link('ben@example.org')}/reject").status_code == 303
    world.run("release")
    found = ask(client)
    assert found["proca_events_today", "confirmed"] == found["proca_events_today", "rejected"] == 1
    assert found["proca_mails_waiting", "thank_you"] == 1
    clock.forward(days=1)
    assert ask(client)["proca_events_today", "confirmed"] == 0


def test_mails_are_counted_by_large_receiver_and_result_and_rare_domains_are_nobodys(
    world: World, client: FlaskClient
) -> None:
    for address in ("anna@gmail.com", "ben@GoogleMail.com", "cleo@one-persons-own.example.org"):
        assert world.sign(client, email=address).status_code == 303
    world.run("mail")
    client.post(world.link("anna@gmail.com"))
    world.run("mail")
    text = client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.9"}).text
    said = {
        (sample.labels["provider"], sample.labels["result"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "proca_mails_total"
    }
    assert said == {("gmail", "sent"): 3, ("other", "sent"): 1}
    assert "one-persons-own" not in text
    assert not [row for row in world.query("SELECT * FROM sends") if "one-persons-own" in str(row)]


def test_connections_are_summed_over_the_workers_that_were_seen_lately(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    with world.app.app_context(), writing() as session:
        heartbeats.connected(session, "relay:25", "a", 60, clock())
    clock.forward(minutes=2)
    with world.app.app_context(), writing() as session:
        heartbeats.connected(session, "relay:25", "b", 3, clock())
        heartbeats.connected(session, "relay:25", "b", 4, clock())
    assert ask(client)["proca_mail_connections", "relay:25"] == 64
    clock.forward(minutes=2)
    assert ask(client)["proca_mail_connections", "relay:25"] == 4
    clock.forward(days=2)
    world.run("sweep")
    assert world.query("SELECT count(*) FROM mail_connections") == [(0,)]


def test_a_mail_that_a_relay_has_answered_is_late_by_the_relays_doing(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    assert world.sign(client).status_code == 303
    world.execute("UPDATE transients SET attempts = 1")
    clock.forward(minutes=5)
    found = ask(client)
    assert found["proca_mails_waiting", "confirmation"] == 1
    assert found["proca_mail_delay_seconds", "confirmation"] == 0


def test_an_alarm_that_stands_is_a_one(world: World, client: FlaskClient, clock: FakeClock) -> None:
    with world.app.app_context(), writing() as session:
        alarms.raise_(session, Alarm.QUEUE, clock(), fault="away")
    found = ask(client)
    assert [label for (name, label), value in found.items() if name == "proca_alarm" and value] == [Alarm.QUEUE]


def test_no_name_of_anybody_is_among_the_numbers(world: World, client: FlaskClient) -> None:
    assert world.sign(client, **CANARY).status_code == 303
    text = client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.9"}).text
    assert not [value for value in (*CANARY.values(), "org-one", "trees") if len(value) > 4 and value in text]


@pytest.mark.parametrize("address", ["198.51.100.1", "2001:db8::8", "127.0.0.1", "", "nobody"])
def test_who_may_not_ask_finds_nothing(world: World, client: FlaskClient, address: str) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 404


@pytest.mark.parametrize("address", ["192.0.2.255", "2001:db8::7", "::ffff:192.0.2.1"])
def test_a_network_a_single_address_and_ipv4_inside_of_ipv6_are_understood(
    world: World, client: FlaskClient, address: str
) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 200


def test_behind_a_proxy_it_is_the_visitor_who_must_be_allowed(tmp_path: Path, world: World, database_url: str) -> None:
    env = {"PROCA_METRICS_ALLOW": "192.0.2.0/24", "PROCA_TRUSTED_PROXIES": "1"}
    client = create_app(factories.settings(tmp_path, database_url, **env), check=False).test_client()
    for forwarded, status in (("192.0.2.1", 200), ("198.51.100.1", 404), ("192.0.2.1, 198.51.100.1", 404)):
        headers = {"X-Forwarded-For": forwarded}
        answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.5"})
        assert answer.status_code == status, forwarded
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.5"}).status_code == 404


def test_without_the_setting_nobody_finds_it(tmp_path: Path, world: World, database_url: str) -> None:
    client = create_app(factories.settings(tmp_path, database_url), check=False).test_client()
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 404
