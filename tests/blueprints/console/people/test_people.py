"""The people page and its acts, as a browser without script sees them."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.config import Settings
from proca_web.domain.staff_words import StaffRole
from proca_web.services.petitions import orgs
from tests import factories
from tests.blueprints.console.people.staffing import add, plain, post
from tests.factories import World

ANNA, OPERATOR = "admin@org-one.example.org", "operator@example.org"
PAGE = "/console/org-one/people"


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """What depends on the database is tested with the services."""
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def anna(world: World) -> FlaskClient:
    return world.signed_in(ANNA)


def test_the_page_says_who_is_there_what_each_role_may_do_and_who_is_the_last_owner(anna: FlaskClient) -> None:
    page = plain(anna.get(PAGE).text)
    for said in (
        ANNA,
        "(you)",
        "You are the last owner.",
        "Invite somebody",
        "Nobody is invited just now",
        "Who may do what",
    ):
        assert said in page
    table = anna.get(PAGE).text.partition('class="rights"')[2]
    rows = re.findall(r"<tr><th scope=\"row\">([^<]+)</th>(.*?)</tr>", table)
    held = {right: [word == "yes" for word in re.findall(r"hidden\">(yes|no)<", cells)] for right, cells in rows}
    assert held["See campaigns and numbers"] == [True] * 5
    assert held["Download the copies, delete, confirm receipt"] == [True, False, False, True, False]
    assert held["People and invitations"] == [True, False, False, False, False]
    assert len(held) == 9


def test_an_invitation_is_sent_listed_sent_again_and_taken_back(world: World, anna: FlaskClient) -> None:
    answer = post(anna, "/console/org-one/invitations", email="emre@example.org", role="viewer")
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?done=invited")
    page = plain(anna.get(answer.location).text)
    assert "The invitation is on its way" in page
    assert "emre@example.org Viewer · by admin@org-one.example.org · good until" in page
    assert post(anna, "/console/org-one/invitations/1/again").status_code == 303
    world.run("mail")
    assert [mail["to"] for mail in world.mails()] == ["emre@example.org"] * 2
    assert post(anna, "/console/org-one/invitations/1/withdraw").status_code == 303
    assert "emre@example.org" not in anna.get(PAGE).text
    refused = post(anna, "/console/org-one/invitations/1/again")
    assert refused.status_code == 409
    assert "taken back or declined meanwhile" in refused.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "emre", "role": "viewer"}, "Please write one e-mail address"),
        ({"email": "emre@example.org", "role": "wizard"}, "the one chosen here does not exist any more"),
        ({"email": "emre@example.org"}, "Please choose a role"),
        ({"email": ANNA, "role": "viewer"}, "is a member already"),
        ({"email": "emre@exаmple.org", "role": "viewer"}, "write its end as xn--exmple-4nf.org"),
    ],
)
def test_a_refused_invitation_keeps_what_was_typed(anna: FlaskClient, fields: dict[str, str], said: str) -> None:
    answer = post(anna, "/console/org-one/invitations", **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{fields["email"]}"' in answer.text
    if fields.get("role") == "viewer":
        assert 'value="viewer" checked' in answer.text


def test_an_address_with_unusual_letters_leaves_when_it_is_sent_once_more(anna: FlaskClient) -> None:
    fields = {"email": "emre@exаmple.org", "role": "viewer"}
    asked = post(anna, "/console/org-one/invitations", **fields)
    meant = re.search(r'name="meant" value="([^"]+)"', asked.text)
    assert meant is not None
    assert post(anna, "/console/org-one/invitations", **fields, meant=meant[1]).status_code == 303


def test_a_role_is_changed_and_holds_from_the_next_request_on(world: World, anna: FlaskClient) -> None:
    emre = add(world, "emre@example.org", StaffRole.VIEWER)
    theirs = world.signed_in("emre@example.org")
    assert theirs.get("/console/org-one/exports").status_code == 403
    assert post(anna, f"{PAGE}/{emre}/role", role="exporter").status_code == 303
    assert theirs.get("/console/org-one/exports").status_code == 200
    assert post(anna, f"{PAGE}/{emre}/role", role="wizard").status_code == 422
    assert post(anna, f"{PAGE}/{emre}/role", role="operator").status_code == 422
    world.run("mail")
    assert [mail["to"] for mail in world.mails()] == ["emre@example.org"]


def test_removal_ends_no_session_and_what_was_typed_is_shown_for_copying(world: World, anna: FlaskClient) -> None:
    emre = add(world, "emre@example.org", StaffRole.OWNER)
    theirs = world.signed_in("emre@example.org")
    assert theirs.get(PAGE).status_code == 200
    assert post(anna, f"{PAGE}/{emre}/remove").status_code == 303
    typed = {"email": "colleague@example.org", "role": "viewer", "csrf_token": "t", "password": "geheim"}
    answer = theirs.post("/console/org-one/invitations", data=typed)
    assert answer.status_code == 404
    assert "colleague@example.org" in answer.text
    assert "geheim" not in answer.text
    assert theirs.get("/console/").status_code == 200, "still signed in"
    assert "You belong to no organisation now" in theirs.get("/console/").text


def test_after_a_smaller_role_what_was_typed_is_shown_for_copying(world: World, anna: FlaskClient) -> None:
    emre = add(world, "emre@example.org", StaffRole.OWNER)
    theirs = world.signed_in("emre@example.org")
    assert post(anna, f"{PAGE}/{emre}/role", role="viewer").status_code == 303
    answer = theirs.post("/console/org-one/invitations", data={"email": "colleague@example.org"})
    assert answer.status_code == 403
    assert "colleague@example.org" in answer.text
    assert f"An owner of Org One can: {ANNA}." in plain(answer.text)
    secret = theirs.post("/console/org-one/keys", data={"public": "A" * 43})
    assert secret.status_code == 403
    assert "A" * 43 not in secret.text


def test_strangers_and_members_of_other_orgs_are_shown_nothing_of_what_they_sent(world: World) -> None:
    other = world.signed_in("admin@org-two.example.org")
    answer = other.post("/console/org-one/invitations", data={"email": "colleague@example.org"})
    assert answer.status_code == 404
    assert "colleague@example.org" not in answer.text


@pytest.mark.parametrize("path", [f"{PAGE}/1/role", f"{PAGE}/1/remove", "/console/org-one/leave"])
def test_the_last_owner_stays_and_is_told_the_way_out(anna: FlaskClient, path: str) -> None:
    answer = post(anna, path, role="viewer")
    assert answer.status_code == 409
    assert "Choose or invite another owner" in answer.text
    assert anna.get(PAGE).status_code == 200


def test_who_leaves_has_a_page_with_what_follows_and_is_led_to_their_other_orgs(world: World) -> None:
    add(world, "admin@org-two.example.org", StaffRole.VIEWER)
    two = world.signed_in("admin@org-two.example.org")
    assert "To come back you need a new invitation" in two.get("/console/org-one/leave").text
    answer = post(two, "/console/org-one/leave")
    assert (answer.status_code, answer.location) == (303, "/console/")
    assert two.get("/console/").location == "/console/org-two/"
    assert two.get("/console/org-one/").status_code == 404


def test_who_is_not_a_member_is_none_on_every_page(anna: FlaskClient, world: World) -> None:
    two = add(world, "two@example.org", StaffRole.VIEWER, "org-two")
    for path in (f"{PAGE}/{two}", f"{PAGE}/999"):
        assert anna.get(path).status_code == 404
    assert post(anna, f"{PAGE}/{two}/remove").status_code == 404
    assert world.query("SELECT count(*) FROM memberships WHERE user_id = :two", two=two) == [(1,)]


def test_tabs_and_switch_show_what_somebody_has(world: World, anna: FlaskClient) -> None:
    def tabs(client: FlaskClient, path: str) -> set[str]:
        nav = re.search(r'<nav class="row tabs.*?</nav>', client.get(path).text, re.S)
        assert nav is not None
        return set(re.findall(r">([A-Z][a-z]+)</a>", nav[0]))

    assert tabs(anna, "/console/org-one/") == {
        "Overview",
        "Campaigns",
        "Exports",
        "Keys",
        "People",
        "Settings",
        "Record",
    }
    assert "Change organisation" not in anna.get("/console/org-one/").text
    add(world, "viewer@example.org", StaffRole.VIEWER)
    viewer = world.signed_in("viewer@example.org")
    assert tabs(viewer, "/console/org-one/") == {"Overview", "Campaigns"}
    add(world, "viewer@example.org", StaffRole.EXPORTER, "org-two")
    assert tabs(viewer, "/console/org-two/") == {"Overview", "Campaigns", "Exports"}
    page = viewer.get("/console/org-one/").text
    assert "Change organisation" in page
    assert 'href="/console/org-two/"' in page
    assert tabs(world.signed_in(OPERATOR), "/console/home/") == {
        "Overview",
        "Organisations",
        "Campaigns",
        "Accounts",
        "Record",
    }


def test_console_lists_ones_orgs_and_leads_to_the_only_one(world: World, anna: FlaskClient) -> None:
    assert anna.get("/console/").location == "/console/org-one/"
    assert world.signed_in(OPERATOR).get("/console/").location == "/console/home/"
    add(world, ANNA, StaffRole.VIEWER, "org-two")
    page = anna.get("/console/")
    assert page.status_code == 200
    assert {"/console/org-one/", "/console/org-two/"} <= set(re.findall(r'href="([^"]+)"', page.text))


def test_whoever_runs_the_site_sees_people_and_changes_none(world: World) -> None:
    operator = world.signed_in(OPERATOR)
    page = operator.get(PAGE)
    assert page.status_code == 200
    assert "Invite somebody" not in page.text
    assert "Change<" not in page.text
    assert operator.get(f"{PAGE}/1").status_code == 403
    refused = post(operator, "/console/org-one/invitations", email="x@example.org", role="owner")
    assert refused.status_code == 403
    assert operator.get("/console/home/people").location == "/console/home/accounts"


def test_an_org_without_an_owner_gets_one_from_whoever_runs_the_site(world: World) -> None:
    with world.app.app_context(), writing() as session:
        orgs.add_org(session, "empty", "Empty", clock.now())
    operator = world.signed_in(OPERATOR)
    assert "Send the invitation" in operator.get("/console/empty/people").text
    assert post(operator, "/console/empty/invitations", email="x@example.org", role="viewer").status_code == 403
    assert post(operator, "/console/empty/invitations", email="x@example.org", role="owner").status_code == 303


def test_an_invitation_whose_sender_was_put_out_is_shown_so_and_holds_again_in_ones_own_name(
    world: World, anna: FlaskClient
) -> None:
    ben = add(world, "ben@example.org", StaffRole.OWNER)
    assert post(
        world.signed_in("ben@example.org"), "/console/org-one/invitations", email="x@example.org", role="viewer"
    )
    assert "good until" in anna.get(PAGE).text
    assert post(anna, f"{PAGE}/{ben}/remove").status_code == 303
    assert "does not hold any more" in anna.get(PAGE).text
    assert post(anna, "/console/org-one/invitations/1/again").status_code == 303
    assert "does not hold any more" not in anna.get(PAGE).text
