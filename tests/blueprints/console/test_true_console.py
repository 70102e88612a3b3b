"""What staff read is so: a stopped page, people counted as people; what is refused keeps its frame and a next step."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from proca_web.web import page_cache
from tests.databases import ON_BOTH
from tests.factories import World
from tests.key_holder import Holder, Owner

ADMIN = "admin@org-one.example.org"


def revoke(world: World, org: str) -> None:
    """The org's keys end."""
    where = "kind = 'recipient' AND org_id = (SELECT id FROM orgs WHERE name = :org)"
    world.execute(f"UPDATE public_keys SET status = 'revoked' WHERE {where}", org=org)


def own_key(world: World) -> str:
    """The page of the key in use."""
    query = "SELECT k.id FROM public_keys k JOIN orgs o ON o.id = k.org_id WHERE o.name = 'org-one' AND k.kind = "
    ((number,),) = world.query(f"{query}'recipient'")
    return f"/console/org-one/keys/{number}"


MANY_PAGES = """
  WITH RECURSIVE each(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM each WHERE n < 69)
  INSERT INTO action_pages
    (slug, name, title, campaign_id, org_id, locale, demand, fields, required, status, created_at)
  SELECT 'page-' || n, 'page-' || n, 'Page ' || n,
         campaign_id, org_id, locale, demand, fields, required, 'live', created_at
    FROM action_pages, each WHERE name = 'trees'
"""


def states(client: FlaskClient, path: str) -> list[str]:
    """The states of campaigns and pages, as they are read."""
    tags = re.findall(r'<span class="tag [^"]*">(.*?)</span>', client.get(path).text, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", tag).split()) for tag in tags]


@ON_BOTH
@pytest.mark.parametrize(("path", "number"), [("/console/org-one/", 2), ("/console/org-one/campaigns", 3)])
def test_a_page_that_answers_503_is_not_called_live(world: World, path: str, number: int) -> None:
    admin = world.signed_in(ADMIN)
    assert states(admin, path) == ["live"] * number
    revoke(world, "org-two")
    assert sorted(states(admin, path)) == ["live"] * (number - 1) + ["stopped: no key"]
    revoke(world, "org-one")
    assert states(admin, path) == ["stopped: no key"] * number


@pytest.mark.parametrize("status", ["closed", "draft"])
def test_a_page_of_a_campaign_that_is_not_open_is_not_called_live(world: World, status: str) -> None:
    world.execute("UPDATE campaigns SET status = :status", status=status)
    admin = world.signed_in(ADMIN)
    assert states(admin, "/console/org-one/campaigns") == [status] * 3
    assert "live" not in states(admin, "/console/org-one/")


@ON_BOTH
def test_people_are_counted_by_one_rule(world: World, client: FlaskClient) -> None:
    for name, times in (("a", 2), ("b", 1), ("c", 1)):
        for _ in range(times):
            world.sign(client, email=f"{name}@example.org")
            world.run("mail")
            client.post(world.link(f"{name}@example.org"))
            world.run("release", "mail")
    links = [world.link(f"{name}@example.org") for name in "abc"]
    admin = world.signed_in(ADMIN)
    page = " ".join(re.sub(r"<[^>]+>", " ", admin.get("/console/org-one/").text).split())
    assert "Confirmed in 30 days: 3 ·" in page
    assert client.get("/p/trees/count.json").get_json()["confirmed"] == 3
    for link in links[:2]:
        client.post(f"{link}/reject")
    world.run("release")
    page = " ".join(re.sub(r"<[^>]+>", " ", admin.get("/console/org-one/").text).split())
    # The first of them withdrew one of two signatures: that person still stands behind the other.
    assert "Confirmed in 30 days: 3 · withdrawn: 1 ·" in page
    page_cache.forget(world.app)
    assert client.get("/p/trees/count.json").get_json()["confirmed"] == 2


def test_a_campaign_with_many_pages_shows_some_and_leads_to_the_others(world: World) -> None:
    world.execute(MANY_PAGES)
    admin, seen = world.signed_in(ADMIN), []
    path = "/console/org-one/campaigns"
    for _ in range(5):
        page = unescape(admin.get(path).text)
        seen += re.findall(r'href="/console/org-one/campaigns/trees/pages/([a-z0-9-]+)(?:/preview)?"', page)
        more = re.search(r'href="([^"]+)">More pages<', page)
        if more is None:
            break
        path = more[1]
    assert set(seen) == {"trees", "trees-partner", *(f"page-{number}" for number in range(70))}
    asked = admin.get("/console/org-one/campaigns/trees?after=x", follow_redirects=True)
    assert 'campaigns" aria-current="page"' in asked.text
    assert admin.get("/console/org-one/campaigns/nowhere").status_code == 404


def test_dates_are_the_locales_and_have_no_seconds(world: World, owner: Owner) -> None:
    today = datetime.now(UTC)
    page = owner.client.get(own_key(world)).text
    assert f"{today.day} {today:%b} {today.year}, " in page
    assert not re.search(r"\d:\d\d:\d\d|\b[AP]M\b", page)


@pytest.mark.parametrize("path", ["nowhere", "keys/999", "exports/nothing"])
def test_what_is_not_there_is_told_inside_the_console(world: World, path: str) -> None:
    answer = world.signed_in(ADMIN).get(f"/console/org-one/{path}")
    assert answer.status_code == 404
    assert 'aria-label="Console"' in answer.text
    assert 'class="button secondary" href="/console/org-one/"' in answer.text
    assert "list of petitions" not in answer.text
    on_desk = answer.text.partition('aria-label="Console"')[2].partition("</nav>")[0]
    assert on_desk.count("aria-current") <= 1


def test_another_orgs_page_is_told_in_ones_own_console(world: World, client: FlaskClient) -> None:
    answer = world.signed_in(ADMIN).get("/console/org-two/")
    assert answer.status_code == 404
    assert 'href="/console/org-one/"' in answer.text
    assert "org-two" not in answer.text
    assert 'aria-label="Console"' not in client.get("/console/nowhere").text


def test_what_looked_like_a_secret_leads_to_a_new_key(world: World, owner: Owner) -> None:
    secret = bytes(world.secrets["org-one"]).hex()
    answer = owner.client.post("/console/org-one/keys", data={"public": secret, "csrf_token": owner.token})
    assert answer.status_code == 400
    page = unescape(answer.text)
    assert "That looked like a secret" in page
    assert 'aria-label="Console"' in page
    assert 'class="button" href="/console/org-one/keys/new"' in page


def test_with_a_recovery_key_in_use_nobody_is_told_to_make_one(world: World, owner: Owner) -> None:
    asks = "Now make the recovery key"
    assert asks in owner.client.get("/console/org-one/keys/new").text
    assert owner.bring(Holder("org-one"), "recovery")["state"] == "active"
    assert asks not in owner.client.get("/console/org-one/keys/new").text


def test_the_console_says_where_the_tool_comes_from(world: World, owner: Owner) -> None:
    for path in ("/console/org-one/exports", "/console/org-one/keys/new", own_key(world)):
        page = owner.client.get(path).text
        assert "Where proca-org comes from" in page
        assert "pip install ./proca_web" in page


def test_no_word_of_insiders_is_shown(world: World, owner: Owner) -> None:
    operator = world.signed_in("operator@example.org")
    paths = [f"/console/org-one/{path}" for path in ("", "keys", "keys/new", "keys/new?role=recovery")]
    pages = [owner.client.get(path).text for path in (*paths, own_key(world), "/keys", "/p/trees", "/")]
    for page in (*pages, operator.get("/console/home/").text):
        shown = re.sub(r"<[^>]+>", " ", page.partition("<main")[2])
        assert not re.search(r"\b([Ss]ealed|vouch\w*|pins|Home Org)\b|[⚠●◌■✖]", shown)
