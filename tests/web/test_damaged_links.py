"""Links as they arrive: with what programs and people hang on to them, in capitals, or cut short."""

from urllib.parse import quote, urlsplit

import pytest
from flask.testing import FlaskClient

from proca_web.domain.errors import LinkCut
from proca_web.web.arriving import damaged_links
from tests.databases import ON_SQLITE
from tests.factories import World

TOKEN = "AbC-_" + "xY3-_7" * 6 + "w8"
AFTER = [*'/.,;)>*"= ', "\u200b", "\u00a0", "%20", "/.", "…", "»", ").", "=\r\n", "\ufeff"]


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("kind", ["confirm", "withdraw"])
def test_what_follows_a_token_is_no_part_of_it(kind: str, after: str) -> None:
    assert damaged_links.mended(f"/{kind}/{TOKEN}{after}") == f"/{kind}/{TOKEN}"


@pytest.mark.parametrize(
    "path",
    [
        f"/Confirm/{TOKEN}",
        f"/CONFIRM/{TOKEN}/",
        f"//confirm/{TOKEN}",
        f"/confirm/<{TOKEN}>",
        f"/confirm/{TOKEN[:20]}=\r\n{TOKEN[20:]}",
        f"/confirm/{TOKEN[:20]}\u00ad{TOKEN[20:]}",
        f"/confirm/{TOKEN}Hello",
        f"/confirm/{TOKEN}",
    ],
)
def test_a_whole_token_is_found_wherever_it_was_damaged(path: str) -> None:
    assert damaged_links.mended(path) == f"/confirm/{TOKEN}"


@pytest.mark.parametrize("length", [0, 1, 34, 42])
def test_half_a_token_is_called_so(length: int) -> None:
    with pytest.raises(LinkCut):
        damaged_links.mended(f"/confirm/{TOKEN[:length]}")


@pytest.mark.parametrize("after", ["", "/", ".", ")", ",", "/."])
def test_what_is_done_with_a_token_survives(after: str) -> None:
    assert damaged_links.mended(f"/confirm/{TOKEN}/Reject{after}") == f"/confirm/{TOKEN}/reject"


@pytest.mark.parametrize("name", ["trees", "Trees", "TREES"])
@pytest.mark.parametrize("after", ["", "/", ".", ")", ",", " ", "*", "\u200b", "/.", '"', "»"])
@pytest.mark.parametrize("start", ["/p/", "/P/"])
def test_a_petition_is_found_however_its_name_is_written(start: str, name: str, after: str) -> None:
    assert damaged_links.mended(f"{start}{name}{after}") == "/p/trees"


@pytest.mark.parametrize("path", ["/p/trees/sign", "/p/trees/thanks", "/p/trees/check-inbox", "/p/trees/count.json"])
def test_so_is_what_lies_below_it(path: str) -> None:
    assert damaged_links.mended(f"{path.upper()}/.") == path


@pytest.mark.parametrize(
    "path", ["/", "/keys", "/p/", "/p/...", "/confirm", "/static/js/page.js", "/console/org-one/", "/p/a_b"]
)
def test_other_paths_are_left_alone(path: str) -> None:
    assert damaged_links.mended(path) in (None, path)


@ON_SQLITE
def test_a_damaged_link_leads_to_its_page_and_no_answer_names_it(world: World, client: FlaskClient) -> None:
    world.sign(client)
    world.run("mail")
    path = urlsplit(world.link()).path
    for after in (".", "/", "%20", "%E2%80%8B", ")?utm_source=mail"):
        answer = client.get(path + after)
        assert answer.status_code == 301
        assert answer.headers["Location"].partition("?")[0] == path
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.post(f"{path}.").status_code == 308
    assert client.post(f"{path}.", follow_redirects=True).status_code == 200
    world.run("accept")
    assert world.query("SELECT status FROM actions") == [("accepted",)]


def test_a_link_cut_short_says_so_and_not_that_nothing_is_held(world: World, client: FlaskClient) -> None:
    world.sign(client)
    world.run("mail")
    path = urlsplit(world.link()).path
    for answer in (client.get(path[:-9]), client.post(path[:-9])):
        assert answer.status_code == 410
        assert "This link is not complete" in answer.text
        assert "Nothing is held" not in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_petition_with_something_after_it_is_a_redirect_that_may_be_kept(client: FlaskClient) -> None:
    answer = client.get("/P/TREES.?utm_source=qr")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/p/trees?utm_source=qr"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/p/Trees/sign/", follow_redirects=True).status_code == 200


@ON_SQLITE
@pytest.mark.parametrize("path", ["/keys/", "/Keys", "/keys.", "/LOGIN", "/login/", "/keys.json,"])
def test_other_pages_are_found_too(client: FlaskClient, path: str) -> None:
    assert client.get(path, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("path", ["/p//evil.example.org", "/%5Cevil.example.org/", "/nothing.", "/p/trees%00"])
def test_nothing_leads_away_from_here(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (301, 308, 404)
    assert "//" not in answer.headers.get("Location", "").removeprefix("http://localhost/")


def test_the_page_after_a_withdrawal_can_be_loaded_again(world: World, client: FlaskClient) -> None:
    world.sign(client)
    world.run("mail")
    path = urlsplit(world.link()).path
    assert client.get(f"{path}/reject").headers["Location"] == path
    client.post(path)
    done = client.post(f"{path}/reject")
    assert done.status_code == 303
    for _ in range(2):
        assert "Your signature is deleted" in client.get(done.headers["Location"]).text
    for again in (f"{path}/reject", f"{path}/reject?done={quote('<b>')}"):
        assert "Nothing is held under this link" in client.get(again).text
