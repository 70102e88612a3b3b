"""Signing in with a second step: nobody is in before the code, and each code gets in once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.app import create_app
from proca_web.config import Settings
from proca_web.extensions import db
from tests.blueprints.console.second_factor.conftest import OWNER, Person
from tests.blueprints.console.second_factor.phone import SET_UP, password_only, post, set_up, sign_in
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World, another_process, form_token


@ON_SQLITE
def test_a_right_password_alone_opens_nothing(person: Person, client: FlaskClient, world: World) -> None:
    before = world.query("SELECT count(*) FROM staff_sessions")
    assert password_only(client, OWNER).location == "/login/code"
    assert world.query("SELECT count(*) FROM staff_sessions") == before
    for path in ("/console/org-one/", "/account/second-step", SET_UP, "/account/step-up"):
        assert client.get(path).location == "/login"
    assert OWNER in client.get("/login/code").text
    assert post(client, "/login/code", code=person.phone.code()).location == "/console/"
    assert client.get("/console/org-one/").status_code == 200


@ON_SQLITE
def test_it_leads_where_one_was_going(person: Person, client: FlaskClient) -> None:
    client.get("/console/org-one/keys")
    assert sign_in(client, OWNER, person.phone.code()).location == "/console/org-one/keys"


@ON_SQLITE
@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_clock_may_be_half_a_minute_off(person: Person, client: FlaskClient, steps: int, status: int) -> None:
    assert sign_in(client, OWNER, person.phone.code(steps)).status_code == status


def test_a_code_works_once_in_whatever_process(person: Person, client: FlaskClient, world: World) -> None:
    code = person.phone.code()
    assert sign_in(client, OWNER, code).status_code == 303
    assert sign_in(world.app.test_client(), OWNER, code).status_code == 422
    with another_process(world) as elsewhere:
        assert sign_in(elsewhere, OWNER, code).status_code == 422
        assert elsewhere.get("/console/org-one/").location == "/login"


def test_of_several_who_send_one_code_at_once_one_gets_in(person: Person, world: World) -> None:
    clients = [world.app.test_client() for _ in range(4)]
    for each in clients:
        password_only(each, OWNER)
    forms = [{"csrf_token": form_token(each, "/login/code"), "code": person.phone.code()} for each in clients]
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(lambda pair: pair[0].post("/login/code", data=pair[1]), zip(clients, forms, strict=True))
        )
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]


@ON_SQLITE
def test_an_earlier_code_is_no_good_after_a_later_one(person: Person, client: FlaskClient, world: World) -> None:
    earlier = person.phone.code()
    assert sign_in(client, OWNER, person.phone.code(1)).status_code == 303
    assert sign_in(world.app.test_client(), OWNER, earlier).status_code == 422


@ON_SQLITE
def test_the_code_that_set_the_phone_up_is_spent(world: World, clock: FakeClock) -> None:
    phone, _ = set_up(world.signed_in(OWNER))
    assert sign_in(world.app.test_client(), OWNER, phone.code()).status_code == 422


def test_a_recovery_code_works_once_and_says_how_many_are_left(
    person: Person, client: FlaskClient, world: World
) -> None:
    typed = person.codes[3].replace("-", " ").lower()
    used = sign_in(client, OWNER, typed)
    assert (used.status_code, used.location) == (303, "/account/second-step?used=code")
    assert "9 are left" in client.get(used.location).text
    with another_process(world) as elsewhere:
        assert sign_in(elsewhere, OWNER, person.codes[3]).status_code == 422
        assert sign_in(elsewhere, OWNER, person.codes[4]).status_code == 303


@ON_SQLITE
def test_the_session_is_a_new_one_after_the_code(person: Person, client: FlaskClient, world: World) -> None:
    client.get("/login")
    planted = client.get_cookie("session").value
    password_only(client, OWNER)
    halfway = client.get_cookie("session").value
    assert post(client, "/login/code", code=person.phone.code()).status_code == 303
    for known in (planted, halfway):
        thief = world.app.test_client()
        thief.set_cookie("session", known)
        assert thief.get("/console/org-one/").location == "/login"


@ON_SQLITE
def test_after_ten_minutes_one_begins_again(person: Person, client: FlaskClient, clock: FakeClock) -> None:
    password_only(client, OWNER)
    token = form_token(client, "/login/code")
    clock.forward(minutes=10)
    assert client.get("/login/code").location == "/login"
    late = client.post("/login/code", data={"csrf_token": token, "code": person.phone.code()})
    assert late.status_code == 422
    assert client.get("/console/org-one/").location == "/login"


@ON_SQLITE
@pytest.mark.parametrize("change", ["password_hash = 'another'", "locked_at = created_at"])
def test_another_password_or_a_lock_ends_what_was_begun(
    person: Person, client: FlaskClient, world: World, change: str
) -> None:
    password_only(client, OWNER)
    token = form_token(client, "/login/code")
    world.execute(f"UPDATE users SET {change} WHERE id = 1")
    assert client.post("/login/code", data={"csrf_token": token, "code": person.phone.code()}).status_code == 422


@ON_SQLITE
def test_after_signing_out_no_old_page_and_no_old_cookie_gets_in(person: Person, client: FlaskClient) -> None:
    sign_in(client, OWNER, person.phone.code())
    kept = client.get_cookie("session").value
    page = client.get("/account/second-step")
    assert page.headers["Cache-Control"] == "no-store"
    post(client, "/logout", "/account/second-step")
    assert client.get("/account/second-step").location == "/login"
    client.set_cookie("session", kept)
    assert client.get("/console/org-one/").location == "/login"


@ON_SQLITE
@pytest.mark.parametrize("code", ["", "abc", "0" * 5000, "１２３４５６", "ZZZZ-ZZZZ", "<b>"])
def test_whatever_is_typed_is_answered_with_the_form(person: Person, client: FlaskClient, code: str) -> None:
    answer = sign_in(client, OWNER, code)
    assert answer.status_code == 422
    assert "This code was not taken." in answer.text
    assert "<b>" not in answer.text


@ON_SQLITE
def test_codes_are_counted(person: Person, client: FlaskClient, one_minute: None) -> None:
    password_only(client, OWNER)
    data = {"csrf_token": form_token(client, "/login/code"), "code": "000000"}
    answers = [client.post("/login/code", data=data).status_code for _ in range(11)]
    assert answers[-1] == 429
    assert 303 not in answers


@ON_SQLITE
def test_a_new_secret_key_opens_with_the_old_one_and_seals_anew(person: Person, world: World, clock: FakeClock) -> None:
    settings: Settings = world.app.extensions["proca_settings"]
    newer = replace(settings, secret_key="another key " * 4, old_secret_key=settings.secret_key)
    ((before,),) = world.query("SELECT seal FROM totp_factors")
    assert enter(newer, person) == 303
    ((after,),) = world.query("SELECT seal FROM totp_factors")
    assert before != after
    clock.forward(minutes=1)
    assert enter(replace(newer, old_secret_key=""), person) == 303
    clock.forward(minutes=1)
    assert enter(settings, person) == 422
    assert enter(settings, person, person.codes[0]) == 303


def enter(settings: Settings, person: Person, code: str = "") -> int:
    """Sign in at a process with these settings."""
    made: Flask = create_app(settings, check=False)
    status: int = sign_in(made.test_client(), OWNER, code or person.phone.code()).status_code
    with made.app_context():
        made.extensions["proca_encryption"].end()
        db.engine.dispose()
    return status
