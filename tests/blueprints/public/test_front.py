"""The home page and the frame of all public pages over HTTP: search, who runs the site, and the operator's line."""

from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web import config
from proca_web.web import page_cache
from tests import factories
from tests.blueprints.conftest import words
from tests.factories import World

SITE = {
    "PROCA_INSTANCE_NAME": "Example Co-op & Friends",
    "PROCA_IMPRINT_URL": "https://coop.example.org/imprint",
    "PROCA_PRIVACY_URL": "https://coop.example.org/privacy",
}


def test_one_count_two_organisations(client: FlaskClient) -> None:
    shown = client.get("/").text
    assert shown.count("<article") == 1
    assert "by Org One and Org Two" in words(shown)


def test_a_search_is_answered_and_kept_nowhere(world: World, client: FlaskClient) -> None:
    assert 'href="/p/trees"' in client.get("/?q=street").text
    before = len(world.app.extensions["proca_page_cache"])
    hostile = client.get("/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in hostile.text
    assert "No open petition says that." in unescape(hostile.text)
    assert len(world.app.extensions["proca_page_cache"]) == before
    assert client.get("/?q=" + "x" * 5000).status_code == 200


def test_the_operators_line_stands_on_every_page(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE instance SET banner = 'We move <house> tonight.'")
    page_cache.forget(world.app)
    world.app.extensions.pop("proca_banner", None)
    for path in ("/", "/p/trees", "/p/nowhere", "/keys", "/login"):
        assert "We move &lt;house&gt; tonight." in client.get(path).text, path


def test_who_runs_the_site_is_in_the_foot_of_every_page(tmp_path: Path, sqlite_url: str) -> None:
    read = factories.settings(tmp_path, sqlite_url, **SITE).site
    assert (read.name, read.imprint_url, read.privacy_url) == tuple(SITE.values())


def test_without_settings_nothing_is_said_of_who_runs_it(client: FlaskClient) -> None:
    shown = client.get("/").text
    assert "Imprint" not in shown
    assert "Who runs this site" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROCA_IMPRINT_URL", "coop.example.org"),
        ("PROCA_PRIVACY_URL", "javascript:alert(1)"),
        ("PROCA_INSTANCE_NAME", "x" * 81),
        ("PROCA_LANGUAGE", "tlh"),
    ],
)
def test_a_setting_that_is_no_address_or_name_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    _, faults = config.read({"PROCA_DEMO": "1", "PROCA_DATA_DIR": str(tmp_path), name: value})
    assert any(name in fault for fault in faults)
