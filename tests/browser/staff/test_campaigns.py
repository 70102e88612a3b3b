"""A campaign is written in a real browser: kept while typing, saved, changed while live; each screen looked at."""

import re

from playwright.sync_api import Page, expect

from tests.browser import live, looking
from tests.browser.live import DESKTOP, NARROWEST, Town, Visitor
from tests.factories import PASSWORD


def look(page: Page, name: str) -> None:
    """Nothing is amiss on this screen, on the narrowest phone and a desktop, light and dark."""
    for size in (NARROWEST, DESKTOP):
        page.set_viewport_size(size)
        assert looking.axe_faults(page, {}) == [], name
        assert looking.sticks_out(page) == 0, name
    page.set_viewport_size(live.PHONE)
    assert looking.too_small(page) == [], name
    page.set_viewport_size(DESKTOP)


def test_a_campaign_is_written_and_a_live_page_is_changed(town: Town, visitor: Visitor) -> None:
    page = visitor.page(size=DESKTOP)
    visitor.expect(422, "Blocked script execution")  # a form that lacks its demand; a frame that may do nothing
    page.goto("/login")
    page.get_by_label("E-mail").fill("admin@org-one.example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto("/console/org-one/campaigns")
    look(page, "list")
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Title").fill("Open the riverside")
    page.get_by_label("Why it matters").fill("It is **ours**.\n\n- one\n- two")
    expect(page.locator("#saved")).to_contain_text("Draft saved at")
    expect(page.locator("#preview strong")).to_have_text("ours")
    look(page, "editor")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("alert")).to_contain_text("One thing has to be put right.")
    page.get_by_label("What you ask, in one sentence").fill("Open it for everybody.")
    expect(page.locator("#saved")).to_contain_text("Draft saved at")
    page.get_by_role("button", name="Save and go on").click()
    expect(page).to_have_url(re.compile("/campaigns/open-the-riverside/pages"))
    assert town.world.query("SELECT count(*) FROM form_drafts") == [(0,)]
    look(page, "pages")
    page.goto("/console/org-one/campaigns/trees/pages/trees")
    page.get_by_label("Title").fill("Keep all street trees")
    page.get_by_role("button", name="Look at what changes").click()
    expect(page.get_by_text("New version of what people agree to")).to_be_visible()
    look(page, "changes")
    page.get_by_role("button", name="Save, begin version 2").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    for place in ("trees/preview", "trees/end"):
        page.goto(f"/console/org-one/campaigns/trees/pages/{place}")
        look(page, place)
    assert town.world.query("SELECT title FROM action_pages WHERE name = 'trees'") == [("Keep all street trees",)]
