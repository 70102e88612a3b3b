"""The launch list in a browser: from a draft over a test signature to a live page; whose page it is counts."""

import re

import pytest
from flask.testing import FlaskClient

from proca_web.web import page_cache
from tests.databases import ON_BOTH
from tests.factories import World, form, form_token

LAUNCH = "/console/org-one/campaigns/trees/launch"
PAGE = "/console/org-one/campaigns/trees/pages/trees"


def lead(world: World) -> FlaskClient:
    return world.signed_in("admin@org-one.example.org")


def partner(world: World) -> FlaskClient:
    return world.signed_in("admin@org-two.example.org")


def post(browser: FlaskClient, path: str, **fields: str):
    token = form_token(browser, LAUNCH if "org-one" in path else LAUNCH.replace("org-one", "org-two"))
    return browser.post(path, data={"csrf_token": token, **fields})


def make_draft(world: World) -> None:
    world.execute("UPDATE action_pages SET status = 'draft', addressee = 'The council', body = 'Trees.'")
    world.execute(
        "INSERT INTO launch_ticks (page_id, what, org_id, mark, at)"
        " SELECT p.id, 'mails-seen', p.org_id, '', p.created_at FROM action_pages p"
    )
    page_cache.forget(world.app)


def code_in(world: World, org: str) -> str:
    (row,) = world.export(org, "?include_testing=true&page=trees")
    opened = world.open(org, row)
    assert (row["testing"], opened["firstName"]) == ("true", "Zofia")
    return str(opened["lastName"])


@ON_BOTH
def test_a_draft_is_signed_as_a_test_opened_and_goes_live(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proca_web.services.petitions.making.mail_texts.mark", lambda *_: "")
    make_draft(world)
    browser = lead(world)
    shown = browser.get(LAUNCH).text
    assert 'aria-disabled="true" aria-describedby="why"' in shown
    assert re.search(r'href="#test-org-one">A test signature, opened by Org One', shown)
    refused = post(browser, f"{PAGE}/live")
    assert (refused.status_code, "Some of what it needs is missing" in refused.text) == (409, True)
    assert world.query("SELECT status FROM action_pages WHERE name = 'trees'") == [("draft",)]

    draft = post(browser, f"{PAGE}/test").headers["Location"]
    assert draft.startswith("/draft/")
    assert client.post(draft, data=form()).headers["Location"] == f"{draft}?taken=yes"
    assert "Your test signature is taken" in client.get(f"{draft}?taken=yes").text
    world.run()
    assert client.post(world.link()).status_code == 303
    world.run()
    code = code_in(world, "org-one")

    wrong = post(browser, f"{PAGE}/opened", code="ABCD EFGH")
    assert (wrong.status_code, 'value="ABCD EFGH"' in wrong.text) == (422, True)
    assert post(browser, f"{PAGE}/opened", code=code.lower()).status_code == 303
    assert 'aria-disabled="true"' not in browser.get(LAUNCH).text
    assert post(browser, f"{PAGE}/live").status_code == 303
    assert world.sign(client).status_code == 303
    world.run()
    assert client.post(world.link()).status_code == 303
    world.run()
    assert client.get("/p/trees/count.json").json["confirmed"] == 1  # the test is none of them
    events = [event for (event,) in world.query("SELECT event FROM audit_entries ORDER BY id")]
    assert [event for event in events if event in ("page-draft-link", "launch-tick", "page-live")] == [
        "page-draft-link",
        "launch-tick",
        "page-live",
    ]


def test_a_live_page_with_unmet_wants_shows_them_and_goes_on(world: World, client: FlaskClient) -> None:
    shown = lead(world).get(LAUNCH).text
    assert "People can sign all the while." in shown
    assert "has not opened one yet" in shown
    assert world.sign(client).status_code == 303


def test_a_page_is_paused_and_goes_on_from_its_list(world: World, client: FlaskClient) -> None:
    browser = lead(world)
    assert post(browser, f"{PAGE}/pause").status_code == 303
    assert world.sign(client).status_code == 410
    assert f'action="{PAGE}/reopen"' in browser.get(LAUNCH).text
    assert post(browser, f"{PAGE}/pause").status_code == 409
    assert post(browser, f"{PAGE}/reopen").status_code == 303
    assert world.sign(client).status_code == 303


def test_a_link_for_people_without_an_account_is_shown_to_be_copied(world: World, client: FlaskClient) -> None:
    shown = post(lead(world), f"{PAGE}/link").text
    link = re.search(r"http://localhost(/draft/[A-Za-z0-9_.-]+)", shown)
    assert link is not None
    assert client.get(link[1]).status_code == 200


def test_the_lead_looks_at_a_partners_page_and_changes_nothing_there(world: World) -> None:
    make_draft(world)
    browser, path = lead(world), PAGE.replace("pages/trees", "pages/trees-partner")
    assert "Org Two lets this page go live." in re.sub(r"</?bdi>", "", browser.get(f"{LAUNCH}?page=trees-partner").text)
    for act in ("live", "pause", "reopen"):
        assert post(browser, f"{path}/{act}").status_code == 404


def test_a_partner_sees_its_own_page_alone(world: World) -> None:
    browser, own = partner(world), LAUNCH.replace("org-one", "org-two")
    shown = browser.get(own).text
    assert ("Neighbours for street trees" in shown, "Keep our street trees" in shown) == (True, False)
    assert browser.get(f"{own}?page=trees").status_code == 404
    for act in ("live", "pause", "reopen", "link", "test", "opened", "yes"):
        answer = post(browser, f"/console/org-two/campaigns/trees/pages/trees/{act}", code="ABCDEFGH")
        assert answer.status_code == 404


def test_a_further_org_sees_the_page_it_receives_on_and_says_yes(world: World) -> None:
    world.execute(
        "INSERT INTO page_receivers (page_id, org_id, position) SELECT p.id, o.id, 1 FROM action_pages p, orgs o"
        " WHERE p.name = 'trees' AND o.name = 'org-two'"
    )
    browser, path = partner(world), "/console/org-two/campaigns/trees/pages/trees"
    own = f"{LAUNCH.replace('org-one', 'org-two')}?page=trees"
    assert f'action="{path}/yes"' in browser.get(own).text
    assert post(browser, f"{path}/yes").status_code == 303
    assert "Given to the page as it is now." in browser.get(own).text
    for act in ("live", "pause", "reopen"):
        assert post(browser, f"{path}/{act}").status_code == 404


@pytest.mark.parametrize("path", [LAUNCH.replace("trees", "nowhere"), f"{LAUNCH}?page=nowhere"])
def test_what_is_not_there_is_404(world: World, path: str) -> None:
    assert lead(world).get(path).status_code == 404


def test_codes_are_tried_a_few_times_a_minute(world: World) -> None:
    browser = lead(world)
    answers = [post(browser, f"{PAGE}/opened", code=f"ABCDEFG{at}").status_code for at in range(21)]
    assert set(answers[:10]) == {422}
    assert 429 in answers[10:]  # a minute may have begun anew between two of them
