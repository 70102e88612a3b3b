"""On the way in: behind TLS, from a tab left open, to the page one wanted; and errors inside the console."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.app import create_app
from proca_web.config import Settings
from proca_web.extensions import db
from tests.factories import PASSWORD, World

OWNER = "admin@org-one.example.org"
SECRET = '{"secret":"' + "A" * 43 + '"}'
SITE = "https://petitions.example.org:8443"


def form_token(client: FlaskClient, **options: str) -> str:
    found = re.search(r'csrf_token" value="([^"]+)"', client.get("/login", **options).text)
    assert found
    return found[1]


def pair(token: str, password: str = PASSWORD) -> dict[str, str]:
    return {"csrf_token": token, "email": OWNER, "password": password}


@pytest.fixture
def behind_tls(world: World, settings: Settings) -> Iterator[Flask]:
    made = create_app(replace(settings, public_url=SITE, trusted_proxies=1), check=False)
    yield made
    with made.app_context():
        made.extensions["proca_encryption"].end()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": SITE}, 303),
        ({"Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Referer": "https://elsewhere.example.org/"}, 303),
        ({"Origin": "https://elsewhere.example.org"}, 403),
        ({"Origin": SITE, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_behind_tls_and_on_a_port_the_right_pair_gets_in(
    behind_tls: Flask, headers: dict[str, str], status: int
) -> None:
    client = behind_tls.test_client()
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "Host": "petitions.example.org"}
    at = {"base_url": "https://petitions.example.org"}
    token = form_token(client, headers=forwarded, **at)
    answer = client.post("/login", data=pair(token), headers=forwarded | headers, **at)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(("knows_old", "status"), [(True, 200), (False, 303)])
def test_who_is_signed_in_stays_so_while_the_key_of_before_is_known(
    world: World, settings: Settings, *, knows_old: bool, status: int
) -> None:
    cookie = world.signed_in(OWNER).get_cookie("session")
    assert cookie is not None
    old = settings.secret_key if knows_old else ""
    made = create_app(replace(settings, secret_key="another key " * 4, old_secret_key=old), check=False)
    client = made.test_client()
    client.set_cookie("session", cookie.value)
    assert client.get("/console/org-one/").status_code == status
    with made.app_context():
        made.extensions["proca_encryption"].end()
        db.engine.dispose()


def test_a_form_older_than_its_session_is_shown_again_with_the_address(client: FlaskClient, world: World) -> None:
    old = form_token(client)
    fresh = client.application.test_client()
    for token in (old, "", "x"):
        answer = fresh.post("/login", data=pair(token))
        assert answer.status_code == 422
        assert f'value="{OWNER}"' in answer.text
        assert PASSWORD not in answer.text
        assert "open for too long" in answer.text
        assert "do not belong together" not in answer.text
    again = re.search(r'csrf_token" value="([^"]+)"', answer.text)
    assert again
    assert fresh.post("/login", data=pair(again[1])).status_code == 303


def test_the_second_tab_gets_its_form_again(client: FlaskClient, world: World) -> None:
    second = form_token(client)
    assert client.post("/login", data=pair(form_token(client))).status_code == 303
    assert client.post("/login", data=pair(second)).status_code == 422


@pytest.mark.parametrize("path", ["/console/org-one/exports", "/console/org-one/keys", "/console/org-one/?a=b&c=d"])
def test_after_signing_in_one_is_where_one_was_going(client: FlaskClient, world: World, path: str) -> None:
    turned = client.get(path)
    assert (turned.status_code, turned.headers["Location"]) == (303, "/login")
    client.post("/login", data=pair(form_token(client), "not the password"))
    assert client.post("/login", data=pair(form_token(client))).headers["Location"] == path
    client.post("/logout", data={"csrf_token": "x"})
    assert client.get("/login").headers["Location"] == "/console/"


@pytest.mark.parametrize("path", ["/console/org-two/exports", "/console/org-one-more/", "/console/", "//evil.org/"])
def test_nobody_is_led_anywhere_else(client: FlaskClient, world: World, path: str) -> None:
    client.get(path)
    answer = client.post(f"/login?next={path}", data=pair(form_token(client)) | {"next": path})
    assert answer.headers["Location"] == "/console/"


@pytest.mark.parametrize("path", ["/console/org-two/", "/console/org-one/nothing", "/console/org-one/keys/999"])
def test_what_is_not_there_is_said_inside_the_console(world: World, path: str) -> None:
    answer = world.signed_in(OWNER).get(path)
    assert answer.status_code == 404
    assert 'href="/console/org-one/exports"' in answer.text
    assert "org-two" not in answer.text


def test_outside_the_console_an_error_knows_nobody(world: World) -> None:
    for path in ("/p/nothing", "/nothing"):
        assert "/console/" not in world.signed_in(OWNER).get(path).text


def test_a_secret_is_refused_inside_the_console(world: World) -> None:
    browser = world.signed_in(OWNER)
    token = re.search(r'csrf_token" value="([^"]+)"', browser.get("/console/org-one/keys").text)
    assert token
    answer = browser.post(
        "/console/org-one/keys", data={"csrf_token": token[1], "public": '{"secret":"' + "A" * 43 + '"}'}
    )
    assert answer.status_code == 400
    assert "That looked like a secret" in answer.text
    assert 'href="/console/org-one/exports"' in answer.text
