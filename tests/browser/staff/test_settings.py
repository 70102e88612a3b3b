"""The settings page with something to say about a domain, on a phone and a desk, in light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.domain.senders.findings import Finding, Kind
from proca_web.domain.senders.sender import Sender
from proca_web.services.instance import mail_domains
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
