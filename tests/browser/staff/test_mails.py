"""The page about mails in a real browser: typed, looked at light, dark and as text, saved; on any screen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import looking
from tests.browser.live import DESKTOP, NARROWEST, PHONE, Town, Visitor

PAGE = "/console/org-one/campaigns/trees/mails"


@pytest.fixture
def mails(chromium: Browser, town: Town) -> Iterator[Page]:
    cookie = town.world.signed_in("admin@org-one.example.org").get_cookie("session")
    assert cookie is not None
    town.world.execute("UPDATE action_pages SET addressee = 'City council of Bergen'")
    visitor = Visitor(chromium, town.url)
    visitor.expect(422)
    page = visitor.page(script=True)
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": town.url}])
    page.goto(PAGE)
    yield page
    visitor.end()


def test_a_mail_is_written_looked_at_and_saved(mails: Page) -> None:
    mails.set_viewport_size(DESKTOP)
    shown = mails.frame_locator("iframe.shown")
    expect(shown.get_by_role("heading", name="Please confirm your signature")).to_be_visible()
    mails.get_by_label("Text", exact=True).fill("Dear {first_name},\n\n{confirm_link}")
    expect(shown.get_by_text("Dear Kim")).to_be_visible()  # while typing, saved or not
    light = shown.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    mails.get_by_role("button", name="Dark").click()
    expect(shown.locator("body")).not_to_have_css("background-color", light)
    mails.get_by_role("button", name="Text", exact=True).click()
    expect(shown.get_by_text("It wasn't you? Then ignore")).to_be_visible()
    mails.get_by_label("Text", exact=True).fill("Nothing to press")
    expect(shown.get_by_text("Please put in {confirm_link}")).to_be_visible()
    mails.get_by_role("button", name="Save this mail").click()
    expect(mails.locator("#body-fault")).to_contain_text("without it nobody can confirm")
    assert mails.get_by_label("Text", exact=True).input_value() == "Nothing to press"
    for size in (DESKTOP, PHONE, NARROWEST):
        mails.set_viewport_size(size)
        assert looking.sticks_out(mails) <= 0, size
        assert looking.too_small(mails) == [], size
    assert looking.axe_faults(mails, {}) == []
    mails.get_by_label("Text", exact=True).fill("Dear {first_name},\n\n{confirm_link}")
    mails.get_by_role("button", name="Save this mail").click()
    mails.get_by_text("Saved. From now on people get this mail.").wait_for()
    mails.get_by_role("button", name="I have read both mails").click()
    mails.get_by_text("Both mails were read on").wait_for()
    assert looking.axe_faults(mails, {}) == []
