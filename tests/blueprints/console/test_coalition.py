"""The screens of a coalition, as people press through them: invite, accept, look, approve, choose, end."""

import re

import pytest
from flask.testing import FlaskClient

from tests.factories import PASSWORD, World, form_token

PARTNERS = "/console/org-one/campaigns/trees/partners"
THEIRS = "/console/org-two/campaigns/trees/partners"
LEAD, OTHER = "admin@org-one.example.org", "admin@org-two.example.org"
NEW = "office@org-four.example.org"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def press(browser: FlaskClient, path: str, on: str = "/account/", **fields: str) -> str:
    """Send a form; where it leads, or its page where it stays."""
    answer = browser.post(path, data={"csrf_token": form_token(browser, on), **fields})
    return (
        answer.headers.get("Location", answer.text)
        if answer.status_code == 303
        else f"{answer.status_code} {answer.text}"
    )


def mailed(world: World, to: str) -> str:
    """The link in the newest mail to an address."""
    world.run("mail")
    texts = [mail["text"] for mail in world.mails() if mail["to"] == to]
    found = re.search(r"/partnership/[A-Za-z0-9_-]+", texts[-1])
    assert found is not None, texts
    return found[0]


def test_a_lead_sees_who_takes_part_and_what_each_choice_means(world: World) -> None:
    page = world.signed_in(LEAD).get(PARTNERS)
    assert page.status_code == 200
    assert "Org Two" in page.text
    assert page.text.count('<svg viewBox="0 0 210 100"') == 12
    assert "0 people" in page.text


def test_somebody_new_comes_by_mail_makes_an_org_and_is_approved(world: World) -> None:
    lead, new = world.signed_in(LEAD), world.app.test_client()
    assert "done=invited" in press(lead, PARTNERS, org="Org Four", email=NEW)
    link = mailed(world, NEW)
    opened = new.get(link)
    assert "Street trees" in opened.text
    assert 'value="Org Four"' in opened.text
    assert press(new, link, on=link, title="Org Four", name="", password="short").startswith("422")
    fields = {"title": "Org Four", "name": "Emre", "password": "four quiet horses dance slowly"}
    assert press(new, link, on=link, **fields) == "/console/org-four/campaigns/trees/partners?done=joined"
    assert new.get(link).status_code == 410
    look = f"{PARTNERS}/pages/trees-org-four"
    seen = re.search(r'name="seen" value="(\w+)"', lead.get(look).text)
    assert seen is not None
    assert "Org Four" in press(lead, look, seen="0")
    assert "409" in press(lead, look, seen="0")
    assert "done=approved" in press(lead, look, seen=seen[1])
    assert "approved, not live yet" in lead.get(PARTNERS).text
    assert "done=ended" in press(lead, f"{PARTNERS}/org-four/end")
    assert lead.get(f"{PARTNERS}/org-four/end").status_code == 404


def test_an_org_that_is_here_answers_in_its_console(world: World) -> None:
    lead, other = world.signed_in(LEAD), world.signed_in(OTHER)
    assert "done=left" in press(other, f"{THEIRS}/org-two/end")
    for done in ("declined", "joined"):
        assert "done=invited" in press(lead, PARTNERS, org="Org Two")
        page = other.get("/console/org-two/partnerships").text
        assert "invites you into" in page
        path = re.findall(r'action="(/console/org-two/partnerships/\d+/\w+)"', page)
        assert f"done={done}" in press(other, path[done == "declined"])
    assert "No invitation waits" in other.get("/console/org-two/partnerships").text
    assert press(other, path[0]).startswith("409")


def test_who_has_an_account_signs_in_and_comes_back(world: World) -> None:
    lead = world.signed_in(LEAD)
    press(world.signed_in(OTHER), f"{THEIRS}/org-two/end")
    press(lead, PARTNERS, org="Another", email=OTHER)
    link, browser = mailed(world, OTHER), world.app.test_client()
    assert "You have an account here" in browser.get(link).text
    fields = {"csrf_token": form_token(browser), "email": OTHER, "password": PASSWORD}
    assert browser.post("/login", data=fields).headers["Location"] == link
    assert press(browser, link, on=link, org="org-two") == "/console/org-two/campaigns/trees/partners?done=joined"


def test_a_mailed_invitation_is_declined_by_a_button(world: World) -> None:
    press(world.signed_in(LEAD), PARTNERS, org="Org Four", email=NEW)
    link, new = mailed(world, NEW), world.app.test_client()
    assert "200 " in press(new, f"{link}/decline", on=link)
    assert new.get(link).status_code == 410
    assert "has declined" in world.signed_in(LEAD).get(PARTNERS).text


def test_a_change_of_who_gets_a_copy_waits_for_the_partner(world: World) -> None:
    lead, other = world.signed_in(LEAD), world.signed_in(OTHER)
    assert press(lead, f"{PARTNERS}/terms", copies="all").startswith("422")
    assert "done=asked" in press(lead, f"{PARTNERS}/terms", copies="both")
    assert "Until Org Two say" in re.sub("[\u2066-\u2069]", "", lead.get(PARTNERS).text)
    assert "done=stopped" in press(lead, f"{PARTNERS}/terms/stop")
    assert "done=asked" in press(lead, f"{PARTNERS}/terms", copies="both")
    assert "Say yes to it" in other.get(THEIRS).text
    assert "done=agreed" in press(other, f"{THEIRS}/terms/yes")
    assert world.query("SELECT force_delivery FROM campaigns") == [(1,)]
    assert press(other, f"{THEIRS}/terms/yes").startswith("409")


def test_what_was_typed_stays_with_its_fault(world: World) -> None:
    answer = press(world.signed_in(LEAD), PARTNERS, org="Nobody <b>", email="")
    assert answer.startswith("422")
    assert "Nobody &lt;b&gt;" in answer
    assert "No organisation here is called that" in answer


@pytest.mark.parametrize(
    "path",
    [
        *("", "/1/again", "/1/withdraw", "/pages/trees-partner", "/org-one/end", "/org-two/end"),
        *("/terms", "/terms/stop", "/pages/trees/receivers"),
    ],
)
def test_a_partner_does_nothing_that_is_the_leads(world: World, path: str) -> None:
    other = world.signed_in(OTHER)
    answer = press(other, f"{THEIRS}{path}")
    assert answer.startswith("404") or (path == "/org-two/end" and "done=left" in answer)


def test_a_partner_reads_the_terms_and_has_buttons_of_its_own(world: World) -> None:
    page = world.signed_in(OTHER).get(THEIRS).text
    assert "Leave …" in page
    assert "Send the invitation" not in page
    assert 'name="copies"' not in page
    assert world.signed_in(OTHER).get(f"{THEIRS}/pages/trees").status_code == 404
    assert world.signed_in(OTHER).get(f"{THEIRS}/org-one/end").status_code == 404


def test_another_org_sees_nothing_of_it(world: World) -> None:
    for path in ("", "/pages/trees", "/org-two/end"):
        assert world.signed_in(LEAD).get(f"/console/org-two/campaigns/trees/partners{path}").status_code == 404
        assert world.signed_in(LEAD).get(f"/console/org-one/campaigns/none/partners{path}").status_code == 404


def test_what_others_are_called_is_text_wherever_it_stands(world: World) -> None:
    hostile = '"><script>x</script>'
    world.execute("UPDATE orgs SET title = :title", title=hostile)
    world.execute("UPDATE action_pages SET title = :title, body = :title, demand = :title", title=hostile)
    lead, other = world.signed_in(LEAD), world.signed_in(OTHER)
    press(lead, PARTNERS, org=hostile, email=NEW)
    paths = [PARTNERS, f"{PARTNERS}/pages/trees-partner", f"{PARTNERS}/org-two/end"]
    pages = [lead.get(path) for path in paths] + [other.get(THEIRS), other.get("/console/org-two/partnerships")]
    for page in pages:
        assert page.status_code == 200
        assert "<script>x" not in page.text


def test_an_invitation_shows_on_the_overview(world: World) -> None:
    press(world.signed_in(OTHER), f"{THEIRS}/org-two/end")
    press(world.signed_in(LEAD), PARTNERS, org="org-two")
    assert "/console/org-two/partnerships" in world.signed_in(OTHER).get("/console/org-two/").text
