"""A page looked at by a machine: axe, what sticks out of the screen, what a thumb cannot press."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text("utf-8")
_THUMB = 44
FIRST_VIEW = 60_000  # bytes, without pictures

_PRESSED = "a, button, input, select, textarea, summary, label:has(input)"
# Links inside a sentence may be small (WCAG 2.5.8); a box is pressed by its label, a field by all of its width.
_TOO_SMALL = """([pressed, least]) => [...document.querySelectorAll(pressed)]
  .filter((e) => e.checkVisibility() && e.type !== 'hidden' && !e.closest('.hidden, .skip'))
  .filter((e) => !(e.matches('[type=checkbox], [type=radio]') && e.closest('label')))
  .filter((e) => !(e.matches('a') && getComputedStyle(e).display === 'inline' && e.closest('p, li, dd, pre')))
  .filter((e) => !(e.matches('h2 > a') && getComputedStyle(e, '::after').position === 'absolute'))
  .filter((e) => { const r = e.getBoundingClientRect(); return r.height < least - 0.5 || r.width < least - 0.5 })
  .map((e) => `${e.outerHTML.slice(0, 90)}: ${Math.round(e.getBoundingClientRect().height)}`)"""
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Passed rules are only counted: a page's whole report takes longer to hand over than to make.
# A frame of another origin cannot be looked into; axe would only ask it in vain.
_RUN = """(asked) => axe.run(document, {resultTypes: ['violations'], iframes: false, ...asked}).then((found) =>
  [found.passes.length, found.violations.flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.html}`))])"""
# Every other rule finds in dark what it found in light, if the boxes are the same.
_OF_COLOURS = ["color-contrast", "link-in-text-block"]
# A drawing may hold its parts twice, one for each scheme.
_BOXES = """() => [...document.querySelectorAll('*')]
  .filter((e) => e.checkVisibility() && !e.parentElement?.closest('svg'))
  .map((e) => [e.tagName, e.getBoundingClientRect()])
  .map(([name, { x, y, width, height }]) => [name, x, y, width, height].join())"""


def axe_faults(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe finds wrong in light and in dark."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    page.emulate_media(color_scheme="light")
    boxes = page.evaluate(_BOXES)
    passed, in_light = page.evaluate(_RUN, {"rules": rules})
    assert passed > 10
    page.emulate_media(color_scheme="dark")
    passed, in_dark = page.evaluate(_RUN, {"runOnly": _OF_COLOURS})
    assert passed > 0
    assert page.evaluate(_BOXES) == boxes
    return [*in_light, *in_dark]


def sticks_out(page: Page) -> int:
    """By how much it is wider than the screen."""
    return int(page.evaluate(_SIDEWAYS))


def too_small(page: Page) -> list[str]:
    """What a thumb misses."""
    return list(page.evaluate(_TOO_SMALL, [_PRESSED, _THUMB]))


def weigh(page: Page, path: str) -> dict[str, int]:
    """Bytes that crossed the wire for a first view, headers included, by address."""
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    names: dict[str, str] = {}
    bytes_of: dict[str, int] = {}
    wire.on("Network.requestWillBeSent", lambda event: names.update({event["requestId"]: event["request"]["url"]}))
    wire.on(
        "Network.loadingFinished",
        lambda event: bytes_of.update({names[event["requestId"]]: int(event["encodedDataLength"])}),
    )
    page.goto(path, wait_until="networkidle")
    return {address: size for address, size in bytes_of.items() if not address.startswith("data:")}
