"""The page of a mailed invitation: for a newcomer, for somebody with an account, for the wrong person, too late."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.config import Settings
from proca_web.domain.staff_words import StaffRole
from tests import factories
from tests.blueprints.console.people.staffing import add, plain, post
from tests.factories import PASSWORD, FakeClock, World, form_token

ANNA, EMRE = "admin@org-one.example.org", "emre@example.org"
CHOSEN = {"name": "Emre Aydın", "password": "four unrelated words"}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


def invited(world: World, email: str = EMRE, role: str = "exporter") -> str:
    """The path that was mailed."""
    assert post(world.signed_in(ANNA), "/console/org-one/invitations", email=email, role=role).status_code == 303
    world.run("mail")
    found = re.search(r"http://localhost(/invitation/[\w-]+)", world.mails()[-1]["text"])
    assert found is not None
    return found[1]


def press(client: FlaskClient, path: str, **fields: str):
    return client.post(path, data={"csrf_token": form_token(client, path.removesuffix("/decline")), **fields})


def test_a_newcomer_reads_what_it_is_chooses_name_and_password_and_is_in(world: World, client: FlaskClient) -> None:
    path = invited(world)
    page = plain(client.get(path).text)
    for said in ("invites you to Org One", f"for {EMRE} only", "Your role: Exporter"):
        assert said in page
    answer = press(client, path, **CHOSEN)
    assert (answer.status_code, answer.location) == (303, "/console/org-one/")
    assert client.get("/console/org-one/exports").status_code == 200
    assert "Emre Aydın" in client.get("/console/org-one/").text
    again = world.app.test_client()
    token = form_token(again)
    signed = again.post("/login", data={"csrf_token": token, "email": EMRE, "password": CHOSEN["password"]})
    assert signed.status_code == 303
    world.run("mail")
    assert [mail["to"] for mail in world.mails() if "has joined" in mail["subject"]] == [ANNA]


def test_looking_changes_nothing_and_sends_nothing_on(world: World, client: FlaskClient) -> None:
    path = invited(world)
    for method in ("GET", "HEAD"):
        answer = client.open(path, method=method)
        hidden = (answer.headers["Referrer-Policy"], answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"])
        assert hidden == ("no-referrer", "no-store", "noindex")
    assert "<script" not in client.get(path).text
    assert world.query("SELECT used_at, withdrawn_at FROM invitations") == [(None, None)]
    assert client.post(path, data=CHOSEN).status_code == 400, "without its form token"
    assert world.query("SELECT count(*) FROM users WHERE email = :email", email=EMRE) == [(0,)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Please write your name"),
        ({"name": "<b>"}, "plain text, without HTML"),
        ({"name": "x" * 65}, "at most 64 characters"),
        ({"name": "Look at example.org/now"}, "cannot hold a web address"),
        ({"password": "short"}, "shorter than 12 characters"),
        ({"password": "x" * 129}, "longer than 128 characters"),
        ({"password": "qwerty123456"}, "100,000 most common passwords"),
    ],
)
def test_what_does_not_pass_is_said_at_its_field_and_nothing_is_used_up(
    world: World, client: FlaskClient, change: dict[str, str], said: str
) -> None:
    path = invited(world)
    answer = press(client, path, **CHOSEN | change)
    assert answer.status_code == 422
    assert said in answer.text
    if "password" in change:
        assert 'value="Emre Aydın"' in answer.text
        assert CHOSEN["password"] not in answer.text
    assert press(client, path, **CHOSEN).status_code == 303


def test_somebody_with_an_account_signs_in_comes_back_and_joins(world: World, client: FlaskClient) -> None:
    path = invited(world, "admin@org-two.example.org", "viewer")
    page = plain(client.get(path).text)
    assert "You have an account here" in page
    assert "Password" not in page
    token = form_token(client)
    signed = client.post(
        "/login", data={"csrf_token": token, "email": "admin@org-two.example.org", "password": PASSWORD}
    )
    assert signed.location == path
    assert press(client, path).location == "/console/org-one/"
    assert "Change organisation" in client.get("/console/org-one/").text


def test_somebody_else_who_is_signed_in_is_told_so_and_joins_nothing(world: World) -> None:
    path, other = invited(world), world.signed_in("admin@org-two.example.org")
    page = plain(other.get(path).text)
    assert f"is for {EMRE}, and you are signed in as admin@org-two.example.org" in page
    assert "Sign out" in page
    answer = press(other, path, **CHOSEN)
    assert answer.status_code == 409
    assert "for another address" in answer.text
    assert world.query("SELECT used_at FROM invitations") == [(None,)]


def test_a_member_of_the_org_who_opens_it_is_told(world: World) -> None:
    path = invited(world)
    add(world, EMRE, StaffRole.VIEWER)
    answer = press(world.signed_in(EMRE), path)
    assert answer.status_code == 409
    assert "You are a member of Org One already" in plain(answer.text)


def test_used_run_out_taken_back_declined_and_damaged_links_say_so(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    used = invited(world)
    assert press(client, used, **CHOSEN).status_code == 303
    declined = invited(world, "b@example.org")
    stranger = world.app.test_client()
    assert "You have declined" in press(stranger, f"{declined}/decline").text
    late = invited(world, "c@example.org")
    clock.forward(days=8)
    for path, said in (
        (used, "was used already"),
        (declined, "taken back or declined"),
        (late, "has run out"),
        (late[:-4], "opens no invitation"),
        ("/invitation/x", "opens no invitation"),
    ):
        token = form_token(stranger)
        for answer in (
            stranger.get(path),
            stranger.post(path, data={"csrf_token": token, **CHOSEN}),
            stranger.post(f"{path}/decline", data={"csrf_token": token}),
        ):
            assert answer.status_code == 410
            assert said in plain(answer.text)
            assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_link_mailed_before_the_secret_key_was_changed_still_opens(world: World, client: FlaskClient) -> None:
    path = invited(world)
    settings = world.app.extensions["proca_settings"]
    changed = replace(settings, secret_key="another key " * 4, old_secret_key=settings.secret_key)
    world.app.extensions["proca_settings"] = changed
    assert client.get(path).status_code == 200
    world.app.extensions["proca_settings"] = replace(changed, old_secret_key="")
    assert client.get(path).status_code == 410


@pytest.mark.parametrize("role", ["exporter", "viewer"])
def test_where_a_role_needs_a_second_step_the_invitation_says_so(world: World, client: FlaskClient, role: str) -> None:
    path, settings = invited(world, role=role), world.app.extensions["proca_settings"]
    assert "needs a second step" not in plain(client.get(path).text)  # this site wants none
    world.app.extensions["proca_settings"] = replace(settings, needs_second_factor=True)
    assert ("needs a second step" in plain(client.get(path).text)) is (role == "exporter")
