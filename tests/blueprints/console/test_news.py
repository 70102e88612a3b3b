"""News and comments from the console to the public page: hostile words, whose pages they are, the feed, the sheet."""

from xml.etree import ElementTree as ET

from flask.testing import FlaskClient

from proca_web.web import page_cache
from tests.databases import ON_SQLITE
from tests.factories import World, form_token

NEWS = "/console/org-one/campaigns/trees/news"
COMMENTS = "/console/org-one/campaigns/trees/comments"
HOSTILE = "A]]>&\"' < علي"
ATOM = "{http://www.w3.org/2005/Atom}"

pytestmark = ON_SQLITE


def post(browser: FlaskClient, path: str, **fields: object):
    return browser.post(path, data={"csrf_token": form_token(browser, NEWS), **fields})


def public(world: World, client: FlaskClient, path: str = "/p/trees") -> str:
    page_cache.forget(world.app)
    answer = client.get(path)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert answer.headers["Cache-Control"].startswith("public")
    return answer.text


def test_news_are_told_changed_and_taken_off(world: World, client: FlaskClient) -> None:
    browser = world.signed_in("admin@org-one.example.org")
    assert "What happened so far</h2>" not in public(world, client)
    empty = post(browser, NEWS, page="trees", title=" ", body="kept **words**")
    assert (empty.status_code, "kept **words**" in empty.text) == (422, True)
    body = "We met **them**.\n\n[x](javascript:alert(1)) <script>alert(1)</script>"
    assert post(browser, NEWS, page="trees", title=HOSTILE, body=body).status_code == 303
    assert post(browser, NEWS, page="trees-partner", title="no").status_code == 404
    shown = public(world, client)
    assert "<strong>them</strong>" in shown
    assert "A]]&gt;&amp;&#34;&#39; &lt; علي" in shown
    assert "<script>alert" not in shown
    feed = ET.fromstring(public(world, client, "/p/trees/feed.xml"))  # noqa: S314  # our own
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == HOSTILE
    assert "<strong>them</strong>" in (entry.findtext(f"{ATOM}content") or "")
    links = [link.get("href", "") for link in feed.iter(f"{ATOM}link")]
    assert all(link.startswith("http") for link in links)
    assert 'type="application/atom+xml"' in shown

    ((id_,),) = world.query("SELECT id FROM news")
    other = world.signed_in("admin@org-two.example.org")
    assert other.get(f"/console/org-two/campaigns/trees/news/{id_}").status_code == 404
    assert post(browser, f"{NEWS}/{id_}", title="We won", body="All stay.", kind="outcome").status_code == 303
    assert "We won" in browser.get(f"{NEWS}/{id_}/remove").text
    world.execute("UPDATE campaigns SET status = 'closed', closed_at = created_at")
    closed = public(world, client)
    assert closed.count("We won") == 1
    assert post(browser, f"{NEWS}/{id_}/remove").status_code == 303
    assert "We won" not in public(world, client)
    done = [
        event for (event,) in world.query("SELECT event FROM audit_entries WHERE event LIKE 'news-%' ORDER BY number")
    ]
    assert done == ["news-add", "news-edit", "news-remove"]
    assert "told news" in browser.get("/console/org-one/audit").text


def test_a_preview_can_do_nothing_but_be_read(world: World) -> None:
    browser = world.signed_in("admin@org-one.example.org")
    seen = post(browser, f"{NEWS}/preview", title="<i>", body="**b** <img src=x onerror=alert(1)>").text
    assert "<strong>b</strong>" in seen
    assert "<img" not in seen
    assert "&lt;i&gt;" in seen


def test_comments_are_shown_and_hidden_by_whose_page_it_is(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET comment = 'public'")
    for number in range(7):
        mail, named = f"p{number}@example.org", {"comment_named": "yes"} if number else {}
        assert (
            world.sign(client, email=mail, comment=f"Birds & {number}!", comment_is_shown="yes", **named).status_code
            == 303
        )
    world.run()
    for number in range(7):
        client.post(world.link(f"p{number}@example.org"))
    world.run()
    assert "Why people signed" not in public(world, client)
    browser, other = (world.signed_in(f"admin@{org}.example.org") for org in ("org-one", "org-two"))
    ids = [id_ for (id_,) in world.query("SELECT action_id FROM comments ORDER BY action_id")]
    assert "Birds" not in other.get("/console/org-two/campaigns/trees/comments").text
    theirs = COMMENTS.replace("org-one", "org-two")
    other.post(theirs, data={"csrf_token": form_token(other, theirs), "comment": ids, "act": "show"})
    assert "Why people signed" not in public(world, client)
    assert browser.get(COMMENTS).text.count("Birds &amp;") == 7
    assert post(browser, COMMENTS, comment=ids, act="show").status_code == 303
    shown = public(world, client)
    assert (shown.count("Birds &amp;"), "More comments" in shown) == (5, True)
    assert "Birds &amp; 6" in shown
    everything = public(world, client, "/p/trees/comments")
    assert (everything.count("Birds &amp;"), everything.count("Zofia"), everything.count("Somebody")) == (7, 6, 1)
    assert "There is no comment" in public(world, client, "/p/trees/comments?number=9")
    assert post(browser, COMMENTS, comment=ids[6], act="hide").status_code == 303
    assert "Birds &amp; 6" not in public(world, client)
    client.post(f"{world.link('p5@example.org')}/reject")
    assert "Birds &amp; 5" not in public(world, client)


def test_a_sheet_says_where_to_sign_and_names_nobody(world: World, client: FlaskClient) -> None:
    sheet = public(world, client, "/p/trees/sheet")
    assert '<svg class="qr"' in sheet
    assert "/p/trees</p>" in sheet
    assert "By signing" in sheet or "What you agree to" in sheet
    assert "style=" not in sheet


def test_one_can_share_before_signing(world: World, client: FlaskClient) -> None:
    world.execute("""UPDATE action_pages SET share_texts = '{"whatsapp": "Do \\"sign\\""}'""")
    for path in ("/p/trees", "/p/trees/thanks"):
        shown = public(world, client, path)
        assert "https://wa.me/?text=Do%20%22sign%22%20http" in shown
        assert "Do &#34;sign&#34; http" in shown
