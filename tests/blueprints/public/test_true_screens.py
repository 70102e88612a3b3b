"""What a supporter reads is so: who reads, what was agreed to, who is thanked, and names that run the other way."""

import re

import pytest
from flask.testing import FlaskClient

from proca_web.web import page_cache
from tests.blueprints.conftest import words
from tests.databases import ON_BOTH
from tests.factories import World

PARTNER = "trees-partner"


def signed(world: World, client: FlaskClient, page: str, **answers: str) -> str:
    """A signature that waits for its confirmation; its link."""
    assert world.sign(client, page, **answers).status_code == 303
    world.run("mail")
    return world.link()


def revoke(world: World, *orgs: str) -> None:
    """Keys end behind the pages' back."""
    for org in orgs:
        where = "kind = 'recipient' AND org_id = (SELECT id FROM orgs WHERE name = :org)"
        world.execute(f"UPDATE public_keys SET status = 'revoked' WHERE {where}", org=org)
    page_cache.forget(world.app)


@ON_BOTH
@pytest.mark.parametrize(
    ("page", "answers", "readers"),
    [
        ("trees", {}, "only Org One can read your details."),
        (PARTNER, {}, "only Org Two can read your details."),
        (PARTNER, {"opt_in": "yes"}, "only Org Two can read your details."),
        (PARTNER, {"lead_opt_in": "yes"}, "only Org Two and Org One can read your details."),
    ],
)
def test_the_readers_are_those_that_have_a_copy(
    world: World, client: FlaskClient, page: str, answers: dict[str, str], readers: str
) -> None:
    link = signed(world, client, page, **answers)
    assert f"Once you confirm, {readers} This site cannot." in words(client.get(link).text)
    revoke(world, "org-one", "org-two")  # what was sealed before, the org can still open
    assert f"Once you confirm, {readers} This site cannot." in words(client.get(link).text)


@pytest.mark.parametrize(("style", "said"), [("box", "if you tick its box."), ("choice", "if you say yes.")])
def test_the_form_says_who_reads_only_if_asked(world: World, client: FlaskClient, style: str, said: str) -> None:
    world.execute("UPDATE action_pages SET consent_style = :style", style=style)
    page_cache.forget(world.app)
    assert f"only Org Two can read your details. Org One too, {said} This site cannot." in words(
        client.get(f"/p/{PARTNER}").text
    )
    assert "too, if" not in words(client.get("/p/trees").text)
    revoke(world, "org-one")
    assert "only Org Two can read your details. This site cannot." in words(client.get(f"/p/{PARTNER}").text)


@pytest.mark.parametrize(
    ("page", "answers", "said"),
    [
        ("trees", {}, ["You did not say yes."]),
        ("trees", {"opt_in": "yes"}, ["You said yes."]),
        (PARTNER, {}, ["You did not say yes."] * 2),
        (PARTNER, {"lead_opt_in": "yes"}, ["You did not say yes.", "You said yes."]),
        (PARTNER, {"opt_in": "yes", "lead_opt_in": "no"}, ["You said yes.", "You did not say yes."]),
        (PARTNER, {"opt_in": "yes", "lead_opt_in": "yes"}, ["You said yes."] * 2),
    ],
)
def test_your_signature_shows_the_boxes_as_they_were_ticked(
    world: World, client: FlaskClient, page: str, answers: dict[str, str], said: list[str]
) -> None:
    link = signed(world, client, page, **answers)
    client.post(link)
    shown = words(client.get(link).text)
    assert re.findall(r"You (?:said yes|did not say yes)\.", shown) == said
    assert "By signing “" in shown
    assert "[ ]" not in shown


def test_the_words_of_the_form_are_a_page_and_stay_a_file(world: World, client: FlaskClient) -> None:
    ((hash_,),) = world.query("SELECT hash FROM consent_texts WHERE action_page_id = 1")
    page, file = client.get(f"/consent/{hash_}"), client.get(f"/consent/{hash_}.txt")
    assert (page.mimetype, file.mimetype) == ("text/html", "text/plain")
    for line in file.text.strip().split("\n\n"):
        assert line.removeprefix("[ ] ") in words(page.text)
    assert "You said yes" not in page.text
    assert "Set-Cookie" not in page.headers
    assert client.get("/consent/nothing").status_code == 404
    assert f'href="/consent/{hash_}"' in client.get("/p/trees").text


def test_nobody_is_thanked_for_what_they_may_not_have_done(world: World, client: FlaskClient) -> None:
    shown = words(client.get("/p/trees/thanks").text)
    assert "Thank you for signing" not in shown
    assert "your signature is added within seconds" in shown
    world.execute("UPDATE action_pages SET double_opt_in = :no", no=False)
    answer = world.sign(client, headers={"HX-Request": "true"})
    assert "Thank you for signing!" in answer.text
    assert answer.headers["HX-Push-Url"] == "/p/trees/thanks"


def test_a_reload_after_signing_leads_to_the_next_step(world: World, client: FlaskClient) -> None:
    answer = world.sign(client, headers={"HX-Request": "true"}, query="?utm_source=leaflet")
    assert answer.headers["HX-Push-Url"] == "/p/trees/check-inbox"
    assert 'action="/p/trees/sign?utm_source=leaflet"' in answer.text
    assert "HX-Push-Url" not in world.sign(client, headers={"HX-Request": "true"}, first_name="").headers


@pytest.mark.parametrize("org", ["org-one", "org-two"])
def test_a_stopped_page_says_when_to_come_back_and_is_not_listed(world: World, client: FlaskClient, org: str) -> None:
    stopped, other = {"org-one": ("trees", PARTNER), "org-two": (PARTNER, "trees")}[org]
    revoke(world, org)
    shown = client.get(f"/p/{stopped}")
    assert shown.status_code == 503
    assert "Signing is paused Please come back tomorrow." in words(shown.text)
    assert "key" not in words(shown.text)
    assert '<a class="button' in shown.text
    front = client.get("/").text
    assert f'href="/p/{stopped}"' not in front
    assert f'href="/p/{other}"' in front


def test_a_public_comment_is_said_to_be_shown_and_not_locked(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET comment = 'public'")
    page_cache.forget(world.app)
    shown = words(client.get(f"/p/{PARTNER}").text)
    assert "A comment is public: it is shown on this page after" in shown
    assert "and it is not locked" in shown


@pytest.mark.parametrize("name", ["احفظوا الأشجار!", "שמרו על העצים (2026)"])
def test_a_name_that_runs_the_other_way_stands_apart(world: World, client: FlaskClient, name: str) -> None:
    link = signed(world, client, PARTNER)
    world.execute("UPDATE action_pages SET title = :name", name=name)
    world.execute("UPDATE orgs SET title = :name WHERE name = 'org-two'", name=name)
    world.run("sweep")
    page_cache.forget(world.app)
    for path in ("/", f"/p/{PARTNER}", f"/p/{PARTNER}/thanks", f"/p/{PARTNER}/check-inbox", "/keys", link):
        body = client.get(path).text.partition("<main")[2].partition("</main")[0]
        bare = re.sub(rf"<bdi>{re.escape(name)}</bdi>|\w[\w-]*=\"[^\"]*\"", "", body)
        assert f"<bdi>{name}</bdi>" in body, path
        assert name not in bare, path


def test_a_name_that_runs_with_the_page_needs_no_markup(client: FlaskClient) -> None:
    assert "<bdi>" not in client.get(f"/p/{PARTNER}").text
