"""Organisations and accounts, as whoever runs the site makes, locks and opens them: and what a lock is felt as."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.config import Settings
from proca_web.domain.staff_words import StaffRole
from tests import factories
from tests.blueprints.console.people.staffing import add, plain, post
from tests.factories import PASSWORD, World, form_token

ANNA, OPERATOR = "admin@org-one.example.org", "operator@example.org"
ORGS, ACCOUNTS = "/console/home/organisations", "/console/home/accounts"


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def operator(world: World) -> FlaskClient:
    return world.signed_in(OPERATOR)


def number(world: World, table: str, column: str, value: str) -> int:
    ((found,),) = world.query(f"SELECT id FROM {table} WHERE {column} = :value", value=value)
    return int(found)


def recorded(world: World, event: str) -> set[str]:
    """The orgs in whose record it stands."""
    return {
        name
        for (name,) in world.query(
            "SELECT name FROM audit_entries JOIN orgs ON orgs.id = org_id WHERE event = :event", event=event
        )
    }


def test_a_new_organisation_is_made_and_its_first_owner_invited(world: World, operator: FlaskClient) -> None:
    made = post(operator, ORGS, name="green-city", title="Green City", email="gita@example.org")
    assert made.status_code == 303
    assert "invitation on the way" in plain(operator.get(made.location).text)
    assert "Green City" in operator.get(ORGS).text
    world.run("mail")
    (mail,) = world.mails()
    assert mail["to"] == "gita@example.org"
    assert "Green City" in mail["subject"]
    path = re.search(r"http://localhost(/invitation/[\w-]+)", mail["text"])
    assert path is not None
    visitor = world.app.test_client()
    token = form_token(visitor, path[1])
    chosen = {"csrf_token": token, "name": "Gita Nair", "password": "four unrelated words"}
    assert visitor.post(path[1], data=chosen).location == "/console/green-city/"
    assert visitor.get("/console/green-city/keys").status_code == 200
    assert recorded(world, "people-org-add") == {"green-city", "home"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Green City"}, "small letters, digits and single dashes"),
        ({"name": "org-one"}, "of this name already"),
        ({"title": " "}, "what the organisation is called"),
        ({"email": "gita"}, "Please write one e-mail address"),
        ({"email": ""}, "Please write the mail address"),
    ],
)
def test_a_refused_organisation_is_not_there_and_keeps_what_was_typed(
    world: World, operator: FlaskClient, change: dict[str, str], said: str
) -> None:
    typed = {"name": "green-city", "title": "Green City", "email": "gita@example.org"} | change
    answer = post(operator, ORGS, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    for field in ("name", "title", "email"):
        assert f'value="{typed[field]}"' in answer.text
    assert world.query("SELECT count(*) FROM orgs") == [(3,)]


def test_a_locked_organisation_takes_no_signatures_and_its_people_only_look(
    world: World, operator: FlaskClient, client: FlaskClient
) -> None:
    anna, one = world.signed_in(ANNA), number(world, "orgs", "name", "org-one")
    assert client.get("/p/trees").status_code == 200
    assert post(operator, f"{ORGS}/{one}/lock").status_code == 303
    assert "locked since" in operator.get(f"{ORGS}/{one}").text
    assert client.get("/p/trees").status_code == 503
    assert world.sign(client).status_code == 503
    assert world.query("SELECT count(*) FROM actions") == [(0,)]
    page = anna.get("/console/org-one/")
    assert page.status_code == 200
    assert "This organisation is locked." in page.text
    for path in ("exports", "exports/contacts.csv", "keys", "people"):
        answer = anna.get(f"/console/org-one/{path}")
        assert answer.status_code == 403
        assert "This organisation is locked" in answer.text
    assert post(anna, "/console/org-one/invitations", email="x@example.org", role="viewer").status_code == 403
    world.run("mail", "sweep", "mail")
    about = {(mail["to"], mail["subject"]) for mail in world.mails() if "Alarm" not in mail["subject"]}
    assert about == {(ANNA, "Org One is locked on this site")}, "nobody is told that a key is missing"
    assert post(operator, f"{ORGS}/{one}/unlock").status_code == 303
    assert client.get("/p/trees").status_code == 200
    assert world.sign(client).status_code == 303
    assert anna.get("/console/org-one/people").status_code == 200
    assert recorded(world, "people-org-lock") == recorded(world, "people-org-unlock") == {"org-one", "home"}


def test_what_was_signed_before_a_lock_is_confirmed_and_kept(
    world: World, operator: FlaskClient, client: FlaskClient
) -> None:
    world.sign(client)
    world.run("mail")
    one = number(world, "orgs", "name", "org-one")
    assert post(operator, f"{ORGS}/{one}/lock").status_code == 303
    assert client.post(world.link()).status_code == 303
    assert post(operator, f"{ORGS}/{one}/unlock").status_code == 303
    world.run("release")
    assert len(world.export("org-one")) == 1


def test_a_page_that_only_offers_a_locked_org_goes_on_without_it(
    world: World, operator: FlaskClient, client: FlaskClient
) -> None:
    assert 'name="lead_opt_in"' in client.get("/p/trees-partner").text
    assert post(operator, f"{ORGS}/{number(world, 'orgs', 'name', 'org-one')}/lock").status_code == 303
    page = client.get("/p/trees-partner")
    assert page.status_code == 200
    assert 'name="lead_opt_in"' not in page.text
    assert world.sign(client, "trees-partner", lead_opt_in="yes").status_code == 422
    assert world.sign(client, "trees-partner").status_code == 303


def test_the_home_org_is_not_locked_and_unknown_ones_are_not_there(world: World, operator: FlaskClient) -> None:
    home = number(world, "orgs", "name", "home")
    for path in (f"{ORGS}/{home}", f"{ORGS}/999"):
        assert operator.get(path).status_code == 404
        assert post(operator, f"{path}/lock").status_code == 409
    assert world.query("SELECT count(*) FROM orgs WHERE locked_at IS NOT NULL") == [(0,)]


def test_a_locked_account_is_signed_out_everywhere_and_cannot_sign_in(world: World, operator: FlaskClient) -> None:
    emre = add(world, "emre@example.org", StaffRole.VIEWER)
    add(world, "emre@example.org", StaffRole.VIEWER, "org-two")
    theirs = world.signed_in("emre@example.org")
    assert "in 1 browser" in operator.get(f"{ACCOUNTS}/{emre}").text
    assert post(operator, f"{ACCOUNTS}/{emre}/lock").status_code == 303
    assert theirs.get("/console/org-one/").status_code == 303
    visitor = world.app.test_client()

    def sign_in(password: str):
        token = form_token(visitor)
        return visitor.post("/login", data={"csrf_token": token, "email": "emre@example.org", "password": password})

    assert "This account is locked" in sign_in(PASSWORD).text
    assert "This account is locked" not in sign_in("a wrong password").text
    assert recorded(world, "people-account-lock") == {"org-one", "org-two", "home"}
    assert post(operator, f"{ACCOUNTS}/{emre}/unlock").status_code == 303
    assert sign_in(PASSWORD).status_code == 303


def test_nobody_locks_their_own_account(world: World, operator: FlaskClient) -> None:
    me = number(world, "users", "email", OPERATOR)
    assert "You cannot lock it yourself" in operator.get(f"{ACCOUNTS}/{me}").text
    assert post(operator, f"{ACCOUNTS}/{me}/lock").status_code == 409
    assert operator.get(ACCOUNTS).status_code == 200


def test_accounts_are_found_by_a_part_of_their_address(world: World, operator: FlaskClient) -> None:
    page = operator.get(f"{ACCOUNTS}?part=Org-Two").text
    assert "admin@org-two.example.org" in page
    assert ANNA not in page
    assert "No account has such an address" in operator.get(f"{ACCOUNTS}?part=%25").text
    assert operator.get(f"{ACCOUNTS}/999").status_code == 404


def test_whoever_runs_the_site_downloads_nothing(operator: FlaskClient) -> None:
    for path in ("exports", "exports/contacts.csv", "keys"):
        assert operator.get(f"/console/org-one/{path}").status_code == 403
