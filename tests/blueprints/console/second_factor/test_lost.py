"""Phone and codes are lost: another owner asks, all are told, a day passes, and anybody concerned can stop it."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.domain.staff_words import StaffRole
from proca_web.models import Membership, Org
from proca_web.services.staff import people
from tests.blueprints.console.second_factor.conftest import OWNER, Person
from tests.blueprints.console.second_factor.phone import Phone, password_only, post, set_up, sign_in
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World, form_token, password_hash

pytestmark = ON_SQLITE
SECOND, ELSEWHERE, OPERATOR = "second@org-one.example.org", "admin@org-two.example.org", "operator@example.org"
PATH = "/console/org-one/people/1/second-step"


def add(world: World, email: str, role: StaffRole = StaffRole.OWNER) -> None:
    """Somebody more on the staff of org-one."""
    with world.app.app_context(), writing() as session:
        org = session.query(Org).filter_by(name="org-one").one()
        people.add_user(session, email, password_hash(), org, role, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def other(person: Person, world: World) -> FlaskClient:
    """Another owner of org-one, with a phone of their own."""
    add(world, SECOND)
    browser = world.signed_in(SECOND)
    set_up(browser)
    return browser


def factors(world: World) -> list[int]:
    """How many apps, recovery codes and passkeys the person has."""
    tables = ("totp_factors", "recovery_codes", "passkeys")
    return [world.query(f"SELECT count(*) FROM {table} WHERE user_id = 1")[0][0] for table in tables]


def told(world: World) -> dict[str, list[str]]:
    """Subjects of the mails about resets, to whom."""
    world.run("mail")
    found: dict[str, list[str]] = {}
    for mail in world.mails():
        if mail["subject"].startswith("The second step"):
            found.setdefault(mail["subject"], []).append(mail["to"])
    return {subject: sorted(to) for subject, to in found.items()}


def test_after_a_day_it_is_off_and_everybody_knew(
    other: FlaskClient, person: Person, world: World, client: FlaskClient, clock: FakeClock
) -> None:
    assert post(other, PATH).status_code == 303
    assert told(world) == {f"The second step of {OWNER} is switched off in 24 hours": [OWNER, SECOND]}
    clock.forward(hours=23, minutes=59)
    world.run("sweep")
    assert factors(world) == [1, 10, 0]
    assert sign_in(client, OWNER, person.phone.code()).status_code == 303
    clock.forward(minutes=1)
    world.run("sweep")
    world.run("sweep")
    assert factors(world) == [0, 0, 0]
    assert client.get("/console/org-one/").location == "/login"
    assert password_only(world.app.test_client(), OWNER).location == "/console/"
    assert told(world)[f"The second step of {OWNER} was switched off"] == [OWNER, SECOND]
    events = [event for (event,) in world.query("SELECT event FROM audit_entries WHERE event LIKE 'factor-reset%'")]
    assert events == ["factor-reset-asked", "factor-reset-done"]


@pytest.mark.parametrize("who", ["owner", "person"])
def test_any_owner_and_the_person_can_stop_it(
    other: FlaskClient, person: Person, world: World, clock: FakeClock, who: str
) -> None:
    post(other, PATH)
    assert "Somebody asked for your second step to be switched off" in person.browser.get("/account/second-step").text
    for _ in range(2):  # safe to repeat
        if who == "owner":
            assert post(other, f"{PATH}/cancel", PATH).status_code == 303
        else:
            assert post(person.browser, "/account/second-step/stay", "/account/second-step").status_code == 303
    clock.forward(hours=25)
    world.run("sweep")
    assert factors(world) == [1, 10, 0]
    assert told(world)[f"The second step of {OWNER} stays"] == [OWNER, SECOND]
    clock.forward(minutes=1)
    assert world.query("SELECT count(*) FROM factor_resets WHERE done") == [(0,)]


def test_owners_of_wherever_else_they_work_are_told_and_can_stop_it(
    other: FlaskClient, person: Person, world: World, clock: FakeClock
) -> None:
    with world.app.app_context(), writing() as session:
        session.add(Membership(user_id=1, org_id=3, role="viewer", created_at=clock()))
    browser = world.signed_in(ELSEWHERE)
    set_up(browser)
    post(other, PATH)
    assert told(world)[f"The second step of {OWNER} is switched off in 24 hours"] == [OWNER, ELSEWHERE, SECOND]
    path = "/console/org-two/people/1/second-step"
    assert post(browser, f"{path}/cancel", path).status_code == 303
    assert world.query("SELECT count(*) FROM factor_resets WHERE ended_at IS NULL") == [(0,)]


def test_two_who_ask_at_once_ask_once(other: FlaskClient, world: World) -> None:
    assert post(other, PATH).status_code == 303
    again = other.post(PATH, data={"csrf_token": token_of(other)})
    assert again.status_code == 422
    assert "waits already" in again.text
    assert len(told(world)) == 1


def token_of(browser: FlaskClient) -> str:
    return form_token(browser, "/account/second-step")


def test_nobody_resets_their_own(person: Person, world: World) -> None:
    answer = person.browser.post(PATH, data={"csrf_token": token_of(person.browser)})
    assert answer.status_code == 422
    assert '<button type="submit" class="danger">' not in person.browser.get(PATH).text


def test_an_operator_asks_only_where_no_other_owner_can(person: Person, world: World, clock: FakeClock) -> None:
    browser = world.signed_in(OPERATOR)
    set_up(browser)
    add(world, SECOND)
    refused = browser.post(PATH, data={"csrf_token": token_of(browser)})
    assert refused.status_code == 422
    assert SECOND in refused.text
    world.execute("DELETE FROM users WHERE email = :email", email=SECOND)
    assert post(browser, PATH).status_code == 303
    assert told(world) == {f"The second step of {OWNER} is switched off in 24 hours": [OWNER]}


@pytest.mark.parametrize(("role", "status"), [("campaigner", 403), ("viewer", 403), ("exporter", 403)])
def test_whoever_may_not_manage_people_cannot_ask(person: Person, world: World, role: str, status: int) -> None:
    add(world, SECOND, StaffRole(role))
    browser = world.signed_in(SECOND)
    set_up(browser)
    for path in (PATH, f"{PATH}/cancel"):
        assert browser.post(path, data={"csrf_token": token_of(browser)}).status_code == status
    assert browser.get(PATH).status_code == status


def test_strangers_are_not_found(other: FlaskClient, world: World) -> None:
    for path in ("/console/org-one/people/2/second-step", "/console/org-one/people/999/second-step"):
        assert other.get(path).status_code == 404
        assert other.post(path, data={"csrf_token": token_of(other)}).status_code == 404
    assert other.get("/console/org-two/people/2/second-step").status_code == 404


def test_who_has_none_needs_no_reset(other: FlaskClient, world: World) -> None:
    add(world, "third@org-one.example.org", StaffRole.VIEWER)
    ((id_,),) = world.query("SELECT max(id) FROM users")
    path = f"/console/org-one/people/{id_}/second-step"
    assert "There is none" in other.get(path).text
    assert other.post(path, data={"csrf_token": token_of(other)}).status_code == 422


def test_a_new_password_leaves_the_second_step_on(person: Person, world: World, client: FlaskClient) -> None:
    with world.app.app_context(), writing() as session:
        people.set_password(session, people.named_user(session, OWNER), password_hash())
    assert password_only(client, OWNER).location == "/login/code"
    assert factors(world) == [1, 10, 0]


def test_asking_needs_a_fresh_second_step(other: FlaskClient, world: World, clock: FakeClock) -> None:
    clock.forward(minutes=6)
    assert other.post(PATH, data={"csrf_token": token_of(other)}).status_code == 403
    assert world.query("SELECT count(*) FROM factor_resets") == [(0,)]


def test_the_phone_is_of_its_owner_alone(person: Person, other: FlaskClient, client: FlaskClient) -> None:
    assert isinstance(person.phone, Phone)
    assert sign_in(client, SECOND, person.phone.code()).status_code == 422
