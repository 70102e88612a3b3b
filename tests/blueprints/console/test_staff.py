"""Staff sign in and out, and see their own org only."""

import re
from http.cookies import SimpleCookie

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.services.staff import people
from tests.databases import ON_BOTH
from tests.factories import PASSWORD, World, form_token
from tests.services.conftest import confirm_path, waiting_token


def login(client: FlaskClient, email: str, password: str) -> int:
    return client.post(
        "/login", data={"csrf_token": form_token(client), "email": email, "password": password}
    ).status_code


def test_the_right_pair_signs_in_and_leads_to_the_own_org(world: World, client: FlaskClient) -> None:
    assert login(client, "Admin@org-one.example.org ", PASSWORD) == 303
    assert client.get("/console/").location == "/console/org-one/"
    page = client.get("/console/org-one/")
    assert page.status_code == 200
    assert "Street trees" in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("admin@org-one.example.org", "wrong password"),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("admin@org-one.example.org", "x" * 5000),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_a_wrong_pair_is_one_answer(client: FlaskClient, email: str, password: str) -> None:
    token = form_token(client)
    answer = client.post("/login", data={"csrf_token": token, "email": email, "password": password})
    assert answer.status_code == 422
    assert "do not belong together" in answer.text


def test_a_sign_in_without_its_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/login", data={"email": "admin@org-one.example.org", "password": PASSWORD})
    assert answer.status_code == 422


@pytest.mark.usefixtures("one_minute")
def test_ten_tries_a_minute(client: FlaskClient) -> None:
    token = form_token(client)
    statuses = [
        client.post("/login", data={"csrf_token": token, "email": "x@example.org", "password": "y"}).status_code
        for _ in range(11)
    ]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize(
    "path",
    [
        "/console/org-two/",
        "/console/org-two/campaigns",
        "/console/org-two/exports",
        "/console/org-two/exports/contacts.csv",
        "/console/nobody/",
        "/console/home/",
    ],
)
def test_another_org_looks_like_none(world: World, path: str) -> None:
    assert world.signed_in("admin@org-one.example.org").get(path).status_code == 404


@pytest.mark.parametrize("path", ["/console/", "/console/org-one/", "/console/org-one/exports/contacts.csv"])
def test_who_is_not_signed_in_is_led_to_the_form(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (303, "/login")


def test_signing_out_needs_a_post_and_ends_the_session(world: World) -> None:
    browser = world.app.test_client()
    login(browser, "admin@org-two.example.org", PASSWORD)
    assert browser.get("/logout").status_code == 405
    token = form_token(browser, "/console/org-two/")
    assert browser.post("/logout", data={"csrf_token": token}).status_code == 303
    assert browser.get("/console/org-two/").status_code == 303


@ON_BOTH
def test_a_new_password_ends_every_session(world: World) -> None:
    browser = world.app.test_client()
    login(browser, "admin@org-two.example.org", PASSWORD)
    with world.app.app_context(), writing() as session:
        people.set_password(session, people.named_user(session, "admin@org-two.example.org"), "another hash")
    assert browser.get("/console/org-two/").status_code == 303


def test_the_session_cookie_is_for_this_site_only(client: FlaskClient) -> None:
    cookie = SimpleCookie(client.get("/login").headers["Set-Cookie"])["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["secure"]


@ON_BOTH
def test_the_console_shows_counts_and_a_chart_that_is_also_a_table(world: World, client: FlaskClient) -> None:
    world.sign(client)
    client.post(confirm_path(waiting_token(world)))
    world.run("release", "mail")
    page = world.signed_in("admin@org-one.example.org").get("/console/org-one/").text
    assert re.search(r'role="img" aria-label="Confirmed in 30 days: 1"', page)
    assert "As a table" in page
    assert "Your key is active" in page


def test_a_missing_key_is_said_in_the_console(world: World) -> None:
    world.execute("UPDATE public_keys SET status = 'revoked' WHERE kind = 'recipient'")
    page = world.signed_in("admin@org-one.example.org").get("/console/org-one/").text
    assert "You have no active key" in page


@ON_BOTH
def test_the_operator_sees_the_instance_and_no_signatures(world: World, client: FlaskClient) -> None:
    world.sign(client)
    operator = world.signed_in("operator@example.org")
    page = operator.get("/console/home/").text
    assert "How this site is doing" in page
    assert "confirmation mail waits to be sent" in page
    assert "to_send" not in page
    assert operator.get("/console/home/exports").status_code == 404


@ON_BOTH
def test_health_asks_for_a_worker(world: World, client: FlaskClient) -> None:
    assert client.get("/health").status_code == 503
    world.run("sweep")
    answer = client.get("/health")
    assert (answer.status_code, answer.json["status"]) == (200, "ok")
    world.execute(
        "UPDATE heartbeats SET seen_at = '2020-01-01 00:00:00.000000+00'"
        if "postgresql" in world.app.config["SQLALCHEMY_DATABASE_URI"]
        else "UPDATE heartbeats SET seen_at = '2020-01-01 00:00:00.000000'"
    )
    assert client.get("/health").status_code == 503


def test_the_key_directory_shows_what_tools_pin(world: World, client: FlaskClient) -> None:
    keys = client.get("/keys.json").json
    assert len(keys["home"]["identity"]) == 43
    assert {key["org"] for key in keys["keys"]} == {"org-one", "org-two"}
    page = client.get("/keys").text
    for key in keys["keys"]:
        assert key["fingerprint"] in page
    assert keys["home"]["identity"] in page


@ON_BOTH
def test_the_exports_page_says_who_downloaded_what(world: World) -> None:
    world.export("org-one", "?since=3")
    page = world.signed_in("admin@org-one.example.org").get("/console/org-one/exports").text
    assert "admin@org-one.example.org" in page
    assert "signatures after number 3" in page
