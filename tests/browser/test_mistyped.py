"""A mistyped mail domain is asked about once; both answers are one press away, and none is given silently."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import Town, Visitor, fill, sign

with_and_without = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def asked(visitor: Visitor, script: bool, address: str = "anna@gmial.com") -> Page:
    """A form that was sent with a slip of the finger."""
    visitor.expect(422)
    page = visitor.page(script=script)
    page.goto("/p/trees")
    fill(page, email=address)
    sign(page)
    expect(page.get_by_text("Did you mean anna@gmail.com?")).to_be_visible()
    expect(page.locator(".suggestion")).to_be_focused()
    return page


def mailed(town: Town, page: Page) -> list[str]:
    """Where the mail went, once the page says that it did."""
    expect(page.get_by_role("heading", name="One more step: check your inbox")).to_be_visible()
    town.world.run("mail")
    return [mail["to"] for mail in town.world.mails()]


@with_and_without
def test_the_suggestion_is_taken_by_its_button(town: Town, visitor: Visitor, script: bool) -> None:
    page = asked(visitor, script)
    page.get_by_role("button", name="Yes, use anna@gmail.com").click()
    assert mailed(town, page) == ["anna@gmail.com"]


@with_and_without
@pytest.mark.parametrize("button", ["No, anna@gmial.com is right", "Sign now"])
def test_what_was_written_is_kept_by_either_other_button(
    town: Town, visitor: Visitor, script: bool, button: str
) -> None:
    page = asked(visitor, script)
    page.get_by_role("button", name=button).click()
    assert mailed(town, page) == ["anna@gmial.com"]


@with_and_without
def test_the_enter_key_never_takes_the_suggestion(town: Town, visitor: Visitor, script: bool) -> None:
    page = asked(visitor, script)
    page.locator("#last_name").press("Enter")
    assert mailed(town, page) == ["anna@gmial.com"]


@with_and_without
def test_a_correction_by_hand_is_taken(town: Town, visitor: Visitor, script: bool) -> None:
    page = asked(visitor, script)
    page.locator("#email").fill("anna@example.org")
    sign(page)
    assert mailed(town, page) == ["anna@example.org"]


def test_capitals_in_the_domain_are_asked_about_once_too(town: Town, visitor: Visitor) -> None:
    page = asked(visitor, script=True, address="anna@GMIAL.com")
    sign(page)
    assert mailed(town, page) == ["anna@gmial.com"]
