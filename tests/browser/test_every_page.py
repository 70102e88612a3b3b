"""Every page and state, looked at by a machine: axe in light and dark, the narrowest phone, and a thumb."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import live, looking, places
from tests.browser.live import NARROWEST, PHONE, Town, Visitor
from tests.browser.places import PLACES, Links
from tests.databases import Templates


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, templates: Templates) -> Iterator[tuple[Town, Links]]:
    """A world with something in every state, for tests that only look."""
    with live.few_rounds(), live.town(tmp_path_factory.mktemp("settled"), templates) as served:
        yield served, places.prepare(served)


@pytest.fixture(scope="module")
def window(chromium: Browser, settled: tuple[Town, Links]) -> Iterator[tuple[Visitor, Page]]:
    """One window for all places: what it has compiled once, axe above all, serves them all."""
    visitor = Visitor(chromium, settled[0].url)
    visitor.expect(*places.EXPECTED)
    yield visitor, visitor.page()
    visitor.end()


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest, window: tuple[Visitor, Page], settled: tuple[Town, Links]) -> Iterator[Page]:
    """Each place on a phone, visited once for all tests; nothing of it is left in the window."""
    visitor, page = window
    PLACES[request.param](page, settled[1])
    yield page
    try:
        visitor.look_back()
    finally:
        visitor.forget(page)


# A mail stands inside the page of a mail program, and paper has no landmarks.
NO_PAGES = (
    "confirmation mail",
    "mail to who has signed",
    "thank-you mail",
    "invitation mail",
    "account mail",
    "new key, printed",
)
OF_PAGES = {rule: {"enabled": False} for rule in ("landmark-one-main", "page-has-heading-one", "region")}


def test_axe_finds_nothing_in_light_and_dark(place: Page, request: pytest.FixtureRequest) -> None:
    rules = OF_PAGES if request.node.callspec.params["place"] in NO_PAGES else {}
    assert looking.axe_faults(place, rules) == []


def test_it_fits_the_narrowest_phone_and_a_thumb(place: Page) -> None:
    for size in (PHONE, NARROWEST):
        place.set_viewport_size(size)
        assert looking.sticks_out(place) <= 0
        assert looking.too_small(place) == []
