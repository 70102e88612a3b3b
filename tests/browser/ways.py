"""How somebody gets to a page: as anybody, or signed in."""

from collections.abc import Callable

from playwright.sync_api import Page

Links = dict[str, str]
Way = Callable[[Page, Links], object]


def to(path: str) -> Way:
    """Simply go there."""
    return lambda page, links: page.goto(path.format(**links))


def open_all(path: str) -> Way:
    """Go there and unfold whatever is folded."""

    def way(page: Page, links: Links) -> None:
        page.goto(path.format(**links))
        for summary in page.locator("main summary").all():
            if not summary.evaluate("(summary) => summary.parentElement.open"):
                summary.click()

    return way


def staff(who: str, path: str) -> Way:
    """Go there signed in; unfold whatever is folded."""

    def way(page: Page, links: Links) -> None:
        page.context.add_cookies([{"name": "session", "value": links[who], "url": links["home"]}])
        open_all(path)(page, links)

    return way
