"""Every page and state, looked at by a machine: axe in light and dark, the narrowest phone, and a thumb."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import live, places
from tests.browser.live import NARROWEST, PHONE, Town, Visitor
from tests.browser.places import PLACES, Links
from tests.databases import Templates

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text("utf-8")
THUMB = 44

PRESSED = "a, button, input, select, textarea, summary, label:has(input)"
# Links inside a sentence may be small (WCAG 2.5.8); a box is pressed by its label, a field by all of its width.
TOO_SMALL = """([pressed, least]) => [...document.querySelectorAll(pressed)]
  .filter((e) => e.checkVisibility() && e.type !== 'hidden' && !e.closest('.hidden, .skip'))
  .filter((e) => !(e.matches('[type=checkbox], [type=radio]') && e.closest('label')))
  .filter((e) => !(e.matches('a') && getComputedStyle(e).display === 'inline' && e.closest('p, li, dd, pre')))
  .filter((e) => !(e.matches('h2 > a') && getComputedStyle(e, '::after').position === 'absolute'))
  .filter((e) => { const r = e.getBoundingClientRect(); return r.height < least - 0.5 || r.width < least - 0.5 })
  .map((e) => `${e.outerHTML.slice(0, 90)}: ${Math.round(e.getBoundingClientRect().height)}`)"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


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


# Passed rules are only counted: a page's whole report takes longer to hand over than to make.
# A frame of another origin cannot be looked into; axe would only ask it in vain.
RUN_AXE = """(asked) => axe.run(document, {resultTypes: ['violations'], iframes: false, ...asked}).then((found) =>
  [found.passes.length, found.violations.flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.html}`))])"""
# Every other rule finds in dark what it found in light, if the boxes are the same.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
BOXES = """() => [...document.querySelectorAll('*')].filter((e) => e.checkVisibility())
  .map((e) => [e.tagName, e.getBoundingClientRect()])
  .map(([name, { x, y, width, height }]) => [name, x, y, width, height].join())"""
# A mail stands inside the page of a mail program, and paper has no landmarks.
NO_PAGES = ("confirmation mail", "thank-you mail", "new key, printed")
OF_PAGES = {rule: {"enabled": False} for rule in ("landmark-one-main", "page-has-heading-one", "region")}


def test_axe_finds_nothing_in_light_and_dark(place: Page, request: pytest.FixtureRequest) -> None:
    rules = OF_PAGES if request.node.callspec.params["place"] in NO_PAGES else {}
    place.evaluate(AXE)
    place.emulate_media(color_scheme="light")
    boxes = place.evaluate(BOXES)
    passed, faults = place.evaluate(RUN_AXE, {"rules": rules})
    assert faults == []
    assert passed > 10
    place.emulate_media(color_scheme="dark")
    passed, faults = place.evaluate(RUN_AXE, {"runOnly": OF_COLOURS})
    assert faults == []
    assert passed > 0
    assert place.evaluate(BOXES) == boxes


def test_it_fits_the_narrowest_phone_and_a_thumb(place: Page) -> None:
    for size in (PHONE, NARROWEST):
        place.set_viewport_size(size)
        assert place.evaluate(SIDEWAYS) <= 0
        assert place.evaluate(TOO_SMALL, [PRESSED, THUMB]) == []
