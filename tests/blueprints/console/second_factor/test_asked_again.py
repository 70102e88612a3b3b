"""Acts that matter ask for the second step again after five minutes; nothing one wanted or typed is lost by it."""

import html
import re

import pytest
from flask.testing import FlaskClient

from proca_web.services.staff.second_factor import standing
from tests.blueprints.console.second_factor.conftest import OWNER, Person
from tests.blueprints.console.second_factor.phone import STEP_UP, post
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World, form_token

pytestmark = ON_SQLITE
EXPORT = "/console/org-one/exports/contacts.csv?only_opt_in=true&campaign=trees"
PUBLIC = {"public": "A" * 43, "role": "recovery", "fingerprint": "of <my> key"}


@pytest.fixture
def stale(person: Person, clock: FakeClock) -> FlaskClient:
    """The owner's browser, five minutes after the code."""
    clock.forward(minutes=5)
    return person.browser


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's first form that asks for a code, and where it leads."""
    form = re.search(r'<form method="post" action="([^"]*step-up[^"]*)">(.*?)</form>', page, re.S)
    assert form, page
    found = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[2]))
    return {name: html.unescape(value) for name, value in found.items()} | {"": html.unescape(form[1])}


def test_for_five_minutes_nothing_is_asked(person: Person, clock: FakeClock) -> None:
    clock.forward(minutes=3, seconds=59)  # the fixture has let one pass
    assert person.browser.get(EXPORT).status_code == 200
    clock.forward(seconds=1)
    assert person.browser.get(EXPORT).status_code == 303


def test_a_page_comes_back_as_it_was_asked_for(stale: FlaskClient, person: Person, world: World) -> None:
    asked = stale.get(EXPORT)
    assert asked.status_code == 303
    assert asked.location.startswith(STEP_UP)
    assert world.query("SELECT count(*) FROM audit_entries WHERE event = 'export'") == [(0,)]
    form = hidden(stale.get(asked.location).text)
    wrong = stale.post(form.pop(""), data=form | {"code": "000000"})
    assert wrong.status_code == 422
    form = hidden(wrong.text)
    begins = stale.post(form.pop(""), data=form | {"code": person.phone.code()})
    assert html.escape(EXPORT) in begins.text
    assert stale.get(EXPORT).status_code == 200


def test_a_form_is_sent_again_with_all_that_it_held(stale: FlaskClient, person: Person, world: World) -> None:
    path = "/console/org-one/keys?from=somewhere"
    asked = post(stale, path, "/account/second-step", **PUBLIC)
    assert asked.status_code == 403
    form = hidden(asked.text)
    assert {name: form[name] for name in PUBLIC} == PUBLIC
    wrong = stale.post(form.pop(""), data=form | {"code": "000000"})
    assert wrong.status_code == 422
    form = hidden(wrong.text)
    assert {name: form[name] for name in PUBLIC} == PUBLIC
    sent = form | {"code": person.phone.code()}
    again = stale.post(sent.pop(""), data=sent)
    assert (again.status_code, again.location) == (307, path)  # a browser sends the same form there
    answer = stale.post(path, data=sent)
    assert answer.status_code != 403
    assert "of &lt;my&gt; key" in answer.text


def test_a_form_from_elsewhere_is_refused_before_anything_is_asked(stale: FlaskClient) -> None:
    assert stale.post("/console/org-one/keys", data=PUBLIC).status_code == 400
    foreign = {"Sec-Fetch-Site": "cross-site"}
    data = {"csrf_token": form_token(stale, "/account/second-step"), **PUBLIC}
    assert stale.post("/console/org-one/keys", data=data, headers=foreign).status_code == 403
    assert "code" not in stale.post("/console/org-one/keys", data=data, headers=foreign).text.split("<main")[1][:200]


def test_a_secret_is_refused_and_not_put_into_the_question(stale: FlaskClient) -> None:
    answer = post(stale, "/console/org-one/keys", "/account/second-step", public='{"secret":"' + "A" * 43 + '"}')
    assert answer.status_code == 400
    assert "A" * 43 not in answer.text


def test_a_script_is_told_takes_the_code_and_goes_on(stale: FlaskClient, person: Person) -> None:
    headers = {"Accept": "application/json", "X-CSRFToken": form_token(stale, "/account/second-step")}
    asked = stale.post("/console/org-one/keys", json=PUBLIC, headers=headers)
    assert asked.status_code == 403
    assert asked.json["step_up"] == STEP_UP
    assert stale.post(STEP_UP, data={"code": "000000"}, headers=headers).status_code == 422
    assert stale.post(STEP_UP, data={"code": person.phone.code()}, headers=headers).json == {"proven": True}
    assert "step_up" not in stale.post("/console/org-one/keys", json=PUBLIC, headers=headers).json


def test_htmx_gets_the_question_beside_the_form(stale: FlaskClient) -> None:
    data = {"csrf_token": form_token(stale, "/account/second-step"), **PUBLIC}
    asked = stale.post("/console/org-one/keys", data=data, headers={"HX-Request": "true"})
    assert (asked.status_code, asked.headers["HX-Retarget"]) == (403, "#notice")
    assert "<html" not in asked.text
    assert hidden(asked.text)["fingerprint"] == PUBLIC["fingerprint"]


def test_a_code_that_was_used_to_sign_in_is_not_asked_for_twice(stale: FlaskClient, person: Person) -> None:
    code = person.phone.code()
    assert post(stale, STEP_UP, code=code).status_code == 303
    assert post(stale, STEP_UP, code=code).status_code == 422


@pytest.mark.parametrize("way", ["https://evil.org/", "//evil.org", "/\\evil.org", "/console/\\evil", "/keys", ""])
def test_nobody_is_led_anywhere_else(stale: FlaskClient, person: Person, way: str) -> None:
    token = form_token(stale, "/account/second-step")
    answer = stale.post(
        STEP_UP, query_string={"to": way, "again": "post"}, data={"csrf_token": token, "code": person.phone.code()}
    )
    assert answer.location == "/console/"


def test_a_passwords_field_is_never_put_into_a_page(stale: FlaskClient) -> None:
    asked = post(stale, "/console/org-one/keys", "/account/second-step", **PUBLIC, password_again="hunter2 hunter2")
    assert "hunter2" not in asked.text


@pytest.mark.parametrize("second_factor", ["off"], indirect=True)
def test_where_it_is_off_no_act_asks(stale: FlaskClient) -> None:
    assert stale.get(EXPORT).status_code == 200


def test_whose_role_needs_none_and_who_has_none_is_not_asked(world: World, clock: FakeClock) -> None:
    world.execute("UPDATE memberships SET role = 'viewer' WHERE user_id = 1")
    browser = world.signed_in(OWNER)
    clock.forward(minutes=6)
    assert browser.get("/account/second-step/passkeys").status_code == 200


def test_who_became_an_owner_later_takes_their_step_first(person: Person, world: World) -> None:
    world.execute("UPDATE staff_sessions SET factor_at = NULL")
    led = person.browser.get("/console/org-one/keys")
    assert (led.status_code, led.location) == (303, f"{STEP_UP}?to=/console/org-one/keys")
    assert post(person.browser, led.location, code=person.phone.code()).location == "/console/org-one/keys"
    assert standing.is_needed(()) is False
