"""Every page and state, looked at by a machine: axe in light and dark, the narrowest phone, and a thumb."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import live, places
from tests.browser.live import NARROWEST, PHONE, Town, Visitor
from tests.browser.looking import AXE, PRESSED, RUN_AXE, SIDEWAYS, THUMB, TOO_SMALL
from tests.browser.places import PLACES, Links
from tests.databases import Templates


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, templates: Templates) -> Iterator[tuple[Town, Links]]:
    """A world with something in every state, for tests that only look."""
    with live.town(tmp_path_factory.mktemp("settled"), templates) as served:
        yield served, places.prepare(served)


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest, chromium: Browser, settled: tuple[Town, Links]) -> Iterator[Page]:
    """Each place on a phone, visited once for all tests."""
    town, links = settled
    visitor = Visitor(chromium, town.url)
    visitor.expect(*places.EXPECTED)
    page = visitor.page()
    PLACES[request.param](page, links)
    yield page
    visitor.end()


# A mail stands inside the page of a mail program, and paper has no landmarks.
NO_PAGES = ("confirmation mail", "thank-you mail", "invitation mail", "account mail", "new key, printed")
OF_PAGES = {rule: {"enabled": False} for rule in ("landmark-one-main", "page-has-heading-one", "region")}


def test_axe_finds_nothing_in_light_and_dark(place: Page, request: pytest.FixtureRequest) -> None:
    is_page = request.node.callspec.params["place"] not in NO_PAGES
    place.evaluate(AXE)
    for scheme in ("light", "dark"):
        place.emulate_media(color_scheme=scheme)
        found = place.evaluate(RUN_AXE, {} if is_page else OF_PAGES)
        assert len(found["passes"]) > 10
        faults = [f"{fault['id']}: {node['html']}" for fault in found["violations"] for node in fault["nodes"]]
        assert faults == [], scheme


def test_it_fits_the_narrowest_phone_and_a_thumb(place: Page) -> None:
    for size in (PHONE, NARROWEST):
        place.set_viewport_size(size)
        assert place.evaluate(SIDEWAYS) <= 0
        assert place.evaluate(TOO_SMALL, [PRESSED, THUMB]) == []
