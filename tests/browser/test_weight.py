"""The first view is light, comes from one place and leaves nothing behind; static files are kept and never stray."""

import gzip
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.web.static_files import version
from tests.browser.live import PHONE, Town, Visitor
from tests.browser.looking import FIRST_VIEW, weigh
from tests.factories import World

STATIC = Path(__file__).resolve().parents[2] / "static"


@pytest.fixture(params=["sqlite"])
def database_url(sqlite_url: str) -> str:
    """One kind of database is enough here."""
    return sqlite_url


@pytest.mark.parametrize("path", ["/p/trees", "/p/trees-partner", "/"])
def test_the_first_view_is_at_most_60_kilobytes_from_one_place(town: Town, visitor: Visitor, path: str) -> None:
    page = visitor.page(size=PHONE)
    bytes_of = weigh(page, path)
    assert len(bytes_of) >= 5  # the page, two style sheets, two scripts
    assert all(address.startswith(f"{town.url}/") for address in bytes_of)
    assert not any(address.endswith((".woff", ".woff2", ".ttf")) for address in bytes_of)
    assert sum(bytes_of.values()) <= FIRST_VIEW, bytes_of
    assert page.context.cookies() == []


def test_the_second_view_fetches_the_page_alone(visitor: Visitor) -> None:
    page = visitor.page()
    weigh(page, "/p/trees")
    again = page.context.new_page()
    fetched = [address for address, size in weigh(again, "/p/trees-partner").items() if size > 0]
    assert [address.rpartition("/")[2] for address in fetched] == ["trees-partner"]


def test_a_static_file_is_sent_compressed_to_who_reads_that(client: FlaskClient) -> None:
    plain = client.get("/static/css/site.css")
    zipped = client.get("/static/css/site.css", headers={"Accept-Encoding": "gzip, br"})
    refused = client.get("/static/css/site.css", headers={"Accept-Encoding": "gzip;q=0"})
    assert plain.data == refused.data == gzip.decompress(zipped.data) == (STATIC / "css" / "site.css").read_bytes()
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert len(zipped.data) < len(plain.data) / 2
    assert plain.headers["ETag"] != zipped.headers["ETag"]
    for answer in (plain, zipped):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_only_an_address_with_the_files_own_hash_is_kept_for_a_year(client: FlaskClient) -> None:
    own = version("js/page.js")
    assert client.get(f"/static/js/page.js?v={own}").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for query in ("", "?v=", "?v=000000000000"):
        assert client.get(f"/static/js/page.js{query}").headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", ["/static/js/page.js", "/p/trees", "/p/trees/count.json"])
def test_what_a_browser_has_is_not_sent_again(world: World, client: FlaskClient, path: str) -> None:
    for encoding in ("gzip", "identity"):
        first = client.get(path, headers={"Accept-Encoding": encoding})
        again = client.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]


def test_a_cached_page_is_compressed_and_one_with_typed_text_never(world: World, client: FlaskClient) -> None:
    zips = {"Accept-Encoding": "gzip"}
    assert client.get("/p/trees", headers=zips).headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(client.get("/p/trees", headers=zips).data) == client.get("/p/trees").data
    refused = world.sign(client, headers=zips, first_name="")
    assert refused.status_code == 422
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize(
    "path",
    [
        "../pyproject.toml",
        "css/../../pyproject.toml",
        "..%2Fpyproject.toml",
        "%2e%2e/pyproject.toml",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "css",
        "",
        "css/site.css%00",
        "..\\pyproject.toml",
        "nothing.css",
    ],
)
def test_nothing_outside_the_folder_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(f"/static/{path}", follow_redirects=True).status_code == 404


def test_other_spellings_of_a_path_are_the_same_file(client: FlaskClient) -> None:
    assert client.get("/static/css/./site.css").data == client.get("/static/css/site.css").data
