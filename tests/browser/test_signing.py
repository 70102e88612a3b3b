"""A supporter on a phone signs, confirms from the mail, comes back and withdraws: with JavaScript and without."""

import pytest
from playwright.sync_api import Page, expect

from proca_web.web import page_cache
from tests.browser.live import Town, Visitor, fill, sign

with_and_without = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", name=text)).to_be_visible()


@with_and_without
def test_sign_confirm_come_back_and_withdraw(town: Town, visitor: Visitor, script: bool) -> None:
    page = visitor.page(script=script)
    page.goto("/p/trees")
    fill(page)
    page.get_by_role("checkbox", name="Yes, Org One may also keep me informed").check()
    sign(page)
    heading(page, "One more step: check your inbox")
    expect(page).to_have_url(f"{town.url}/p/trees/check-inbox")

    town.world.run("mail")
    page.goto(town.world.link())
    expect(page.get_by_role("link", name="Keep our street trees")).to_be_visible()
    page.get_by_role("button", name="Count my signature").click()
    heading(page, "Thank you to everybody who signed")
    expect(page.get_by_text("your signature is added within seconds")).to_be_visible()
    assert page.url.endswith("/p/trees/thanks")
    town.world.run("accept", "release", "mail")
    assert town.world.query("SELECT supporter_count FROM campaigns") == [(1,)]

    page.goto(town.world.link())
    heading(page, "Your signature")
    expect(page.get_by_text("for this petition, and may inform you by e-mail")).to_be_visible()
    page.locator("summary", has_text="Delete my signature").click()
    page.get_by_role("button", name="Delete my signature").click()
    heading(page, "Your signature is deleted")
    town.world.run("release")
    assert town.world.query("SELECT supporter_count FROM campaigns") == [(0,)]


@with_and_without
def test_it_was_not_me_deletes_everything(town: Town, visitor: Visitor, script: bool) -> None:
    assert town.world.sign(town.world.app.test_client()).status_code == 303
    town.world.run("mail")
    page = visitor.page(script=script)
    page.goto(town.world.link())
    page.get_by_role("button", name="It wasn’t me").click()
    heading(page, "Everything is deleted")
    assert town.world.query("SELECT count(*) FROM contacts") == [(0,)]


def test_after_signing_the_reader_is_at_the_next_step(town: Town, visitor: Visitor) -> None:
    page = visitor.page()
    page.goto("/p/trees")
    expect(page.get_by_role("link", name="Sign this petition")).to_be_visible()
    fill(page)
    sign(page)
    expect(page.locator("#check-inbox")).to_be_focused()
    expect(page.locator("#check-inbox")).to_be_in_viewport()
    expect(page).to_have_title("Check your inbox · Keep our street trees")
    expect(page.locator("#check-inbox .address").first).to_have_text("zofia@example.org")
    expect(page.get_by_role("link", name="Sign this petition")).to_be_hidden()


def test_what_happens_while_sending_is_said_aloud(town: Town, visitor: Visitor) -> None:
    page = visitor.page()
    page.goto("/p/trees")
    page.evaluate("""() => {
        window.said = [];
        const status = document.getElementById('status');
        new MutationObserver(() => said.push(status.textContent)).observe(status, {childList: true});
    }""")
    fill(page)
    sign(page)
    expect(page.locator("#check-inbox")).to_be_focused()
    assert page.evaluate("said") == ["Sending …", ""]


def test_without_double_opt_in_the_thanks_come_at_once(town: Town, visitor: Visitor) -> None:
    town.world.execute("UPDATE action_pages SET double_opt_in = :no", no=False)
    page = visitor.page()
    page.goto("/p/trees")
    fill(page)
    sign(page)
    expect(page.locator("#thanks")).to_be_focused()
    expect(page).to_have_title("Thank you · Keep our street trees")


def test_wrong_address_change_it_sends_to_the_new_one_with_everything_else_kept(town: Town, visitor: Visitor) -> None:
    page = visitor.page()
    page.goto("/p/trees-partner?utm_source=leaflet")
    typed = {"phone": "+49 30 123456", "street": "Lange Straße", "street_number": "7b", "locality": "Berlin"}
    fill(page, **typed, comment="For the birds", email="old@example.org")
    page.locator("#lead_opt_in").check()
    sign(page)
    page.locator("#email-again").fill("new@example.org")
    page.get_by_role("button", name="Send it there").click()
    expect(page.locator("#check-inbox .address").first).to_have_text("new@example.org")

    town.world.run("mail")
    page.goto(town.world.link("new@example.org"))
    page.get_by_role("button", name="Count my signature").click()
    town.world.run("accept", "release", "mail")
    for org in ("org-one", "org-two"):
        (row,) = town.world.export(org)
        person = town.world.open(org, row)
        assert (person["email"], person["firstName"], person["phone"]) == ("new@example.org", "Zofia", typed["phone"])
        assert row["custom_fields"] == '{"comment":"For the birds","comment_name":""}'
        assert row["utm_source"] == "leaflet"


def test_the_mail_is_sent_again_without_typing_again_and_both_links_are_one_persons(
    town: Town, visitor: Visitor
) -> None:
    visitor.expect(422)
    page = visitor.page()
    page.goto("/p/trees")
    fill(page, email="somebody@gmial.com")
    sign(page)
    page.get_by_role("button", name="No, somebody@gmial.com is right").click()
    expect(page.locator("#check-inbox")).to_be_focused()
    town.world.run("mail")
    first = town.world.link("somebody@gmial.com")
    with page.expect_response(lambda response: response.request.method == "POST" and response.ok):
        page.get_by_role("button", name="Send the mail again").click()
    town.world.run("mail")
    assert town.world.link("somebody@gmial.com") != first
    for link in (first, town.world.link("somebody@gmial.com")):
        page.goto(link)
        page.get_by_role("button", name="Count my signature").click()
        heading(page, "Thank you to everybody who signed")
        town.world.run("accept", "release")
    assert [row["action_type"] for row in town.world.export("org-one")] == ["register", "register"]
    assert town.world.query("SELECT supporter_count FROM campaigns") == [(1,)]


def test_a_new_address_that_is_none_brings_the_whole_form_back(town: Town, visitor: Visitor) -> None:
    visitor.expect(422)
    page = visitor.page()
    page.goto("/p/trees")
    fill(page)
    sign(page)
    page.locator("#email-again").fill("not an address")
    page.get_by_role("button", name="Send it there").click()
    expect(page.locator(".summary")).to_be_focused()
    expect(page.locator("#last_name")).to_have_value("Ślązak-Żółć")


@with_and_without
def test_the_keyboard_alone_signs(town: Town, visitor: Visitor, script: bool) -> None:
    page = visitor.page(script=script)
    page.goto("/p/trees")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    who_asks = ("Privacy policy", "Its own page of this petition", "Privacy policy")
    for text in ("Sign this petition", *who_asks):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text(text)
    keys = {"first_name": "Zofia", "email": "zofia@example.org"}
    for name in ("first_name", "last_name", "email", "country", "postcode", "opt_in"):
        page.keyboard.press("Tab")
        expect(page.locator(f"#{name}")).to_be_focused()
        page.keyboard.type(keys.get(name, ""))
    page.keyboard.press("Space")
    expect(page.locator("#opt_in")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Who gets what")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign now")).to_be_focused()
    page.keyboard.press("Enter")
    heading(page, "One more step: check your inbox")
    town.world.run("mail")
    assert [mail["to"] for mail in town.world.mails()] == ["zofia@example.org"]


def test_the_count_moves_while_the_page_is_read(town: Town, visitor: Visitor) -> None:
    page = visitor.page()
    page.clock.install()
    page.goto("/p/trees")
    town.world.execute("UPDATE campaigns SET supporter_count = 1234")
    page.clock.fast_forward(16_000)
    expect(page.locator("[data-count]")).to_have_text("1,234")
    expect(page.locator("progress")).to_have_js_property("value", 1234)


@pytest.mark.parametrize("first", [0, 7, 99])
def test_who_has_just_confirmed_sees_the_new_number_within_seconds(town: Town, visitor: Visitor, first: int) -> None:
    town.world.execute("UPDATE campaigns SET supporter_count = :first", first=first)
    page, asked = visitor.page(), []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("count.json") else None)
    page.clock.install()
    page.goto("/p/trees/thanks")
    expect(page.locator("[data-count]")).to_have_text(str(first))
    for moment in (1, 2):
        with page.expect_response("**/count.json"):
            page.clock.run_for(1000)
        assert len(asked) == moment
    later = "2099-01-01 00:00:00.000000"
    town.world.execute("UPDATE campaigns SET supporter_count = :now, counted_at = :at", now=first + 1, at=later)
    page_cache.forget(town.world.app)
    with page.expect_response("**/count.json"):
        page.clock.run_for(2000)
    expect(page.locator("[data-count]")).to_have_text(str(first + 1))
    page.clock.run_for(6000)
    assert len(asked) == 3


def test_a_reload_after_signing_shows_what_comes_next(town: Town, visitor: Visitor) -> None:
    page = visitor.page()
    page.goto("/p/trees")
    fill(page)
    sign(page)
    heading(page, "One more step: check your inbox")
    page.reload()
    heading(page, "One more step: check your inbox")
    expect(page.get_by_role("button", name="Sign now")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("button", name="Sign now")).to_be_visible()


def test_the_demos_mailbox_shows_a_mail_as_a_mail_program_does(town: Town, visitor: Visitor) -> None:
    town.world.sign(town.world.app.test_client())
    town.world.run("mail")
    page = visitor.page()
    page.goto("/mailbox")
    page.get_by_text("As a mail program shows it").click()
    page.frame_locator("iframe").get_by_role("link", name="Confirm").first.click()
    heading(page, "Press the button, and you are counted")
    assert page.url == town.url + town.world.link()


def test_the_link_can_be_copied(town: Town, visitor: Visitor) -> None:
    page = visitor.page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/p/trees/thanks")
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("status")).to_have_text("The link is copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{town.url}/p/trees?utm_source=share&utm_medium=copy"


def test_without_script_no_button_is_shown_that_needs_it(visitor: Visitor) -> None:
    page = visitor.page(script=False)
    page.goto("/p/trees/thanks")
    expect(page.get_by_role("button", name="Copy the link")).to_be_hidden()
    expect(page.locator(".ways a").first).to_be_visible()
