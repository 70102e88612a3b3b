"""What a petition says and takes before it opens, while it rests and when it is over; all ask the same room."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import update

from proca_web.adapters.database import reading, writing
from proca_web.extensions import encryption
from proca_web.models import Campaign
from proca_web.services.petitions import facts, overview, views
from proca_web.web import page_cache
from tests.databases import ON_BOTH
from tests.factories import FakeClock, World

HOUR = timedelta(hours=1)


def dates(world: World, opens: datetime | None, closes: datetime | None) -> None:
    """Set them behind the app's back, in the form this database has them."""
    with world.app.app_context(), writing() as session:
        session.execute(update(Campaign).values(opens_at=opens, closes_at=closes))


def on_time(_org: str) -> bool:
    return False


def all_say(world: World, clock: FakeClock) -> tuple[str, bool, bool]:
    """What the console calls the page, whether the home page lists it, and whether signing takes it."""
    with world.app.test_request_context(), force_locale("en"), reading() as session:
        seen = facts.read(session, "trees", encryption.vouching, clock())
        listed = views.live(session, encryption.vouching, clock(), mail_is_stalled=on_time)
        (campaign,) = overview.campaigns_of(session, 2, encryption.vouching, clock(), mail_is_stalled=on_time)
        (page,) = [page for page in campaign.pages if page.name == "trees"]
        assert campaign.status == page.status or page.status in ("draft", "paused", "closed")
        return page.status, "trees" in {each.slug for each in listed}, seen.takes_signatures


@pytest.fixture
def at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are shown as they are now."""
    monkeypatch.setattr(page_cache, "SECONDS", 0.0)


@ON_BOTH
@pytest.mark.usefixtures("at_once")
def test_a_petition_opens_and_closes_by_the_clock_with_no_job(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    dates(world, clock() + HOUR, clock() + 3 * HOUR)
    assert all_say(world, clock) == ("planned", False, False)
    assert "It opens on" in client.get("/p/trees").text
    refused = world.sign(client)
    assert (refused.status_code, "has not begun yet" in refused.text) == (410, True)
    clock.forward(hours=1)
    assert all_say(world, clock) == ("live", True, True)
    assert world.sign(client).status_code == 303
    clock.forward(hours=2)
    assert all_say(world, clock) == ("closed", False, False)
    assert "It is closed." in client.get("/p/trees").text
    assert world.sign(client).status_code == 410
    (before,) = world.query("SELECT status FROM campaigns")
    world.run("sweep")
    ((after, closed_at, closes_at),) = world.query("SELECT status, closed_at, closes_at FROM campaigns")
    assert (before[0], after, closed_at) == ("live", "closed", closes_at)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("table", ["campaigns", "action_pages"])
def test_a_paused_petition_asks_to_come_back(world: World, client: FlaskClient, clock: FakeClock, table: str) -> None:
    world.execute(f"UPDATE {table} SET status = 'paused'")
    assert all_say(world, clock) == ("paused", False, False)
    assert "It takes a pause." in client.get("/p/trees").text
    refused = world.sign(client)
    assert (refused.status_code, "come back another day" in refused.text) == (410, True)
    world.execute(f"UPDATE {table} SET status = 'live'")
    assert all_say(world, clock) == ("live", True, True)


def test_what_a_closed_petition_says_is_its_own(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET status = 'closed', closed_text = 'The council agreed <on> 3 May.'")
    assert "The council agreed &lt;on&gt; 3 May." in client.get("/p/trees").text


@ON_BOTH
def test_the_counter_tells_a_fixed_goal_and_what_was_collected_elsewhere(world: World, client: FlaskClient) -> None:
    assert client.get("/p/trees/count.json").json | {"updated_at": ""} == {
        **{"count": 0, "confirmed": 0, "unconfirmed": 0, "elsewhere": 0, "goal": 100, "updated_at": ""}
    }
    world.execute("UPDATE campaigns SET goal = 5000, supporter_count = 41")
    for number in (300, 12):
        world.execute(
            "INSERT INTO collected_elsewhere (campaign_id, label, number, day, created_at)"
            f" SELECT id, 'on paper', {number}, DATE('2026-11-30'), created_at FROM campaigns"
        )
    page_cache.forget(world.app)
    counted = client.get("/p/trees-partner/count.json").json
    assert (counted["count"], counted["elsewhere"], counted["goal"]) == (41, 312, 5000)
