"""Accounts, members and sessions from the command line: the same rules and the same records as in the console."""

import json

import pytest

from tests.cli.instance import OPERATOR, Instance

A, B = "a@example.org", "b@example.org"
SESSION = (
    "INSERT INTO staff_sessions (user_id, token_id, device, network, created_at, seen_at) "
    "SELECT id, randomblob(32), 'Firefox on Linux', '203.0.113.0/24', datetime('now'), datetime('now') "
    "FROM users WHERE email = ?"
)


@pytest.fixture
def staffed(org: Instance) -> Instance:
    """org-one with two owners."""
    for email in (A, B):
        org.does("user", "add", email, "--org", "org-one")
    return org


def events(instance: Instance) -> list[tuple[str, str]]:
    query = "SELECT name, event FROM audit_entries JOIN orgs ON orgs.id = org_id WHERE event LIKE 'people-%'"
    return [tuple(row) for row in instance.sql(f"{query} ORDER BY audit_entries.id")]


def test_who_has_an_account_joins_another_org_with_it_and_is_told(staffed: Instance) -> None:
    staffed.does("org", "add", "org-two", "--title", "Org Two")
    before = staffed.sql("SELECT password_hash FROM users WHERE email = ?", A)
    said = staffed.does("user", "add", "A@example.org", "--org", "org-two", "--role", "viewer")
    assert "belongs to org-two too" in said
    assert "password" not in said
    assert staffed.sql("SELECT password_hash FROM users WHERE email = ?", A) == before
    assert "a@example.org  org-one (owner), org-two (viewer)" in staffed.does("user", "list")
    assert staffed.sql("SELECT kind FROM outbox") == [("people-add",)]
    assert events(staffed) == [("org-two", "people-add")]
    assert "leave that option out" in staffed.refuses("user", "add", A, "--org", "org-two", "--ask")
    assert "operators belong to the Home Org" in staffed.refuses(
        "user", "add", OPERATOR, "--org", "org-two", "--role", "operator"
    )


def test_a_locked_account_is_signed_out_and_recorded(staffed: Instance) -> None:
    staffed.sql(SESSION, A)
    assert "signed out everywhere" in staffed.does("user", "lock", A)
    assert staffed.sql("SELECT count(*) FROM staff_sessions") == [(0,)]
    assert f"{A}  org-one (owner)  locked" in staffed.does("user", "list")
    staffed.does("user", "unlock", A)
    assert "locked" not in staffed.does("user", "list")
    assert events(staffed) == [
        *(("home", "people-account-lock"), ("org-one", "people-account-lock")),
        *(("home", "people-account-unlock"), ("org-one", "people-account-unlock")),
    ]
    assert "there is no user x@example.org" in staffed.refuses("user", "lock", "x@example.org")


def test_members_are_listed_and_removed_but_for_the_last_owner(staffed: Instance) -> None:
    found = json.loads(staffed.does("org", "member", "list", "org-one", "--json"))
    assert [(each["email"], each["role"], each["second_step"]) for each in found] == [
        (A, "owner", False),
        (B, "owner", False),
    ]
    assert f"{A}  owner  since 2" in staffed.does("org", "member", "list", "org-one")
    staffed.does("org", "member", "remove", "org-one", A)
    assert "last owner of org one" in staffed.refuses("org", "member", "remove", "org-one", B).lower()
    assert "not a member" in staffed.refuses("org", "member", "remove", "org-one", A)
    assert staffed.sql("SELECT count(*) FROM users WHERE email = ?", A) == [(1,)]
    assert events(staffed) == [("org-one", "people-remove")]
    assert "there is no org nobody" in staffed.refuses("org", "member", "list", "nobody")


def test_whoever_runs_the_site_last_is_not_removed_by_mistake(staffed: Instance) -> None:
    assert "last owner" in staffed.refuses("org", "member", "remove", "home", OPERATOR)
    assert "the last owner of home" in staffed.refuses("user", "remove", OPERATOR)


def test_sessions_are_listed_and_ended(staffed: Instance) -> None:
    for email in (A, A, B):
        staffed.sql(SESSION, email)
    said = staffed.does("session", "list", A)
    assert said.count("Firefox on Linux  203.0.113.0/24") == 2
    first = json.loads(staffed.does("session", "list", A, "--json"))[0]["id"]
    assert "1 session of" in staffed.does("session", "end", A, "--id", str(first))
    assert "has no session" in staffed.refuses("session", "end", A, "--id", str(first))
    assert "1 session of" in staffed.does("session", "end", A)
    assert "0 sessions of" in staffed.does("session", "end", A)
    assert staffed.sql("SELECT count(*) FROM staff_sessions") == [(1,)]
    assert [event for _, event in events(staffed)] == ["people-sessions-end"] * 4
