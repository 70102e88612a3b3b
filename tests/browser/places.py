"""Every page and state people meet, and the way there; for the tests that look at all of them."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask_babel import force_locale, gettext
from playwright.sync_api import Page, expect
from sqlalchemy import select

from proca_web.extensions import db
from proca_web.models import Campaign, Org
from proca_web.services import campaigns
from proca_web.web.database import writing
from tests.browser.live import Town, fill, sign
from tests.factories import page_settings

Links = dict[str, str]
Way = Callable[[Page, Links], object]


def prepare(town: Town) -> Links:
    """Pages and signatures in every state, and the links that lead to them."""
    world, client = town.world, town.world.app.test_client()
    with world.app.test_request_context(), writing(), force_locale("en"):
        session, now = db.session(), datetime.now(UTC)
        campaign = session.scalars(select(Campaign)).one()
        org = session.scalars(select(Org).where(Org.name == "org-one")).one()
        asked = ("first_name", "email", "birth_date")
        choice = page_settings(consent_style="choice", fields=asked, comment="sealed", double_opt_in=False)
        for name, settings in (("choice", choice), ("closed", page_settings())):
            page = campaigns.add_page(session, name, campaign, org, settings, now)
            campaigns.open_page(session, page, gettext, now)
        campaigns.close_page(page)
    links = {"home": town.url}
    for who in ("admin@org-one.example.org", "admin@org-two.example.org", "operator@example.org"):
        cookie = world.signed_in(who).get_cookie("session")
        assert cookie is not None
        links[who] = cookie.value
    for state in ("waiting", "confirmed", "rejected"):
        assert world.sign(client, "trees-partner", email=f"{state}@example.org", opt_in="yes").status_code == 303
        world.run("mail")
        links[state] = world.link(f"{state}@example.org")
    client.post(links["confirmed"])
    client.post(f"{links['rejected']}/reject")
    world.run("release", "mail", "sweep")
    links |= {f"mail, {mail['subject'].partition(':')[0]}": mail["html"] for mail in world.mails()}
    return links


def to(path: str) -> Way:
    """Simply go there."""
    return lambda page, links: page.goto(path.format(**links))


def open_all(path: str) -> Way:
    """Go there and unfold whatever is folded."""

    def way(page: Page, links: Links) -> None:
        page.goto(path.format(**links))
        for summary in page.locator("main summary").all():
            summary.click()

    return way


def mail(kind: str) -> Way:
    """What a mail program shows."""
    return lambda page, links: page.set_content(links[f"mail, {kind}"])


def with_faults(page: Page, _: Links) -> None:
    """Nothing of what is needed is there."""
    page.goto("/p/trees-partner")
    page.locator("#email").fill("nonsense")
    sign(page)
    expect(page.locator("#first_name")).to_be_focused()


def asked_about_the_address(page: Page, _: Links) -> None:
    """A mistyped domain."""
    page.goto("/p/trees")
    fill(page, email="a-rather-long-name-for-an-address@gmial.com")
    sign(page)
    expect(page.locator(".suggestion")).to_be_visible()


def check_inbox(page: Page, _: Links) -> None:
    """The next step in place of the form, its change of address unfolded."""
    page.goto("/p/trees")
    fill(page, email="a-rather-long-name-for-an-address@example.org")
    sign(page)
    page.get_by_text("Wrong address? Change it").click()
    expect(page.locator("#email-again")).to_be_visible()


def refused(page: Page, _: Links) -> None:
    """No connection."""
    page.goto("/p/trees")
    page.context.set_offline(True)
    sign(page)
    expect(page.locator("#notice")).to_be_focused()
    page.context.set_offline(False)


def wrong_password(page: Page, _: Links) -> None:
    """A failed sign-in."""
    page.goto("/login")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_label("Password").fill("not it")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def staff(who: str, path: str) -> Way:
    """Go there signed in; unfold whatever is folded."""

    def way(page: Page, links: Links) -> None:
        page.context.add_cookies([{"name": "session", "value": links[who], "url": links["home"]}])
        open_all(path)(page, links)

    return way


PLACES: dict[str, Way] = {
    "front page": to("/"),
    "petition": to("/p/trees"),
    "petition, unfolded": open_all("/p/trees-partner"),
    "yes and no": to("/p/choice"),
    "form alone": to("/p/trees/sign"),
    "test form": to("/p/trees/sign?testing=true"),
    "faults": with_faults,
    "mistyped address": asked_about_the_address,
    "check your inbox": check_inbox,
    "check your inbox, plain": to("/p/trees/check-inbox"),
    "no connection": refused,
    "confirm": open_all("{waiting}"),
    "your signature": open_all("{confirmed}"),
    "rejected": to("{rejected}"),
    "thanks": to("/p/trees/thanks"),
    "closed": to("/p/closed"),
    "nothing here": to("/p/nowhere"),
    "keys": to("/keys"),
    "sign in": to("/login"),
    "wrong password": wrong_password,
    "confirmation mail": mail("Please confirm"),
    "thank-you mail": mail("Thank you for signing"),
    "mailbox": open_all("/mailbox"),
    "console": staff("admin@org-one.example.org", "/console/org-one/"),
    "console, campaigns": staff("admin@org-two.example.org", "/console/org-two/campaigns"),
    "console, exports": staff("admin@org-one.example.org", "/console/org-one/exports"),
    "console, operator": staff("operator@example.org", "/console/home/"),
}
# What these states are about is no complaint.
EXPECTED = (404, 410, 422, "ERR_INTERNET_DISCONNECTED", "Failed to fetch")
