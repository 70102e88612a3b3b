"""The second step in a real browser: a phone set up and asked for, codes that are printed alone, and passkeys."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.public import PrivateKey
from playwright.sync_api import Browser, Page, expect

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.keys import fingerprint
from proca_web.services.staff.second_factor import recovery
from tests.blueprints.console.second_factor import phone
from tests.blueprints.console.second_factor.phone import Phone
from tests.browser import live, looking
from tests.browser.desk import add_owner, desk, states
from tests.browser.live import DESKTOP, Town, Visitor
from tests.databases import Templates
from tests.factories import PASSWORD, sign_key

OWNER = "admin@org-one.example.org"


@pytest.fixture
def quick_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "COST", {"opslimit": 1, "memlimit": 8192})


@pytest.fixture
def town(tmp_path: Path, templates: Templates, quick_codes: None) -> Iterator[Town]:
    """A world where a second step is required, under a name: passkeys are bound to one."""
    with live.town(tmp_path, templates, host="localhost", PROCA_SECOND_FACTOR="required") as served:
        yield served


@pytest.fixture
def visitor(chromium: Browser, town: Town) -> Iterator[Visitor]:
    person = Visitor(chromium, town.url)
    yield person
    person.end()


def sign_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.locator("details.menu.me > summary").click()
    page.get_by_role("button", name="Sign out").click()


def look(page: Page, name: str, sizes: tuple[dict[str, int], ...] = (live.PHONE, DESKTOP)) -> None:
    """Nothing is amiss on this screen, on a phone and a desktop, light and dark."""
    before = page.viewport_size
    for size in sizes:
        page.set_viewport_size(size)
        assert looking.sticks_out(page) <= 0, name
        assert looking.axe_faults(page, {}) == [], (name, size)
    if live.PHONE in sizes:
        page.set_viewport_size(live.PHONE)
    assert looking.too_small(page) == [], name
    page.set_viewport_size(before)
    page.emulate_media(color_scheme="light")


def read(page: Page) -> Phone:
    return phone.reading(page.content())


def type_code(page: Page, code: str, button: str = "Go on") -> None:
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name=button).click()


def make_old(town: Town) -> None:
    """Five minutes pass for whoever is signed in; and the code of before may be typed again."""
    town.world.execute("UPDATE staff_sessions SET factor_at = '2026-01-01 00:00:00'")
    town.world.execute("UPDATE totp_factors SET last_step = 0")


def seen(page: Page, name: str, *, script: bool) -> None:
    """Looked at, where a script can look."""
    if script:
        look(page, name)


def print_codes(page: Page) -> None:
    """Of the page with the codes, these alone come out of the printer."""
    page.emulate_media(media="print")
    assert page.locator("body").inner_text().count("-") == 10 + OWNER.count("-")
    expect(page.get_by_role("button", name="Done")).to_be_hidden()
    page.emulate_media(media="screen")


@pytest.mark.parametrize("script", [True, False])
def test_somebody_sets_up_a_phone_and_signs_in_with_it(town: Town, visitor: Visitor, *, script: bool) -> None:
    visitor.expect(422)
    page = visitor.page(script=script)
    sign_in(page)
    expect(page.get_by_role("heading", name="Set up a second step")).to_be_visible()
    seen(page, "app", script=script)
    own = read(page)
    type_code(page, "000000", "Switch it on")
    expect(page.get_by_role("alert")).to_contain_text("This code was not taken.")
    seen(page, "app-wrong", script=script)
    type_code(page, own.code(), "Switch it on")
    expect(page.get_by_role("heading", name="Keep these ten recovery codes")).to_be_visible()
    seen(page, "codes", script=script)
    print_codes(page)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("alert")).to_contain_text("Please keep the codes first")
    page.get_by_label("I can find them without my phone").check()
    page.get_by_role("button", name="Done").click()
    page.goto("/account/second-step")
    expect(page.get_by_role("heading", name="Recovery codes: 10 of 10 left")).to_be_visible()
    seen(page, "overview", script=script)
    make_old(town)
    sign_out(page)
    sign_in(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    seen(page, "sign-in", script=script)
    type_code(page, "000000")
    expect(page.get_by_role("alert")).to_contain_text("This code was not taken.")
    seen(page, "sign-in-wrong", script=script)
    type_code(page, own.code())
    expect(page.get_by_role("heading", name="Org One", exact=True)).to_be_visible()
    make_old(town)
    page.goto("/console/org-one/exports")
    page.get_by_role("button", name="Download CSV").click()
    expect(page.get_by_role("heading", name="Once more, please")).to_be_visible()
    page.get_by_text("The phone is not at hand").click()
    expect(page.get_by_label("Recovery code")).to_be_visible()
    seen(page, "asked-again", script=script)
    with page.expect_download() as download:
        type_code(page, own.code())
    assert download.value.suggested_filename == "org-one-contacts.csv"
    expect(page.get_by_role("heading", name="Your download begins")).to_be_visible()


def with_authenticator(page: Page) -> None:
    """A computer that keeps passkeys, and whose owner always puts a finger on it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_made_and_signs_in_alone(town: Town, visitor: Visitor) -> None:
    page = visitor.page(size=DESKTOP)
    with_authenticator(page)
    sign_in(page)
    page.get_by_role("link", name="Use a passkey instead").click()
    look(page, "passkey")
    page.get_by_label("A name that you will know it by").fill("My laptop")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Keep these ten recovery codes")).to_be_visible()
    page.get_by_label("I can find them without my phone").check()
    page.get_by_role("button", name="Done").click()
    page.goto("/account/second-step")
    expect(page.get_by_text("My laptop")).to_be_visible()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    look(page, "overview-passkey")

    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Org One", exact=True)).to_be_visible()

    sign_out(page)
    sign_in(page)
    page.get_by_role("button", name="Use my passkey").click()
    expect(page.get_by_role("heading", name="Org One", exact=True)).to_be_visible()

    make_old(town)
    page.goto("/console/org-one/exports")
    page.get_by_role("button", name="Download CSV").click()
    with page.expect_download():
        page.get_by_role("button", name="Use my passkey").click()
    ((count, used),) = town.world.query("SELECT sign_count, used_at FROM passkeys")
    assert used is not None
    assert count >= 3


def test_a_second_passkey_can_be_added_and_the_first_removed(town: Town, visitor: Visitor) -> None:
    page = visitor.page(size=DESKTOP)
    with_authenticator(page)
    sign_in(page)
    own = read(page)
    type_code(page, own.code(), "Switch it on")
    page.goto("/account/second-step/passkeys")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your second step")).to_be_visible()
    page.goto("/account/second-step/passkeys")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was made.")  # this computer has one already
    page.goto("/account/second-step")
    page.get_by_role("button", name=re.compile("^Remove.*Passkey$")).click()
    expect(page.get_by_text("Passkeys", exact=True)).to_be_visible()
    assert town.world.query("SELECT count(*) FROM passkeys") == [(0,)]
    assert town.world.query("SELECT count(*) FROM totp_factors") == [(1,)]


def test_without_javascript_a_passkey_is_not_offered(visitor: Visitor) -> None:
    page = visitor.page(script=False)
    sign_in(page)
    page.goto("/account/second-step/passkeys")
    expect(page.get_by_text("A passkey needs JavaScript")).to_be_visible()
    expect(page.get_by_role("link", name="Set up the app").first).to_be_visible()
    page.goto("/login")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


@pytest.mark.parametrize("size", [live.PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_key_that_was_just_made_is_not_lost_when_the_step_is_asked_for(
    town: Town, visitor: Visitor, tmp_path: Path, size: dict[str, int]
) -> None:
    visitor.expect(403, 422)
    own, _ = phone.set_up(town.world.signed_in(OWNER))
    with desk(town, visitor, tmp_path, "org-one", size=size) as at:
        at.begin(role="recovery")
        at.save()
        make_old(town)
        at.open()
        dialog = at.page.get_by_role("dialog")
        expect(dialog).to_contain_text("more than five minutes ago")
        look(at.page, "dialog", (size,))
        dialog.get_by_label("Code").fill("000000")
        dialog.get_by_role("button", name="Go on").click()
        expect(dialog.get_by_role("alert")).to_contain_text("This code was not taken.")
        dialog.get_by_label("Code").fill(own.code())
        dialog.get_by_role("button", name="Go on").click()
        at.activate()
        expect(at.page.get_by_role("dialog")).to_have_count(0)


def test_another_owner_asks_for_a_reset_and_the_person_stops_it(town: Town, visitor: Visitor) -> None:
    second = add_owner(town, "org-one")
    phone.set_up(town.world.signed_in(OWNER))
    phone.set_up(town.world.signed_in(second))
    with desk(town, visitor, Path(), "org-one", email=second, size=DESKTOP) as at:
        page = at.page
        page.goto("/console/org-one/people/1/second-step")
        look(page, "reset")
        page.get_by_role("button", name="Switch it off in 24 hours").click()
        expect(page.get_by_role("heading", name="It is switched off after")).to_be_visible()
        look(page, "reset-waits")
    with desk(town, visitor, Path(), "org-one", size=DESKTOP) as at:
        at.page.goto("/account/second-step")
        expect(at.page.get_by_role("alert")).to_contain_text("Somebody asked for your second step to be switched off")
        look(at.page, "overview-reset")
        at.page.get_by_role("button", name="Keep my second step").click()
        expect(at.page.get_by_role("alert")).to_have_count(0)
    assert town.world.query("SELECT done, ended_at IS NULL FROM factor_resets") == [(0, 0)]


def test_a_form_is_sent_again_by_the_browser_without_a_script(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    visitor.expect(403)
    own, _ = phone.set_up(town.world.signed_in(OWNER))
    secret = PrivateKey.generate()
    public, sign_public = bytes(secret.public_key), bytes(sign_key(secret).verify_key)
    make_old(town)
    with desk(town, visitor, tmp_path, "org-one", script=False) as at:
        at.go("/new?role=recovery")
        at.page.locator("#public").fill(encode(public))
        at.page.locator("#fingerprint").fill(fingerprint(public))
        at.page.locator("#sign_public").fill(encode(sign_public))
        at.page.locator("form", has=at.page.locator("#public")).get_by_role("button").click()
        expect(at.page.get_by_role("heading", name="Once more, please")).to_be_visible()
        type_code(at.page, own.code())
        expect(at.page).to_have_url(re.compile("/console/org-one/keys/[0-9]+$"))
    assert ("recovery", "pending", fingerprint(public)) in states(town, "org-one")
