"""A newcomer invites a colleague, who joins from the mail; menus and tabs on a phone and on a desk."""

import re

from playwright.sync_api import Page, expect

from tests.browser.desk import sign_in
from tests.browser.live import DESKTOP, PHONE, Town, Visitor

ANNA, COLLEAGUE = "admin@org-one.example.org", "emre@example.org"


def invite(page: Page) -> None:
    """From the overview to the sent invitation."""
    page.get_by_role("navigation", name="Console").get_by_role("link", name="People").click()
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Their mail address").fill(COLLEAGUE)
    page.get_by_label("Exporter").check()
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")


def link(town: Town) -> str:
    town.world.run("mail")
    found = re.search(r"/invitation/[\w-]+", town.world.mails()[-1]["text"])
    assert found is not None
    return found[0]


def test_a_colleague_is_invited_and_joins_in_a_few_steps_without_script(town: Town, visitor: Visitor) -> None:
    page = visitor.page(script=False, size=DESKTOP)
    sign_in(page, ANNA)
    invite(page)

    theirs = visitor.page(script=False, size=PHONE)
    theirs.goto(link(town))
    expect(theirs.get_by_role("heading", name="Your role: Exporter")).to_be_visible()
    theirs.get_by_label("Your name, as colleagues see it").fill("Emre Aydın")
    theirs.get_by_label("Password").fill("four unrelated words")
    theirs.get_by_role("button", name="Join Org One").click()
    expect(theirs.get_by_role("heading", name="Org One", exact=True)).to_be_visible()

    page.reload()
    expect(page.get_by_role("row", name=re.compile("Emre Aydın.*Exporter"))).to_be_visible()
    page.get_by_role("link", name="Change Emre Aydın").click()
    page.get_by_role("button", name="Remove Emre Aydın").click()
    expect(page.get_by_role("status")).to_contain_text("not a member any more")


def test_on_a_phone_one_menu_holds_the_tabs_and_the_way_out(town: Town, visitor: Visitor) -> None:
    page = visitor.page(size=PHONE)
    sign_in(page, ANNA)
    tabs = page.get_by_role("navigation", name="Console")
    expect(tabs).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    for name in ("Overview", "Campaigns", "Exports", "Keys", "People"):
        expect(tabs.get_by_role("link", name=name, exact=True)).to_be_visible()
    tabs.get_by_role("link", name="People", exact=True).click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()
    page.get_by_text("Menu", exact=True).click()
    expect(tabs.get_by_role("link", name="People", exact=True)).to_have_attribute("aria-current", "page")


def test_a_menu_is_opened_and_used_with_the_keyboard_alone(town: Town, visitor: Visitor) -> None:
    page = visitor.page(size=DESKTOP)
    sign_in(page, ANNA)
    summary = page.locator("details.menu.me > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Signed in as {ANNA}")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Your name, language and address")).to_be_focused()
