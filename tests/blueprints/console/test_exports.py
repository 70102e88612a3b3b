"""The page of exports says what is so, in words: people and deletions, earlier downloads, where the tool comes from."""

import re

import pytest
from flask.testing import FlaskClient

from proca_web.services.keys import holdings
from tests.factories import World

OWNER = "admin@org-two.example.org"
ERASE = """
UPDATE contacts SET erased = true, payload = NULL, crypto_nonce = NULL, public_key_id = NULL, sign_key_id = NULL
 WHERE seq = :seq AND org_id = (SELECT id FROM orgs WHERE name = 'org-two')
"""


def shown(world: World) -> str:
    """The page of exports as text."""
    page = world.signed_in(OWNER).get("/console/org-two/exports").text
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def signed(world: World, client: FlaskClient, number: int, query: str = "") -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false")
    for person in range(number):
        world.sign(client, "trees-partner", email=f"person{person}@example.org", query=query)
    world.run("release")


def test_people_and_deletions_are_counted_and_not_row_numbers(world: World, client: FlaskClient) -> None:
    assert "0 people" in shown(world)
    signed(world, client, 4)
    world.execute(ERASE, seq=1)
    world.execute("UPDATE contacts SET seq = 90 WHERE seq = 2")
    assert "3 people and 1 deletion " in shown(world)
    world.execute(ERASE, seq=3)
    world.execute(ERASE, seq=4)
    assert "1 person and 3 deletions" in shown(world)


def test_test_signatures_are_no_people(world: World, client: FlaskClient) -> None:
    signed(world, client, 2, "?testing=1")
    assert "0 people" in shown(world)


def test_more_than_one_read_affords_is_said_so(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "MOST", 2)
    signed(world, client, 3)
    assert "More than 2 people" in shown(world)


def test_what_was_downloaded_is_said_in_words(world: World) -> None:
    browser = world.signed_in(OWNER)
    for query in (
        "campaign=&only_opt_in=false&since=",
        "campaign=trees&only_opt_in=true&since=7&include_testing=true",
        "page=trees&only_double_opt_in=true&limit=5&after=2026-01-31&role=recovery",
    ):
        assert browser.get(f"/console/org-two/exports/contacts.csv?{query}").status_code == 200
    page = shown(world)
    assert "everything" in page
    assert "campaign trees, signatures after number 7, only those who opted in to news, test signatures too" in page
    first = "page trees, signed from 2026-01-31 on, at most 5 signatures"
    assert f"{first}, only confirmed addresses, for the recovery key" in page
    assert not re.search(r"\w+_\w+ ?=", page)


@pytest.mark.parametrize("path", ["exports", "keys/new"])
def test_the_console_says_where_the_tool_comes_from(world: World, path: str) -> None:
    page = world.signed_in(OWNER).get(f"/console/org-two/{path}").text
    assert "Where proca-org comes from" in page
    assert "pip install ./proca_web" in page
