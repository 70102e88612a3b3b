"""Setting up a second step: before anything else where a role needs it, proven by a code, and ten codes to keep."""

import base64
import re

import pytest
from flask.testing import FlaskClient

from proca_web.services.staff.second_factor import sealing
from tests.blueprints.console.second_factor.conftest import OWNER, Person
from tests.blueprints.console.second_factor.phone import (
    CODES,
    SET_UP,
    Phone,
    password_only,
    post,
    reading,
    set_up,
    sign_in,
)
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World
from tests.house.written import Listener, dump, files

pytestmark = ON_SQLITE


def test_an_owner_sets_it_up_before_anything_else_and_is_then_where_they_were_going(world: World) -> None:
    browser = world.signed_in(OWNER)
    for path in ("/console/org-one/keys", "/console/", "/console/org-one/exports/contacts.csv"):
        turned = browser.get(path)
        assert (turned.status_code, turned.location) == (303, SET_UP)
    browser.get("/console/org-one/keys")
    _, codes = set_up(browser)
    assert len(set(codes)) == 10
    done = post(browser, f"{CODES}/kept", CODES, kept="yes")
    assert (done.status_code, done.location) == (303, "/console/org-one/keys")
    assert browser.get("/console/org-one/keys").status_code == 200


def test_a_post_is_led_there_too(world: World) -> None:
    browser = world.signed_in(OWNER)
    answer = post(browser, "/console/org-one/keys/1/revoke", SET_UP, really="yes")
    assert (answer.status_code, answer.location) == (303, SET_UP)
    assert world.query("SELECT count(*) FROM public_keys WHERE status = 'revoked'") == [(0,)]


@pytest.mark.parametrize(("role", "status"), [("campaigner", 200), ("viewer", 200), ("exporter", 303), ("owner", 303)])
def test_only_whose_role_needs_it_is_led_there(world: World, role: str, status: int) -> None:
    world.execute("UPDATE memberships SET role = :role WHERE user_id = 1", role=role)
    assert world.signed_in(OWNER).get("/console/org-one/").status_code == status


@pytest.mark.parametrize("second_factor", ["off"], indirect=True)
def test_where_it_is_off_nobody_is_asked_and_the_console_says_so(world: World) -> None:
    shown = world.signed_in(OWNER).get("/console/org-one/")
    assert shown.status_code == 200
    assert "The second step of signing in is off on this site." in shown.text
    assert world.signed_in(OWNER).get("/console/org-one/exports/contacts.csv").status_code == 200


def test_a_wrong_code_keeps_the_picture(world: World, clock: FakeClock) -> None:
    browser = world.signed_in(OWNER)
    phone = reading(browser.get(SET_UP).text)
    for code in ("000000" if phone.code() != "000000" else "111111", "", "12345", "1234567", "½23456", phone.code(2)):
        answer = post(browser, SET_UP, code=code)
        assert answer.status_code == 422
        assert reading(answer.text) == phone
    assert reading(browser.get(SET_UP).text) == phone
    assert world.query("SELECT count(*) FROM totp_factors") == [(0,)]
    assert post(browser, SET_UP, code=f" {phone.code()[:3]} {phone.code()[3:]} ").status_code == 303


def test_a_picture_that_is_ten_minutes_old_is_another_one(world: World, clock: FakeClock) -> None:
    browser = world.signed_in(OWNER)
    phone = reading(browser.get(SET_UP).text)
    token = re.search(r'csrf_token" value="([^"]+)"', browser.get(SET_UP).text)
    assert token
    clock.forward(minutes=10)
    late = browser.post(SET_UP, data={"csrf_token": token[1], "code": phone.code()})
    assert (late.status_code, late.location) == (303, SET_UP)
    assert reading(browser.get(SET_UP).text) != phone
    assert world.query("SELECT count(*) FROM totp_factors") == [(0,)]


def test_setting_it_up_ends_every_session_but_a_new_one_here(world: World, app) -> None:
    here, elsewhere = world.signed_in(OWNER), app.test_client()
    assert password_only(elsewhere, OWNER).status_code == 303
    stolen = here.get_cookie("session")
    set_up(here)
    assert here.get("/console/org-one/").status_code == 200
    assert elsewhere.get("/console/org-one/").location == "/login"
    thief = app.test_client()
    thief.set_cookie("session", stolen.value)
    assert thief.get("/console/org-one/").location == "/login"


def test_the_codes_are_shown_until_they_are_kept_and_never_again(world: World, clock: FakeClock) -> None:
    browser = world.signed_in(OWNER)
    _, codes = set_up(browser)
    again = browser.get(CODES)
    assert all(code in again.text for code in codes)
    file = browser.get(f"{CODES}.txt")
    assert "attachment" in file.headers["Content-Disposition"]
    assert all(code in file.text for code in codes)
    refused = post(browser, f"{CODES}/kept", CODES)
    assert refused.status_code == 422
    assert all(code in refused.text for code in codes)
    assert post(browser, f"{CODES}/kept", CODES, kept="yes").status_code == 303
    for path in (CODES, f"{CODES}.txt"):
        gone = browser.get(path)
        assert gone.status_code == 303
        assert not any(code in gone.text for code in codes)


def test_after_ten_minutes_nobody_reads_them_off_the_screen(world: World, clock: FakeClock) -> None:
    browser = world.signed_in(OWNER)
    set_up(browser)
    clock.forward(minutes=10)
    assert browser.get(CODES).location == "/account/second-step"


def test_a_phone_is_moved_when_the_new_one_is_proven(person: Person, client: FlaskClient, clock: FakeClock) -> None:
    new = reading(person.browser.get(SET_UP).text)
    clock.forward(seconds=60)
    assert sign_in(client, OWNER, person.phone.code()).status_code == 303
    clock.forward(seconds=60)
    _, codes = set_up(person.browser)
    clock.forward(seconds=60)
    other = client.application.test_client()
    assert sign_in(other, OWNER, person.phone.code()).status_code == 422
    assert sign_in(other, OWNER, person.codes[0]).status_code == 422
    assert sign_in(other, OWNER, new.code()).status_code == 303
    assert not set(codes) & set(person.codes)


def test_ten_new_codes_make_the_old_ones_void(person: Person, client: FlaskClient) -> None:
    made = post(person.browser, CODES, "/account/second-step")
    assert made.location == CODES
    assert not any(code in person.browser.get(CODES).text for code in person.codes)
    assert sign_in(client, OWNER, person.codes[0]).status_code == 422


def test_the_only_way_is_not_taken_off_where_it_is_needed(person: Person, world: World) -> None:
    path = "/account/second-step/app/remove"
    assert post(person.browser, path, "/account/second-step").status_code == 422
    assert world.query("SELECT count(*) FROM totp_factors") == [(1,)]
    assert path not in person.browser.get("/account/second-step").text
    world.execute("UPDATE memberships SET role = 'viewer'")
    assert path in person.browser.get("/account/second-step").text
    assert post(person.browser, path, "/account/second-step").status_code == 303
    for table in ("totp_factors", "recovery_codes"):
        assert world.query(f"SELECT count(*) FROM {table}") == [(0,)]


def test_each_change_is_recorded_and_told(person: Person, world: World, client: FlaskClient) -> None:
    sign_in(client, OWNER, person.codes[0])
    post(person.browser, CODES, "/account/second-step")
    world.run("mail")
    events = [event for (event,) in world.query("SELECT event FROM audit_entries ORDER BY id")]
    assert [event for event in events if event.startswith("factor")] == [
        "factor-app",
        "factor-code-used",
        "factor-codes",
    ]
    mails = [mail["text"] for mail in world.mails()]
    assert {mail["to"] for mail in world.mails()} == {OWNER}
    for said in (
        "An app on a phone now shows your codes",
        "Recovery codes left: 9",
        "Ten new recovery codes were made",
    ):
        assert sum(said in mail for mail in mails) == 1


def test_no_secret_and_no_code_is_found_anywhere(world: World, log: Listener, clock: FakeClock) -> None:
    browser = world.signed_in(OWNER)
    phone, codes = set_up(browser)
    clock.forward(seconds=60)
    other = world.app.test_client()
    typed = phone.code()
    sign_in(other, OWNER, typed)
    sign_in(world.app.test_client(), OWNER, codes[0])
    world.run("mail", "sweep")
    needles = [*secret_spellings(phone), *(spelt for code in codes for spelt in (code, code.replace("-", "")))]
    places = {"database": dump(world), "log": log.heard} | files(world.app.extensions["proca_settings"].data_dir)
    places |= {"cookie": other.get_cookie("session").value.encode()}
    mails = "".join(str(mail) for mail in world.mails()).encode()
    for name, content in {**places, "mails": mails}.items():
        for needle in needles:
            assert needle.encode() not in content, (name, needle)
        if name in ("log", "mails"):
            assert typed.encode() not in content, name
    ((seal,),) = world.query("SELECT seal FROM totp_factors")
    keys = world.app.extensions["proca_settings"].secret_keys
    assert sealing.open_(bytes(seal), 1, keys) == (phone.secret, False)
    assert sealing.open_(bytes(seal), 2, keys) is None


def secret_spellings(phone: Phone) -> list[str]:
    raw = phone.secret
    return [base64.b32encode(raw).decode(), raw.hex(), base64.urlsafe_b64encode(raw).decode().rstrip("=")]
