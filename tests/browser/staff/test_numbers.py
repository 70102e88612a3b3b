"""The numbers in a real browser: they renew themselves while somebody looks, and on any screen nothing sticks out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from proca_web.adapters.database import writing
from proca_web.domain.words import DayEvent
from proca_web.services.petitions import counting
from tests.browser import looking
from tests.browser.live import DESKTOP, NARROWEST, PHONE, Town, Visitor

PAGE = "/console/org-one/campaigns/trees/numbers"
SOURCES, AREAS = ("share", "newsletter", "", "poster"), ("DE", "AT", "CH", "FR", "")


def count(town: Town, number: int, before: timedelta = timedelta(0)) -> None:
    """So many more people on the first page."""
    now = datetime.now(UTC) - before
    each = [
        SimpleNamespace(action_page_id=1, utm_source=SOURCES[one % 7 % 4], area=AREAS[one % 11 % 5])
        for one in range(number)
    ]
    with town.world.app.app_context(), writing() as session:
        counting.add_signed(session, each, DayEvent.SUBMITTED, now)
        counting.add_each(session, [1] * number, DayEvent.MAILED, now)
        counting.add_signed(session, each[: number * 4 // 5], DayEvent.CONFIRMED, now)


@pytest.fixture
def numbers(chromium: Browser, town: Town) -> Iterator[Page]:
    cookie = town.world.signed_in("admin@org-one.example.org").get_cookie("session")
    assert cookie is not None
    for day in range(25):
        count(town, 20 + day * 7 % 60, timedelta(days=day))
    for hour in range(30):
        count(town, hour * 5 % 23, timedelta(hours=hour))
    visitor = Visitor(chromium, town.url)
    page = visitor.page(script=True)
    page.clock.install()
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": town.url}])
    page.goto(PAGE)
    yield page
    visitor.end()


def test_numbers_renew_themselves_while_somebody_looks(numbers: Page, town: Town) -> None:
    numbers.set_viewport_size(DESKTOP)
    today = numbers.locator(".figures > div", has_text="today").locator("dd")
    before = int(today.inner_text().replace(",", ""))
    numbers.locator("#days-opens").click()
    for size in (DESKTOP, PHONE, NARROWEST):
        numbers.set_viewport_size(size)
        assert looking.sticks_out(numbers) <= 0, size
        assert looking.too_small(numbers) == [], size
    assert looking.axe_faults(numbers, {}) == []
    count(town, 10)
    numbers.clock.run_for(15_500)
    expect(today).to_have_text(str(before + 8))
    expect(numbers.locator("#days-table")).to_have_attribute("open", "")
    assert numbers.evaluate("document.activeElement.id") == "days-opens"
    count(town, 10)
    numbers.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    numbers.clock.run_for(31_000)
    expect(today).to_have_text(str(before + 8))
    numbers.evaluate("Object.defineProperty(document, 'hidden', { value: false, configurable: true })")
    numbers.clock.run_for(15_500)
    expect(today).to_have_text(str(before + 16))
