"""What `add` set, `edit` changes, and `list` shows; a live page shows it at once."""

import json

import pytest

from tests.cli.instance import Instance


def test_an_org_says_something_else_about_itself(page: Instance) -> None:
    page.does("org", "edit", "org-one", "--title", "Org Uno", "--retention", "We keep them for a month.")
    ((title, retention, name),) = page.sql("SELECT title, retention, legal_name FROM orgs WHERE name = 'org-one'")
    assert (title, retention, name) == ("Org Uno", "We keep them for a month.", "One e.V.")
    wordings = page.sql("SELECT body, valid_until IS NULL FROM consent_texts ORDER BY id")
    assert [current for _, current in wordings] == [0, 1]
    assert "for a month" in wordings[1][0]


def test_a_campaign_is_changed(page: Instance) -> None:
    page.does("campaign", "edit", "trees", "--title", "Street trees", "--confirm-days", "21", "--force-delivery")
    query = "SELECT title, confirm_days, force_delivery FROM campaigns"
    assert page.sql(query) == [("Street trees", 21, 1)]
    page.does("campaign", "edit", "trees", "--no-force-delivery")
    assert page.sql(query) == [("Street trees", 21, 0)]


def test_a_page_is_changed_and_stays_live(page: Instance) -> None:
    page.does("page", "edit", "trees", "--title", "Trees!", "--fields", "email,first_name,phone", "--required", "phone")
    query = "SELECT title, fields, required, demand, status FROM action_pages"
    ((title, fields, required, demand, status),) = page.sql(query)
    assert (title, demand, status) == ("Trees!", "Keep them.", "live")
    assert json.loads(fields) == ["first_name", "email", "phone"]
    assert json.loads(required) == ["email", "first_name", "phone"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("org", "edit", "org-one", "--title", "a\nb"), "one line of text"),
        (("org", "edit", "org-one", "--legal-name", ""), "a legal notice needs"),
        (("org", "edit", "org-one", "--privacy-url", "javascript:x"), "no web address"),
        (("org", "edit", "nobody", "--title", "x"), "there is no org nobody"),
        (("campaign", "edit", "trees", "--title", ""), "cannot be empty"),
        (("page", "edit", "trees", "--required", "phone"), "only fields that the page asks for"),
        (("page", "edit", "trees", "--locale", "xx"), "no language"),
        (("page", "edit", "none", "--title", "x"), "there is no page none"),
    ],
)
def test_what_add_refuses_edit_refuses(page: Instance, command: tuple[str, ...], said: str) -> None:
    tables = ("orgs", "campaigns", "action_pages", "consent_texts")
    before = [page.sql(f"SELECT * FROM {table}") for table in tables]
    assert said in page.refuses(*command)
    assert [page.sql(f"SELECT * FROM {table}") for table in tables] == before


@pytest.mark.parametrize("what", ["org", "campaign", "page"])
def test_an_edit_that_says_nothing_is_told_so(page: Instance, what: str) -> None:
    assert "say what to change" in page.refuses(what, "edit", "trees", code=2)


def test_everything_can_be_listed(page: Instance) -> None:
    for what, names in (("org", ["home", "org-one"]), ("campaign", ["trees"]), ("page", ["trees"])):
        assert [entry["name"] for entry in json.loads(page.does(what, "list", "--json"))] == names
        assert [line.split()[0] for line in page.does(what, "list").splitlines()] == names
    (listed,) = json.loads(page.does("page", "list", "--json"))
    assert (listed["status"], listed["title"]) == ("live", "Street trees")
