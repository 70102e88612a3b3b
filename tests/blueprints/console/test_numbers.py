"""A campaign's numbers in a browser: the page, the part that renews itself, the file; whose pages they are."""

from flask.testing import FlaskClient

from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World

PATH = "/console/org-one/campaigns/trees/numbers"
POLL = {"HX-Request": "true", "HX-Trigger": "poll"}

pytestmark = ON_SQLITE


def test_who_signed_is_a_number_on_the_page_in_its_part_and_in_the_file(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    world.sign(client, query="?utm_source=Newsletter%20No.%201")
    world.run("mail")
    client.post(world.link())
    world.run()
    world.sign(client, email="another@example.org", page="trees-partner")
    world.run("mail")
    lead, partner = world.signed_in("admin@org-one.example.org"), world.signed_in("admin@org-two.example.org")

    page = lead.get(PATH)
    assert (page.status_code, page.text.count("<svg viewBox"), 'class="open"' in page.text) == (200, 2, True)
    assert "Newsletter No. 1" in page.text
    assert "Neighbours" in page.text or "trees-partner" in page.text
    assert "Poland" not in page.text  # one person

    part = lead.get(f"{PATH}?page=trees&days=7", headers=POLL)
    assert part.text.lstrip().startswith('<div id="numbers"')
    assert "HX-Request" in part.headers["Vary"]
    assert "days=7" in part.text

    file = lead.get(f"{PATH}.csv")
    assert (file.mimetype, file.text.splitlines()[0]) == ("text/csv", "what,of,number")
    assert "sent,submitted,2" in file.text.splitlines()
    assert "source,Newsletter No. 1,1" in file.text.splitlines()
    assert "PL" not in file.text

    own = partner.get(PATH.replace("org-one", "org-two") + ".csv").text.splitlines()
    assert {"sent,submitted,1", "sent,confirmed,0", "page,trees-partner,0"} <= set(own)
    assert "page,trees,1" not in own
    for path in (f"{PATH}?page=nowhere", PATH.replace("trees", "nowhere")):
        assert lead.get(path).status_code == 404
    assert partner.get(PATH.replace("org-one", "org-two") + "?page=trees").status_code == 404
    assert partner.get(PATH).status_code == 404


def test_a_source_that_a_spreadsheet_would_run_is_a_word_in_the_file(world: World) -> None:
    world.execute(
        "INSERT INTO counts (action_page_id, hour, span, event, dimension, value, number)"
        " SELECT id, '2026-11-30 12:00:00.000000', 'hour', 'confirmed', 'source', '=1+1', 1 FROM action_pages LIMIT 1"
    )
    browser = world.signed_in("admin@org-one.example.org")
    assert "source,'=1+1,1" in browser.get(f"{PATH}.csv?days=0").text.splitlines()
