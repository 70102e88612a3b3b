"""The settings page with something to say about a domain, on a phone and a desk, in light and dark."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.domain.senders.findings import Finding, Kind
from proca_web.domain.senders.sender import Sender
from proca_web.models import OrgTransport
from proca_web.services.instance import mail_domains
from proca_web.services.petitions.settings import own_transports
from tests.browser import live, looking
from tests.browser.live import DESKTOP, NARROWEST, PHONE, Visitor
from tests.databases import Templates

DOMAIN = "host.example.org"
ENV = {"PROCA_MAIL_SERVER": "smtp.sendgrid.net", "PROCA_MAIL_FROM": f"a@{DOMAIN}", "PROCA_MAIL_RESOLVER": "127.0.0.1"}
FOUND = [
    Finding(Kind.SPF_NONE, {"domain": DOMAIN}, f'{DOMAIN} TXT "v=spf1 include:sendgrid.net ~all"'),
    Finding(
        Kind.DMARC_WATCHES,
        {"domain": DOMAIN, "name": f"_dmarc.{DOMAIN}"},
        f'_dmarc.{DOMAIN} TXT "v=DMARC1; p=quarantine; rua=mailto:reports-about-mail@postmaster.{DOMAIN}"',
    ),
]
_DRAWN = io.BytesIO()
Image.new("RGB", (200, 120), "teal").save(_DRAWN, "PNG")
LOGO = _DRAWN.getvalue()


@pytest.fixture
def settings_page(chromium: Browser, tmp_path: Path, templates: Templates) -> Iterator[Page]:
    with live.town(tmp_path, templates, **ENV) as town:
        now, found = clock.now(), [Finding(Kind.DKIM_GOOD, {"signer": DOMAIN, "bits": "2048"})]
        with town.world.app.app_context(), writing() as session:
            mail_domains.answered(session, [Sender(DOMAIN, DOMAIN, "smtp.sendgrid.net")], FOUND, now)
            mail_domains.came_back(session, DOMAIN, found, now)
        cookie = town.world.signed_in("admin@org-one.example.org").get_cookie("session")
        assert cookie is not None
        visitor = Visitor(chromium, town.url)
        page = visitor.page(script=True)
        page.context.add_cookies([{"name": "session", "value": cookie.value, "url": town.url}])
        page.goto("/console/org-one/settings")
        visitor.expect(422)
        page.town = town  # type: ignore[attr-defined]
        yield page
        visitor.end()


def test_findings_are_read_and_asked_for_again_on_any_screen(settings_page: Page) -> None:
    shown = settings_page.locator(".findings li")
    assert [each.get_attribute("class") for each in shown.all()] == ["fault", "advice", "good"]
    for size in (PHONE, NARROWEST, DESKTOP):
        settings_page.set_viewport_size(size)
        assert looking.sticks_out(settings_page) <= 0
        assert looking.too_small(settings_page) == []
    assert looking.axe_faults(settings_page, {}) == []
    settings_page.get_by_role("button", name="Check again").click()
    settings_page.get_by_text("It is being asked.").wait_for()
    assert looking.axe_faults(settings_page, {}) == []


def test_who_an_org_is_and_how_its_mails_leave_is_changed_on_any_screen(settings_page: Page) -> None:
    page, town = settings_page, settings_page.town  # type: ignore[attr-defined]
    page.get_by_label("Hours are those of").fill("Middle-earth")
    page.get_by_label("Name in law").fill("Typed by hand")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("This is no time zone we know.").wait_for()
    assert page.evaluate("document.activeElement.id") == "time_zone"
    assert page.get_by_label("Name in law").input_value() == "Typed by hand"
    page.get_by_label("Hours are those of").fill("berlin")
    page.locator("#picture").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": LOGO})
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved. It is on all your pages now.").wait_for()
    assert page.locator(".org-mark img").evaluate("image => image.complete && image.naturalWidth") > 0
    page.get_by_text("Through a server of your own").click()
    for label, typed in (("Server", "smtp.example.org"), ("User name", "me"), ("Password", "secret")):
        page.get_by_label(label, exact=True).fill(typed)
    page.locator("#server_from").fill("a@example.org")
    page.get_by_role("button", name="Test it").click()
    page.get_by_text("It is being tried.").wait_for()
    with town.world.app.app_context(), writing() as session:
        (row,) = session.scalars(select(OrgTransport))
        own_transports.tested(session, row.id, "login 535 authentication failed", clock.now(), passed=False)
    page.get_by_text("It does not take user name and password.").wait_for()
    assert page.get_by_label("Password", exact=True).input_value() == ""
    for size in (PHONE, NARROWEST, DESKTOP):
        page.set_viewport_size(size)
        assert looking.sticks_out(page) <= 0
        assert looking.too_small(page) == []
    assert looking.axe_faults(page, {}) == []
