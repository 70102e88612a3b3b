"""When something is wrong nothing that was typed is lost, and the reader is told where they look."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.live import Town, Visitor, fill, sign

TYPED = {
    "first_name": "Zofia",
    "last_name": "Ślązak-Żółć",
    "phone": "+49 30 123456",
    "country": "PL",
    "street": "Lange Straße",
    "street_number": "7b",
    "locality": "Trillerhausen",
    "region": "Federland",
    "comment": "For the birds.\nAnd the shade.",
}


def typed(page: Page) -> dict[str, str]:
    """What stands in the form now."""
    return {name: page.locator(f"#{name}").input_value() for name in TYPED}


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_fault_keeps_everything_typed_and_the_summary_has_the_focus(visitor: Visitor, script: bool) -> None:
    visitor.expect(422)
    page = visitor.page(script=script)
    page.goto("/p/trees-partner")
    fill(page, **TYPED, email="nonsense", postcode="x")
    page.locator("#lead_opt_in").check()
    sign(page)
    expect(page.locator(".summary")).to_be_focused()
    expect(page.locator("#email")).to_have_attribute("aria-describedby", "email-fault")
    expect(page.locator("#email-fault")).to_contain_text("one e-mail address")
    expect(page.locator("#postcode")).to_have_attribute("aria-invalid", "true")
    expect(page).to_have_title("Error: Neighbours for street trees")
    assert typed(page) == TYPED
    assert page.locator("#email").input_value() == "nonsense"
    assert page.locator("#lead_opt_in").is_checked()
    assert not page.locator("#opt_in").is_checked()

    page.get_by_role("link", name="Postcode: This does not look like a postcode").click()
    expect(page.locator("#postcode")).to_be_focused()
    page.locator("#email").fill("zofia@example.org")
    page.locator("#postcode").fill("00-950")
    sign(page)
    expect(page.get_by_role("heading", name="One more step: check your inbox")).to_be_visible()


def refused(page: Page, text: str) -> None:
    """The refusal stands beside the button and in view, and the form is as it was."""
    notice = page.locator("#notice")
    expect(notice).to_contain_text(text)
    expect(notice).to_be_focused()
    expect(notice).to_be_in_viewport()
    expect(page.get_by_role("button", name="Sign now")).to_be_enabled()
    assert typed(page) == TYPED


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The partner's form, filled."""
    page = visitor.page()
    page.goto("/p/trees-partner")
    fill(page, **TYPED)
    return page


def signs_now(page: Page) -> None:
    sign(page)
    expect(page.get_by_role("heading", name="One more step: check your inbox")).to_be_visible()


def test_without_a_key_nothing_is_taken_and_nothing_typed_is_lost(town: Town, visitor: Visitor, page: Page) -> None:
    visitor.expect(503)
    change = (
        "UPDATE public_keys SET status = :status WHERE kind = 'recipient' AND org_id = "
        "(SELECT id FROM orgs WHERE name = 'org-two')"
    )
    town.world.execute(change, status="retired")
    sign(page)
    refused(page, "Nothing was stored. Please keep this page open")
    assert town.world.query("SELECT count(*) FROM actions") == [(0,)]
    town.world.execute(change, status="active")
    signs_now(page)


def test_without_script_the_back_button_leads_to_the_form_as_it_was(town: Town, visitor: Visitor) -> None:
    visitor.expect(503)
    page = visitor.page(script=False)
    page.goto("/p/trees-partner")
    fill(page, **TYPED)
    town.world.execute("UPDATE public_keys SET status = 'retired' WHERE kind = 'recipient'")
    sign(page)
    expect(page.get_by_text("Nothing was stored.")).to_be_visible()
    expect(page.get_by_text("back button leads to the form")).to_be_visible()
    page.go_back()
    assert typed(page) == TYPED


@pytest.mark.usefixtures("one_minute")
def test_too_many_tries_keep_what_was_typed(town: Town, visitor: Visitor, page: Page) -> None:
    visitor.expect(429)
    client = town.world.app.test_client()
    while town.world.sign(client, first_name="").status_code != 429:
        pass
    sign(page)
    refused(page, "Please wait a minute")


def test_without_a_connection_nothing_typed_is_lost(visitor: Visitor, page: Page) -> None:
    visitor.expect("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    page.context.set_offline(True)
    sign(page)
    refused(page, "There is no connection just now. Nothing you typed is lost")
    page.context.set_offline(False)
    signs_now(page)


@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_that_is_not_ours_does_not_replace_the_form(visitor: Visitor, page: Page, status: int) -> None:
    visitor.expect(502)

    def answer(route: Route) -> None:
        route.fulfill(status=status, content_type="text/html", body="<h1>Welcome to our hotel</h1>")

    page.route("**/sign", answer)
    sign(page)
    refused(page, "This did not go through. Nothing you typed is lost")
    expect(page.get_by_text("Welcome to our hotel")).to_have_count(0)
    page.unroute("**/sign")
    signs_now(page)


def test_a_changed_text_is_said_and_the_new_one_shown(town: Town, visitor: Visitor, page: Page) -> None:
    visitor.expect(422)
    town.world.execute("UPDATE consent_texts SET hash = 'replaced'")
    sign(page)
    expect(page.get_by_text("This text has changed.")).to_be_visible()
    expect(page.locator(".summary")).to_be_focused()
    assert typed(page) == TYPED
    assert page.locator("[name=wording]").input_value() == "replaced"


def test_a_second_press_while_sending_sends_nothing_twice(town: Town, page: Page) -> None:
    page.get_by_role("button", name="Sign now").dblclick()
    expect(page.get_by_role("heading", name="One more step: check your inbox")).to_be_visible()
    assert town.world.query("SELECT count(*) FROM actions") == [(1,)]
