"""A campaign is written in the browser: nothing typed is lost, nothing of others is overwritten unseen."""

import io
import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests.factories import World

NEW = "/console/org-one/campaigns/new"
TREES = "/console/org-one/campaigns/trees/pages/trees"
Read = Callable[[str], dict[str, str]]


def test_a_form_that_does_not_pass_keeps_all_that_was_typed(admin: FlaskClient, form: Read) -> None:
    typed = form(admin.get(NEW).text) | {"title": "x" * 10_000, "demand": "<script>alert(1)</script>", "goal": "7"}
    answer = admin.post(NEW, data=typed)
    assert answer.status_code == 422
    again = form(answer.text)
    assert {place: again[place] for place in ("title", "demand", "goal")} == {
        place: typed[place] for place in ("title", "demand", "goal")
    }
    assert "<script>alert" not in answer.text
    assert 'href="#title"' in answer.text


def test_a_new_campaign_is_kept_while_typing_and_goes_on_where_it_was(admin: FlaskClient, form: Read) -> None:
    typed = form(admin.get(NEW).text) | {"title": "Open the riv"}
    saved = admin.post(f"{NEW}/draft", data=typed, headers={"HX-Request": "true"})
    number = form(saved.text)["draft"]
    assert "Draft saved at" in saved.text
    admin.post(f"{NEW}/draft", data=typed | {"title": "Open the riverside", "draft": number})
    listed = unescape(admin.get("/console/org-one/campaigns").text)
    assert "“Open the riverside” is not saved yet." in listed
    again = form(admin.get(f"{NEW}?draft={number}").text)
    assert (again["title"], again["draft"]) == ("Open the riverside", number)
    made = admin.post(NEW, data=again | {"demand": "Open it.", "do": "save"})
    assert made.headers["Location"] == "/console/org-one/campaigns/open-the-riverside/pages?done=made"
    assert "not saved yet" not in admin.get("/console/org-one/campaigns").text


def test_without_a_script_the_draft_has_its_button(admin: FlaskClient, form: Read) -> None:
    answer = admin.post(NEW, data=form(admin.get(NEW).text) | {"title": "Half", "do": "draft"})
    assert form(admin.get(answer.headers["Location"]).text)["title"] == "Half"


def test_more_than_five_fields_are_told_and_one_is_left_out(admin: FlaskClient, form: Read) -> None:
    typed = form(admin.get(NEW).text) | {"ask_phone": "optional"}
    told = admin.post(NEW, data=typed | {"do": "preview"}).text
    assert "You ask for 6 fields" in told
    assert 'value="drop:phone"' in told
    assert form(admin.post(NEW, data=typed | {"do": "drop:phone"}).text)["ask_phone"] == "off"


def test_a_picture_is_kept_also_where_another_place_does_not_pass(admin: FlaskClient, form: Read) -> None:
    typed = form(admin.get(NEW).text) | {"title": "", "demand": "Open it."}
    answer = admin.post(NEW, data=typed | {"picture": (io.BytesIO(_picture()), "a.png")})
    assert answer.status_code == 422
    again = form(answer.text)
    assert again["hero"] != ""
    made = admin.post(NEW, data=again | {"title": "With a picture", "hero_alt": "A river", "do": "save"})
    assert made.status_code == 303
    wrong = admin.post(NEW, data=typed | {"picture": (io.BytesIO(b"<svg onload=x>"), "a.svg")})
    assert (wrong.status_code, "picture-fault" in wrong.text) == (422, True)


def _picture() -> bytes:
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", (1400, 800), (20, 120, 90)).save(made, "PNG")
    return made.getvalue()


def test_what_is_live_is_shown_before_it_is_saved(world: World, admin: FlaskClient, form: Read) -> None:
    typed = form(admin.get(TREES).text)
    assert admin.post(TREES, data=typed | {"do": "save"}).status_code == 303  # as it was
    shown = admin.post(TREES, data=typed | {"title": "More trees", "body": "New\r\ntext", "do": "save"})
    assert shown.status_code == 200
    tags = re.findall(r"<h2>(.*?)</h2> <span class=.*?</svg> (.*?)</span>", shown.text)
    assert tags == [("Title", "New version of what people agree to"), ("The text", "No new version")]
    assert world.query("SELECT title FROM action_pages WHERE name = 'trees'") == [("Keep our street trees",)]
    kept = admin.post(TREES, data=form(shown.text) | {"do": "keep:title"})
    assert "New version of" not in kept.text
    assert admin.post(TREES, data=form(kept.text) | {"do": "confirmed"}).status_code == 303
    ((title, body),) = world.query("SELECT title, body FROM action_pages WHERE name = 'trees'")
    assert (title, body) == ("Keep our street trees", "New\ntext")
    only = form(admin.post(TREES, data=form(admin.get(TREES).text) | {"title": "A", "body": "B"}).text)
    admin.post(TREES, data=only | {"do": "only"})
    assert world.query("SELECT title, body FROM action_pages WHERE name = 'trees'") == [("Keep our street trees", "B")]


@pytest.mark.parametrize(("choice", "demand"), [("theirs", "Theirs."), ("mine", "Mine."), ("third", "Both.")])
def test_what_two_people_changed_is_chosen(
    world: World, admin: FlaskClient, form: Read, choice: str, demand: str
) -> None:
    mine = form(admin.get(TREES).text) | {"demand": "Mine.", "body": "My text"}
    theirs = form(admin.get(TREES).text) | {"demand": "Theirs.", "addressee": "The council"}
    assert admin.post(TREES, data=theirs | {"do": "confirmed"}).status_code == 303
    answer = admin.post(TREES, data=mine | {"do": "save"})
    assert answer.status_code == 409
    assert "Changed meanwhile by admin@org-one.example.org" in answer.text
    assert "The council" in answer.text
    settled = admin.post(
        TREES, data=form(answer.text) | {"choice_demand": choice, "third_demand": "Both.", "do": "chosen"}
    )
    assert admin.post(TREES, data=form(settled.text) | {"do": "confirmed"}).status_code == 303
    query = "SELECT demand, body, addressee FROM action_pages WHERE name = 'trees'"
    assert world.query(query) == [(demand, "My text", "The council")]


def test_unsaved_changes_of_a_page_are_offered_and_thrown_away(admin: FlaskClient, form: Read) -> None:
    typed = form(admin.get(TREES).text) | {"title": "Half a title"}
    admin.post(f"{TREES}/draft", data=typed, headers={"HX-Request": "true"})
    offered = admin.get(TREES).text
    assert "You have unsaved changes" in offered
    assert form(offered)["title"] == "Keep our street trees"
    assert form(admin.get(f"{TREES}?draft=1").text)["title"] == "Half a title"
    admin.post(f"{TREES}/discard", data={"csrf_token": typed["csrf_token"]})
    assert "unsaved changes" not in admin.get(TREES).text


def test_a_translator_writes_words_and_is_told_where_that_ends(world: World, admin: FlaskClient, form: Read) -> None:
    world.execute(
        "UPDATE memberships SET role = 'translator' WHERE org_id = (SELECT id FROM orgs WHERE name='org-one')"
    )
    shown = form(admin.get(TREES).text)
    assert not {"goal", "ask_phone", "slug", "question_opt_in"} & set(shown)
    assert admin.post(TREES, data=shown | {"body": "Ein Text", "do": "confirmed"}).status_code == 303
    refused = admin.post(TREES, data=form(admin.get(TREES).text) | {"goal": "7", "body": "Kept for copying"})
    assert refused.status_code == 403
    assert "Kept for copying" in refused.text
    assert admin.get(NEW).status_code == 403


def test_a_preview_has_the_bytes_that_are_served(world: World, admin: FlaskClient, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET status = 'draft' WHERE name = 'trees'")
    world.execute("UPDATE consent_texts SET valid_until = valid_from WHERE action_page_id = 1")
    shown = admin.get(f"{TREES}/shown")
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    world.execute("UPDATE action_pages SET status = 'live' WHERE name = 'trees'")
    world.execute("UPDATE consent_texts SET valid_until = NULL WHERE action_page_id = 1")
    assert shown.data == client.get("/p/trees").data


def test_an_org_that_has_nothing_yet_is_shown_three_steps(world: World) -> None:
    world.execute("UPDATE campaigns SET org_id = (SELECT id FROM orgs WHERE name = 'org-two')")
    world.execute("UPDATE action_pages SET org_id = (SELECT id FROM orgs WHERE name = 'org-two')")
    page = world.signed_in("admin@org-one.example.org").get("/console/org-one/campaigns").text
    assert "Three steps to your first petition" in page
    assert page.count('<a class="button"') == 1


def test_the_pages_of_a_campaign_are_copied_ordered_and_ended(world: World, admin: FlaskClient, form: Read) -> None:
    pages = "/console/org-one/campaigns/trees/pages"
    token = {"csrf_token": form(admin.get(pages).text)["csrf_token"]}
    copied = admin.post("/console/org-one/campaigns/trees/copies", data=token | {"page": "trees", "to": "here"})
    assert copied.headers["Location"].endswith("/pages/keep-our-street-trees")
    admin.post(f"{pages}/keep-our-street-trees/move", data=token | {"to": "up"})
    assert admin.post(f"{pages}/trees/end", data=token | {"do": "pause"}).status_code == 303
    assert "paused" in admin.get(pages).text
    gone = admin.post(f"{pages}/keep-our-street-trees/end", data=token | {"do": "delete"})
    assert gone.status_code == 303
    foreign = admin.post("/console/org-one/campaigns/trees/copies", data=token | {"page": "trees-partner"})
    assert foreign.status_code == 404
    answer = admin.post("/console/org-one/campaigns/trees/elsewhere", data=token | {"label": "", "number": "x"})
    assert answer.status_code == 422
    names = [name for (name,) in world.query("SELECT name FROM action_pages ORDER BY position, id")]
    assert names == ["trees", "trees-partner"]
