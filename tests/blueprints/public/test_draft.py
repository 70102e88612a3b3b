"""A page that is not published, for who has its link: the very page, under a banner, and tests only."""

import re

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.models import ActionPage
from proca_web.services.petitions.making.launch import draft_links
from proca_web.web import page_cache
from tests.databases import ON_BOTH
from tests.factories import FakeClock, World, form


def link(world: World, clock: FakeClock, name: str = "trees") -> str:
    keys = world.app.extensions["proca_settings"].secret_keys
    with world.app.app_context(), writing() as session:
        page = session.query(ActionPage).filter_by(name=name).one()
        return f"/draft/{draft_links.make(session, keys, page, page.org_id, None, clock())}"


@pytest.fixture(params=["draft", "paused", "planned", "live"])
def state(request: pytest.FixtureRequest, world: World) -> str:
    state: str = request.param
    if state == "planned":
        world.execute("UPDATE campaigns SET opens_at = '2100-01-01 00:00:00.000000'")
    else:
        world.execute(f"UPDATE action_pages SET status = '{state}'")
    page_cache.forget(world.app)
    return state


def test_it_is_shown_under_a_banner_and_kept_by_nobody(
    world: World, client: FlaskClient, clock: FakeClock, state: str
) -> None:
    path = link(world, clock)
    answer = client.get(path)
    assert answer.status_code == 200
    assert ("This page is not public." in answer.text, f'action="{path}"' in answer.text) == (True, True)
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in answer.text
    assert client.get("/p/trees").text.count("This page is not public.") == 0
    assert (world.sign(client).status_code == 303) is (state == "live")


@ON_BOTH
def test_what_is_signed_there_is_a_test_with_a_code_for_a_name(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    world.execute(
        "UPDATE action_pages SET status = 'draft', fields = '[\"first_name\", \"email\"]', delivery = delivery"
    )
    world.execute("DELETE FROM consent_texts")
    path = link(world, clock)
    shown = client.get(path).text
    wording = re.search(r'name="wording" value="([^"]+)"', shown)
    assert wording is not None
    assert 'name="last_name"' not in shown
    assert client.post(path, data=form(wording=wording[1])).status_code == 303
    ((testing, consent),) = world.query("SELECT testing, consent FROM actions")
    assert (bool(testing), consent) == (True, wording[1])
    assert world.query("SELECT hash FROM consent_texts") == [(wording[1],)]
    world.run()
    assert client.post(world.link()).status_code == 303
    world.run()
    (row,) = world.export("org-one", "?include_testing=true")
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{8}", world.open("org-one", row)["lastName"])
    assert world.export("org-one") == []
    assert world.query("SELECT supporter_count FROM campaigns") == [(0,)]


def test_faults_come_back_with_what_was_typed(world: World, client: FlaskClient, clock: FakeClock) -> None:
    world.execute("UPDATE action_pages SET status = 'draft'")
    path = link(world, clock)
    answer = client.post(path, data=form(email="nowhere", first_name="Zażółć"))
    assert (answer.status_code, 'value="Zażółć"' in answer.text, f'action="{path}"' in answer.text) == (422, True, True)
    doubted = client.post(path, data=form(email="zofia@gmial.com"))
    assert (doubted.status_code, "Did you mean zofia@gmail.com?" in doubted.text) == (422, True)
    assert world.query("SELECT count(*) FROM actions") == [(0,)]
    assert world.query("SELECT count(*) FROM opening_codes") == [(0,)]


def test_a_closed_page_takes_no_tests(world: World, client: FlaskClient, clock: FakeClock) -> None:
    world.execute("UPDATE action_pages SET status = 'closed'")
    path = link(world, clock)
    assert "It is closed." in client.get(path).text
    assert client.post(path, data=form()).status_code == 410


def test_a_link_that_is_over_or_not_ours_is_gone(world: World, client: FlaskClient, clock: FakeClock) -> None:
    path = link(world, clock)
    clock.forward(days=14)
    for gone in (path, f"{path}x", "/draft/x", "/draft/WzEsOTk5OTk5OTk5OTld.abc"):
        for answer in (client.get(gone), client.post(gone, data=form())):
            assert (answer.status_code, "for a new one" in answer.text) == (410, True)
