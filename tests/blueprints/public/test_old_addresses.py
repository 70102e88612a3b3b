"""An address that a page had before leads to it, for everything that stands under it."""

from flask.testing import FlaskClient

from tests.databases import ON_BOTH
from tests.factories import World, form


@ON_BOTH
def test_all_under_an_old_address_leads_on_with_its_query(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET slug = 'street-trees' WHERE name = 'trees'")
    world.execute("INSERT INTO page_slugs SELECT 'trees', id, created_at FROM action_pages WHERE name = 'trees'")
    for path in ("", "/sign", "/thanks", "/check-inbox", "/count.json"):
        answer = client.get(f"/p/trees{path}?utm_source=share&a=%C3%A4")
        assert (answer.status_code, answer.headers["Location"]) == (
            301,
            f"/p/street-trees{path}?utm_source=share&a=%C3%A4",
        )
    answer = client.post("/p/trees/sign?utm_source=share", data=form())
    assert (answer.status_code, answer.headers["Location"]) == (308, "/p/street-trees/sign?utm_source=share")
    assert client.post(answer.headers["Location"], data=form()).headers["Location"] == "/p/street-trees/check-inbox"
    assert client.get("/p/nowhere").status_code == 404
    world.run()
    assert "/p/street-trees" in client.get("/").text
    assert client.post(world.link()).headers["Location"] == "/p/street-trees/thanks"
    world.run()
    assert "http://localhost/p/street-trees" in world.mails()[-1]["text"]
    (row,) = world.export("org-one", "?page=trees")
    assert row["action_page"] == world.open("org-one", row)["_meta"]["page"] == "trees"
