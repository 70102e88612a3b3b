"""Staff sign in, see how their campaign does, download what is theirs, and open it with a key the server never had."""

import csv
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import confirmed, sign_in
from tests.browser.live import DESKTOP, Town, Visitor


def test_the_export_is_downloaded_and_opened_with_raw_pynacl(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    confirmed(town, "zofia@example.org", "anna@example.org")
    page = visitor.page(size=DESKTOP)
    sign_in(page, "admin@org-one.example.org")
    expect(page.get_by_role("heading", name="Org One", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="Confirmed in 30 days: 2")).to_be_visible()
    page.get_by_text("As a table").click()
    expect(page.get_by_role("figure").get_by_role("cell", name="2", exact=True)).to_be_visible()

    page.get_by_role("link", name="Exports").click()
    expect(page.get_by_text("2 people")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "org-one-contacts.csv"
    saved = tmp_path / "saved.csv"
    download.value.save_as(saved)
    content = saved.read_text("utf-8")
    assert "zofia" not in content.lower()
    people = [town.world.open("org-one", row) for row in list(csv.DictReader(content.splitlines()))[:-1]]
    assert [person["email"] for person in people] == ["zofia@example.org", "anna@example.org"]

    page.reload()
    expect(page.get_by_role("cell", name="everything")).to_be_visible()


def test_a_wrong_password_is_said_and_the_address_kept(visitor: Visitor) -> None:
    visitor.expect(422)
    page = visitor.page()
    sign_in(page, "admin@org-one.example.org", "not the password")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page).to_have_title("Error: Sign in")
    expect(page.get_by_label("E-mail")).to_have_value("admin@org-one.example.org")
    expect(page.get_by_label("Password")).to_be_focused()


def test_the_operator_sees_whether_the_worker_lives(town: Town, visitor: Visitor) -> None:
    page = visitor.page()
    sign_in(page, "operator@example.org")
    expect(page.get_by_role("alert")).to_contain_text("No worker was seen")
    town.world.run("sweep")
    page.reload()
    expect(page.get_by_text("Alive. Seen at")).to_be_visible()


def test_signing_out_ends_the_session(visitor: Visitor) -> None:
    page = visitor.page()
    sign_in(page, "admin@org-two.example.org")
    page.get_by_text("Menu", exact=True).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/console/org-two/", wait_until="networkidle")
    assert page.url.endswith("/login")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
