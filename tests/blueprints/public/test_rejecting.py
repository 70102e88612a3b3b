""" "It wasn't me" stops the mails of a campaign to that address, "It was me after all" lets them come again."""

import re

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.adapters.keyring import keyring_of
from proca_web.domain.errors import Unavailable
from proca_web.domain.transient import State
from proca_web.services.petitions import views
from proca_web.services.signatures import mailing
from proca_web.web import page_cache
from tests import worker
from tests.blueprints.conftest import words
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World

ADDRESS = "zofia@example.org"
UNKNOWN = "/confirm/" + "A" * 43
BUTTON = "It was me after all"


@pytest.fixture
def link(world: World, client: FlaskClient) -> str:
    """A link that was mailed."""
    assert world.sign(client).status_code == 303
    world.run("mail")
    return world.link()


@pytest.fixture
def rejected(link: str, client: FlaskClient) -> str:
    """The same link after "it wasn't me"."""
    assert client.post(f"{link}/reject").status_code == 303
    return link


def signs_and_is_mailed(world: World, client: FlaskClient, page: str = "trees", email: str = ADDRESS) -> bool:
    before = len(world.mails())
    assert world.sign(client, page, email=email).status_code == 303
    world.run("mail")
    return len(world.mails()) > before


def blocks(world: World) -> int:
    return int(world.query("SELECT count(*) FROM blocks")[0][0])


def days(world: World) -> dict[str, int]:
    return world.ends()


def test_after_a_no_nobody_is_mailed_and_the_form_answers_as_always(
    world: World, client: FlaskClient, rejected: str
) -> None:
    answers = [world.sign(client, email=email) for email in (ADDRESS, "another@example.org")]
    assert len({(answer.status_code, answer.location, answer.text) for answer in answers}) == 1
    world.run("mail")
    for page in ("trees", "trees-partner"):  # the campaign's other page, too
        assert not signs_and_is_mailed(world, client, page, "Zofia@EXAMPLE.org")
    assert [mail["to"] for mail in world.mails()] == [ADDRESS, "another@example.org"]
    assert days(world) == {"rejected": 1, "blocked": 3}
    assert world.query("SELECT count(*) FROM actions") == [(1,)]


def test_a_hundred_signatures_of_an_attacker_are_three_mails_and_none_after_a_no(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    for each in range(100):
        client.environ_base["REMOTE_ADDR"] = f"10.0.{each}.1"
        world.sign(client, email=ADDRESS)
    world.run("mail")
    assert len(world.mails()) == 3
    assert days(world) == {"capped": 97}
    client.post(f"{world.link()}/reject")
    clock.forward(days=1)
    assert not signs_and_is_mailed(world, client)


def test_the_answer_has_the_button_and_so_has_the_link_as_long_as_the_block_stands(
    world: World, client: FlaskClient, link: str
) -> None:
    answer = client.post(f"{link}/reject", follow_redirects=True)
    assert answer.status_code == 200
    assert "Everything is deleted" in words(answer.text)
    assert BUTTON in words(answer.text)
    for act in (client.get, client.post):
        page = act(link)
        assert page.status_code == 410
        assert BUTTON in words(page.text)
        assert f'action="{link}/unblock"' in page.text
    repeated = client.post(f"{link}/reject")
    assert repeated.status_code == 200
    assert BUTTON in words(repeated.text)
    assert blocks(world) == 1


def test_it_was_me_after_all_says_what_to_do_now_and_mails_arrive_again(
    world: World, client: FlaskClient, rejected: str
) -> None:
    answer = client.post(f"{rejected}/unblock")
    assert answer.status_code == 200
    assert "Please sign once more" in words(answer.text)
    assert 'href="/p/trees"' in answer.text
    assert 'href="/p/trees-partner"' in answer.text
    assert blocks(world) == 0
    assert signs_and_is_mailed(world, client)
    again = client.post(f"{rejected}/unblock")  # safe to repeat
    assert again.status_code == 200
    assert BUTTON not in words(client.get(rejected).text)


def test_only_the_link_that_said_no_takes_it_back(world: World, client: FlaskClient) -> None:
    links = []
    for _ in range(2):
        world.sign(client)
        world.run("mail")
        links.append(world.link())
    client.post(f"{links[0]}/reject")
    withdraw = re.findall(r"/withdraw/([\w-]+)", world.mails()[0]["text"])[0]
    for other in (links[1], UNKNOWN, f"/confirm/{withdraw}"):
        assert client.post(f"{other}/unblock").status_code == 200
    assert blocks(world) == 1
    assert client.post(f"{links[1]}/reject").status_code == 303
    assert blocks(world) == 2
    client.post(f"{links[0]}/unblock")
    assert not signs_and_is_mailed(world, client)  # the other link's no stands


def test_those_that_were_mailed_already_stay_and_their_links_work(world: World, client: FlaskClient) -> None:
    links = []
    for _ in range(2):
        world.sign(client)
        world.run("mail")
        links.append(world.link())
    client.post(f"{links[0]}/reject")
    assert client.get(links[1]).status_code == 200
    assert client.post(links[1]).status_code == 303
    assert world.query("SELECT count(*) FROM actions WHERE status = 'accepted'") == [(1,)]


def test_what_waits_to_be_tried_again_is_not_sent_after_a_no(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    world.sign(client)
    world.run("mail")
    first = world.link()
    world.sign(client)
    with world.app.app_context(), writing() as session:
        (mail,), _ = mailing.claim(session, keyring_of(world.app), State.TO_SEND, clock())
        mailing.hand_back(session, mail.state, [mail.action_id])  # it has its mark
    client.post(f"{first}/reject")
    world.run("mail")
    assert len(world.mails()) == 1
    assert days(world) == {"rejected": 1, "blocked": 1}


@pytest.mark.parametrize("why", ["before marks", "withdrawn", "accepted"])
def test_there_is_no_block_where_nothing_is_known_or_nobody_said_no(
    world: World, client: FlaskClient, link: str, why: str
) -> None:
    if why == "before marks":
        world.execute("UPDATE transients SET mark = NULL")
        assert client.post(f"{link}/reject").status_code == 303
    elif why == "withdrawn":
        withdraw = re.findall(r"/withdraw/[\w-]+", world.mails()[0]["text"])[0]
        assert client.post(withdraw).status_code == 200
    else:
        client.post(link)
        client.post(f"{link}/reject")
    assert blocks(world) == 0
    assert world.query("SELECT count(*) FROM contacts WHERE NOT erased") == [(0,)]
    assert BUTTON not in words(client.get(f"{link}/reject?done=purged").text)


def test_a_no_after_the_button_was_pressed_blocks_too(world: World, client: FlaskClient, link: str) -> None:
    browser = worker.alone(world.app)
    assert browser.post(link).status_code == 303
    assert browser.post(f"{link}/reject").status_code == 303
    assert blocks(world) == 1
    assert world.query("SELECT count(*) FROM actions") == [(0,)]


@ON_SQLITE
@pytest.mark.parametrize("act", ["get", "post"])
def test_a_link_that_is_over_leads_back_to_the_forms_that_can_be_signed(
    world: World, client: FlaskClient, act: str
) -> None:
    page = getattr(client, act)(UNKNOWN)
    assert page.status_code == 410
    assert "Sign again" in words(page.text)
    for name in ("trees", "trees-partner"):
        assert f'href="/p/{name}/sign"' in page.text
        assert client.get(f"/p/{name}/sign").status_code == 200
    world.execute("UPDATE action_pages SET status = 'closed' WHERE name = 'trees'")
    assert 'href="/p/trees/sign"' not in client.get(UNKNOWN).text
    assert 'href="/p/trees-partner/sign"' in client.get("/withdraw/" + "A" * 43).text


@ON_SQLITE
def test_a_link_that_is_over_is_told_to_scripts_as_json(client: FlaskClient) -> None:
    answer = client.get(UNKNOWN, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (410, "application/json")


@ON_SQLITE
def test_without_the_list_of_petitions_a_link_that_is_over_says_so_all_the_same(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: object, **_named: object) -> None:
        raise Unavailable("database")

    monkeypatch.setattr(views, "live", away)
    page = client.get(UNKNOWN)
    assert page.status_code == 410
    assert "All petitions" in words(page.text)


@ON_SQLITE
@pytest.mark.parametrize("path", ["", "/reject", "/unblock"])
def test_nobody_keeps_what_a_link_answers(client: FlaskClient, rejected: str, path: str) -> None:
    for act in (client.get, client.post):
        answer = act(rejected + path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
        assert "<script" not in answer.text


@ON_SQLITE
def test_a_form_that_reminds_says_both_times(world: World, client: FlaskClient) -> None:
    once, twice = "until the confirmation mail has left", "one more if you have not used it after a day. 26 hours"
    later = "we write once more"

    def said(path: str) -> str:
        page_cache.forget(world.app)
        return words(client.get(path).text)

    assert once in said("/p/trees")
    assert later not in said("/p/trees/check-inbox")
    world.execute("UPDATE campaigns SET reminder = true")
    assert twice in said("/p/trees")
    assert once not in said("/p/trees")
    assert later in said("/p/trees/check-inbox")
    world.execute("UPDATE orgs SET high_security = true WHERE name = 'org-two'")
    assert twice in said("/p/trees")
    assert once in said("/p/trees-partner")
    world.execute("UPDATE action_pages SET double_opt_in = false")
    assert twice not in said("/p/trees")
