"""Sign → confirm → clear → release → export → open, in all three sender modes and on both databases."""

import pytest
from flask.testing import FlaskClient

from tests.factories import World


@pytest.mark.parametrize("mode", ["session", "static", "throwaway"], indirect=True)
def test_a_signature_reaches_both_orgs_and_leaves_nothing_readable(world: World, client: FlaskClient) -> None:
    answer = world.sign(client, "trees-partner", opt_in="yes", lead_opt_in="yes", comment="For the birds")
    assert answer.status_code == 303
    assert answer.location == "/p/trees-partner/check-inbox"

    world.run("mail")
    assert [mail["to"] for mail in world.mails()] == ["zofia@example.org"]
    link = world.link()
    assert client.get(link).status_code == 200
    confirmed = client.post(link)
    assert confirmed.status_code == 303
    assert confirmed.location == "/p/trees-partner/thanks"
    world.run("release", "mail")

    assert client.get("/p/trees/count.json").json["count"] == 1
    assert world.query("SELECT count(*) FROM transients")[0][0] == 0
    for org, deliver in (("org-one", False), ("org-two", True)):
        (row,) = world.export(org)
        person = world.open(org, row)
        assert (person["firstName"], person["lastName"]) == ("Zofia", "Ślązak-Żółć")
        assert person["_meta"]["deliver"] is deliver
        assert row["opt_in"] == "true"
        assert row["custom_fields"] == '{"comment":"For the birds"}'
        assert row["email_status"] == "double_opt_in"
