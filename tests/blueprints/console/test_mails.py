"""The page about mails: what is saved, refused, changed meanwhile; the preview is the mail; a test to oneself."""

import html
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.mail import examples
from proca_web.config import Settings
from proca_web.domain.staff_words import StaffRole
from tests import factories
from tests.blueprints.console.people.staffing import add, plain, post
from tests.factories import World

ANNA = "admin@org-one.example.org"
PAGE = "/console/org-one/campaigns/trees/mails"
MAIL = f"{PAGE}/trees/confirm"
FIELDS = {
    "sender_name": "Org One",
    "reply_to": "hello@org-one.example.org",
    "subject": "One click, {first_name}",
    "preheader": "",
    "body": "Hi {first_name}, <3\n\n{confirm_link}",
}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """What depends on the database is tested with the services."""
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def anna(world: World) -> FlaskClient:
    return world.signed_in(ANNA)


def hidden(client: FlaskClient, name: str, page: str = PAGE) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', client.get(page).text)
    assert found is not None
    return found[1]


def save(client: FlaskClient, state: str | None = None, **changes: str):
    return post(client, MAIL, **{**FIELDS, "state": state or hidden(client, "state"), **changes})


def test_a_mail_is_saved_told_in_the_record_and_goes_back_to_the_suggested_text(
    world: World, anna: FlaskClient
) -> None:
    assert "This is the suggested text" in anna.get(PAGE).text
    answer = save(anna)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?page=trees&kind=confirm&done=saved")
    page = plain(anna.get(answer.location).text)
    assert "Saved. From now on people get this mail." in page
    assert "Own words, saved on" in page
    assert "Please confirm: {title} → One click, {first_name}" in plain(anna.get("/console/org-one/audit").text)
    assert post(anna, f"{MAIL}/suggested").status_code == 303
    assert "This is the suggested text" in anna.get(PAGE).text
    assert world.query("SELECT count(*) FROM mail_texts") == [(0,)]


def test_what_does_not_pass_is_said_and_what_was_typed_is_kept(world: World, anna: FlaskClient) -> None:
    answer = save(anna, subject="", body="No <b>link</b>")
    assert answer.status_code == 422
    assert "No &lt;b&gt;link&lt;/b&gt;" in answer.text
    assert "Error:" in answer.text
    assert world.query("SELECT count(*) FROM mail_texts") == [(0,)]


def test_what_somebody_else_saved_meanwhile_is_shown_beside_what_was_typed(anna: FlaskClient) -> None:
    state = hidden(anna, "state")
    save(anna, subject="Theirs")
    answer = save(anna, state, subject="Mine")
    assert answer.status_code == 409
    page = plain(answer.text)
    assert f"Changed meanwhile by {ANNA}." in page
    assert 'value="Mine"' in answer.text
    assert "Theirs" in page
    again = re.search(r'name="state" value="([^"]*)"', answer.text)
    assert again is not None
    assert save(anna, again[1], subject="Mine").status_code == 303
    assert 'value="Mine"' in anna.get(PAGE).text


def test_pages_of_others_and_mails_that_are_none_do_not_exist(world: World, anna: FlaskClient) -> None:
    for path in ("trees-partner/confirm", "nothing/confirm", "trees/reminder"):
        assert anna.get(f"{PAGE}/{path}/preview").status_code == 404
        for act in ("", "/preview", "/suggested", "/seen", "/test"):
            assert post(anna, f"{PAGE}/{path}{act}", **FIELDS, state="x").status_code == 404, (path, act)
    assert anna.get(f"{PAGE}?page=trees-partner").status_code == 404
    assert anna.get("/console/org-one/campaigns/nothing/mails").status_code == 404
    assert anna.get("/console/org-two/campaigns/trees/mails").status_code == 404
    assert world.query("SELECT count(*) FROM mail_texts") == [(0,)]


def test_mails_are_read_by_a_button_and_a_change_asks_again(world: World, anna: FlaskClient) -> None:
    mark = hidden(anna, "mark")
    anna.get(f"{MAIL}/preview")
    assert world.query("SELECT count(*) FROM launch_ticks") == [(0,)]
    save(anna)
    late = post(anna, f"{MAIL}/seen", mark=mark)
    assert "A mail was changed just now." in anna.get(late.location).text
    assert world.query("SELECT count(*) FROM launch_ticks") == [(0,)]
    post(anna, f"{MAIL}/seen", mark=hidden(anna, "mark"))
    assert "Both mails were read on" in anna.get(PAGE).text
    post(anna, f"{MAIL}/suggested")
    assert "Both mails were read on" not in anna.get(PAGE).text


def test_the_preview_is_the_mail_that_arrives_light_dark_and_as_text(world: World, anna: FlaskClient) -> None:
    typed = post(anna, f"{MAIL}/preview", **FIELDS).text
    save(anna)
    assert anna.get(f"{MAIL}/preview").text == typed
    world.sign(world.app.test_client(), first_name=examples.NAME, email=examples.ADDRESS)
    world.run("mail")
    (mail,) = world.mails()
    light, dark = (anna.get(f"{MAIL}/preview?look={look}") for look in ("light", "dark"))
    assert "Hi <bdi>Kim</bdi>, &lt;3" in light.text
    for shown, media, scheme in ((light, "not all", "light"), (dark, "all", "dark")):
        said = shown.text.replace(f"@media {media}", "@media (prefers-color-scheme: dark)")
        said = said.replace(f"color-scheme: {scheme};", "color-scheme: light dark;")
        assert without_tokens(said) == without_tokens(mail["html"])
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert "script-src" not in shown.headers["Content-Security-Policy"]
    text = html.unescape(anna.get(f"{MAIL}/preview?look=text").text)
    assert "<dd>One click, Kim</dd>" in text
    assert without_tokens(mail["text"]) in without_tokens(text)


def without_tokens(said: str) -> str:
    return re.sub(r"(?<=/confirm/)[\w-]{43}|(?<=/withdraw/)[\w-]{43}", "*", said).replace("\r", "").strip()


def test_what_cannot_be_sent_is_said_instead_of_a_preview(anna: FlaskClient) -> None:
    answer = post(anna, f"{MAIL}/preview", **{**FIELDS, "body": "<script>"})
    assert "This cannot be sent yet:" in answer.text
    assert "<script>" not in answer.text


def test_a_test_goes_to_who_asks_and_stands_in_the_record(world: World, anna: FlaskClient, one_minute: None) -> None:
    answer = post(anna, f"{PAGE}/trees/thank-you/test")
    assert f"The test is on its way to {ANNA}." in plain(anna.get(answer.location).text)
    assert world.mails() == []
    world.run("mail")
    (mail,) = world.mails()
    assert (mail["to"], mail["subject"]) == (ANNA, "[Test] Thank you for signing: Keep our street trees")
    assert "/withdraw/" not in mail["html"]
    assert "had a mail of the page trees sent as a test: thank-you" in plain(anna.get("/console/org-one/audit").text)
    asked = [post(anna, f"{PAGE}/trees/thank-you/test").status_code for _ in range(10)]
    assert asked[-1] == 429


def test_who_may_write_texts_alone_does_not_say_who_mails_are_from(world: World) -> None:
    add(world, "emre@org-one.example.org", StaffRole.TRANSLATOR)
    emre = world.signed_in("emre@org-one.example.org")
    assert "readonly" in emre.get(PAGE).text
    assert save(emre, sender_name="Somebody", reply_to="emre@elsewhere.example").status_code == 303
    assert world.query("SELECT mail_name, mail_reply_to FROM action_pages WHERE name = 'trees'") == [("", "")]
    assert world.query("SELECT subject FROM mail_texts") == [("One click, {first_name}",)]
