"""The partners of a campaign at a terminal: asked in, listed, ended, and who gets a copy."""

import json

from tests.cli.instance import Instance


def listed(page: Instance) -> list[tuple[str, str]]:
    found = json.loads(page.does("campaign", "partner", "list", "trees", "--json"))
    return [(each["title"], each["state"]) for each in found]


def test_an_operator_invites_lists_and_ends(page: Instance) -> None:
    page.does("org", "add", "org-two", "--title", "Org Two")
    page.does("campaign", "partner", "invite", "trees", "org-two")
    page.does("campaign", "partner", "invite", "trees", "Org Three", "--email", "office@org-three.example.org")
    invited = [("Org One", "leads"), ("Org Three", "invited"), ("Org Two", "invited")]
    assert sorted(listed(page)) == invited
    (campaign,) = json.loads(page.does("campaign", "list", "--json"))
    assert sorted((each["title"], each["state"]) for each in campaign["partners"]) == invited
    assert (campaign["partner_delivery"], campaign["asked_terms"]) == (True, "")
    assert "invited already" in page.refuses("campaign", "partner", "invite", "trees", "org-two")
    assert "No organisation here" in page.refuses("campaign", "partner", "invite", "trees", "Org Four")
    assert "does not take part" in page.refuses("campaign", "partner", "end", "trees", "org-two")
    page.sql("UPDATE partners SET state = 'joined' WHERE org_id IS NOT NULL")
    page.does("campaign", "partner", "end", "trees", "org-two")
    assert ("Org Two", "ended") in listed(page)


def test_an_operator_says_who_gets_a_copy(page: Instance) -> None:
    assert "in force" in page.does("campaign", "partner", "terms", "trees", "both")
    assert page.sql("SELECT partner_delivery, force_delivery FROM campaigns") == [(1, 1)]
