"""A key's life by the clock: notices before it ends, 30 days of grace, then refusal; and the drill in between."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext
from sqlalchemy import func, select

from proca_web.adapters.database import reading, writing
from proca_web.domain.errors import NoActiveKey
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, Org, PublicKey
from proca_web.services.instance import invariants
from proca_web.services.keys import holdings
from proca_web.services.petitions import pages
from proca_web.web import page_cache
from tests.factories import FakeClock, World, page_settings
from tests.key_desk import sealed_to, second_owner
from tests.key_holder import Holder, Owner

OWNER = "admin@org-one.example.org"
EXPIRED, STOPPED = "key has expired", {"days": 30, "minutes": 1}


@pytest.fixture
def end(world: World) -> datetime:
    """When the keys of both orgs expire."""
    with world.app.app_context(), reading() as session:
        last = session.scalar(select(func.max(PublicKey.expires_at)))
    assert last is not None
    return last + timedelta(minutes=1)


def go_to(world: World, clock: FakeClock, moment: datetime, **more: float) -> None:
    clock.moment = moment + timedelta(**more)
    page_cache.forget(world.app)


def told(world: World, org: str = "org-one") -> list[dict[str, str]]:
    """Mails about the end of an org's key, oldest first."""
    found = [mail for mail in world.mails() if "expire" in mail["subject"]]
    return [mail for mail in found if f"/console/{org}/keys" in mail["text"]]


def events(world: World) -> list[str]:
    return [json.loads(text)["event"] for (text,) in world.query("SELECT entry FROM key_log ORDER BY position")]


def faults(world: World, clock: FakeClock) -> list[str]:
    """What `check` would print."""
    with world.app.app_context(), reading() as session:
        keyring = world.app.extensions["proca_keyring"]
        return invariants.faults(session, encryption.source.home.identity, keyring, clock())


def stored(world: World) -> list[Any]:
    """How much there is of signatures."""
    tables = ("actions", "contacts", "transients", "supporters")
    return [world.query(f"SELECT count(*) FROM {table}") for table in tables]


def test_owners_are_told_90_30_and_7_days_before_and_at_the_end_once_each(
    world: World, clock: FakeClock, end: datetime, holder: Holder
) -> None:
    second_owner(world)
    owners = [OWNER, "second@org-one.example.org"]
    for number, (days, subject) in enumerate([(90, "expires on"), (30, "expires on"), (7, "expires on"), (0, EXPIRED)]):
        go_to(world, clock, end, days=-days, minutes=-5)
        world.run("keys", "mail")
        assert len(told(world)) == 2 * number, days
        go_to(world, clock, end, days=-days, minutes=5)
        world.run("keys", "mail")
        world.run("keys", "mail")
        news = told(world)[2 * number :]
        assert sorted(mail["to"] for mail in news) == owners
        for mail in news:
            day, stops = (f"{end + timedelta(days=more):%Y-%m-%d}" for more in (0, 30))
            assert subject in mail["subject"]
            assert mail["subject"].startswith("Org One: ")
            for said in (day, stops, holder.fingerprint):
                assert said in mail["text"]
    assert len(told(world, "org-two")) == 4  # its one owner; the operator is not bothered
    assert not [mail for mail in world.mails() if mail["to"] == "operator@example.org"]


def test_a_worker_that_slept_for_months_tells_the_newest_only(world: World, clock: FakeClock, end: datetime) -> None:
    go_to(world, clock, end, days=-3)
    world.run("keys", "mail")
    assert [mail["to"] for mail in told(world)] == [OWNER]


def test_the_end_is_not_told_again_after_it_was_forgotten(world: World, clock: FakeClock, end: datetime) -> None:
    go_to(world, clock, end, minutes=1)
    world.run("keys", "mail")
    go_to(world, clock, end, days=125)
    world.run("keys", "mail")
    world.run("keys", "mail")
    assert [mail["subject"] for mail in told(world)] == ["Org One: your key has expired"]


def test_a_key_that_was_replaced_or_revoked_in_time_is_not_spoken_of(
    world: World, owner: Owner, holder: Holder, clock: FakeClock, end: datetime
) -> None:
    new = Holder("org-one")
    go_to(world, clock, end, days=-100)
    assert owner.bring(new, rotation=holder.successor(new, int(clock().timestamp())))["state"] == "active"
    go_to(world, clock, end, days=1)
    world.run("keys", "mail")
    assert told(world) == []
    assert events(world).count("expire") == 1  # org-two's


def test_an_expired_key_is_sealed_to_for_30_more_days(
    world: World, client: FlaskClient, owner: Owner, holder: Holder, clock: FakeClock, end: datetime
) -> None:
    for more in ({"minutes": 5}, {"days": 29, "hours": 23}):
        go_to(world, clock, end, **more)
        world.run("keys", "mail")
        assert sealed_to(world, client, holder.secret)
        assert holder.fingerprint in client.get("/keys").text
        assert holder.fingerprint in [key["fingerprint"] for key in client.get("/keys.json").json["keys"]]
        for page in ("", "keys", "keys/2"):
            shown = owner.client.get(f"/console/org-one/{page}").text
            assert 'role="alert"' in shown, page
            assert "has expired" in shown, page
        assert "Your key is active" not in owner.client.get("/console/org-one/").text
        assert faults(world, clock) == []


def test_a_day_before_its_end_a_key_raises_no_alarm(
    world: World, owner: Owner, clock: FakeClock, end: datetime
) -> None:
    go_to(world, clock, end, days=-1)
    for page in ("", "keys", "keys/2"):
        shown = owner.client.get(f"/console/org-one/{page}").text
        assert 'role="alert"' not in shown
        assert "has expired" not in shown


def test_after_30_days_pages_are_refused_and_nothing_is_stored(
    world: World, client: FlaskClient, owner: Owner, holder: Holder, clock: FakeClock, end: datetime
) -> None:
    go_to(world, clock, end, **STOPPED)
    world.run("keys", "mail")
    before = stored(world)
    assert world.sign(client).status_code == 503
    assert stored(world) == before
    assert holder.fingerprint not in client.get("/keys").text
    assert 'role="alert"' in owner.client.get("/console/org-one/").text
    said = faults(world, clock)
    assert [text for text in said if "page trees is live, but org-one has no active key" in text]
    alarm = [mail["to"] for mail in world.mails() if "Pages take no signatures: Org One" in mail["subject"]]
    assert sorted(alarm) == [OWNER, "operator@example.org"]


@pytest.mark.parametrize(("more", "opens"), [({"days": 29, "hours": 23}, True), (STOPPED, False)])
def test_a_page_goes_live_only_while_its_keys_are_sealed_to(
    world: World, clock: FakeClock, end: datetime, more: dict[str, float], opens: bool
) -> None:
    go_to(world, clock, end, **more)
    with world.app.test_request_context(), writing() as session, force_locale("en"):
        campaign = session.scalars(select(Campaign)).one()
        org = session.scalars(select(Org).where(Org.name == "org-one")).one()
        page = pages.add_page(session, "bees", campaign, org, page_settings(), clock())
        if opens:
            pages.open_page(session, page, gettext, encryption.vouching, clock())
        else:
            with pytest.raises(NoActiveKey, match="org-one has no active key"):
                pages.open_page(session, page, gettext, encryption.vouching, clock())
        assert session.get_one(ActionPage, page.id).status == ("live" if opens else "draft")


def test_the_log_gets_one_entry_about_an_end_and_stays_sound(world: World, clock: FakeClock, end: datetime) -> None:
    go_to(world, clock, end, minutes=-5)
    world.run("keys", "mail")
    assert "expire" not in events(world)
    go_to(world, clock, end, minutes=5)
    world.run("keys", "mail")
    go_to(world, clock, end, days=3)
    world.run("keys", "mail")
    assert events(world).count("expire") == 2  # one an org
    ended = world.query("SELECT count(*) FROM public_keys WHERE ended_at = expires_at AND status = 'active'")
    assert ended == [(2,)]
    assert faults(world, clock) == []


def test_the_old_key_signs_for_the_next_one_after_its_end(
    world: World, client: FlaskClient, owner: Owner, holder: Holder, clock: FakeClock, end: datetime
) -> None:
    go_to(world, clock, end, **STOPPED)
    world.run("keys", "mail")
    assert world.sign(client).status_code == 503
    new = Holder("org-one")
    done = owner.bring(new, rotation=holder.successor(new, int(clock().timestamp())))
    assert done["state"] == "active"
    assert world.sign(client).status_code == 303
    assert "has expired" not in owner.client.get("/console/org-one/").text


def test_a_key_file_that_nobody_tried_for_90_days_is_asked_for_with_what_is_at_stake(
    world: World,
    client: FlaskClient,
    owner: Owner,
    holder: Holder,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3):
        assert world.sign(client, email=f"person{number}@example.org").status_code == 303
        world.run("mail")
        assert client.post(world.link()).status_code == 303
    world.run("release")

    def asked() -> bool:
        return "Time to try your key file again." in owner.client.get("/console/org-one/keys").text

    clock.forward(days=89, hours=23)
    assert not asked()
    clock.forward(hours=2)
    assert asked()
    assert "3 copies of signatures can be opened with your keys only" in owner.client.get("/console/org-one/keys").text
    assert "3 copies of signatures depend on this key file" in owner.client.get("/console/org-one/").text
    monkeypatch.setattr(holdings, "MOST", 2)
    for path, said in (
        ("", "More than 2 copies of signatures depend on this key file"),
        ("keys", "More than 2 copies of signatures can be opened with your keys only"),
        ("keys/2", "That is more than 2 copies of signatures."),
    ):
        assert said in owner.client.get(f"/console/org-one/{path}").text
    assert owner.prove(2, holder).json == {"state": "active", "drilled": True}
    assert not asked()
    clock.forward(days=90)
    assert asked()
