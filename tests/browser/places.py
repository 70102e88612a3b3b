"""Every page and state people meet, and the way there; for the tests that look at all of them."""

from datetime import UTC, datetime, timedelta

from flask_babel import force_locale, gettext
from nacl.public import PrivateKey
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.cli.demo import pictures as drawings
from proca_web.domain.campaign_words import NewsKind, PictureKind
from proca_web.domain.staff_words import LinkKind
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign, Elsewhere, News, Org, PublicKey
from proca_web.services.keys import activating, registering
from proca_web.services.keys import changes as key_changes
from proca_web.services.keys.registering import Registration
from proca_web.services.petitions import campaigns, pages
from proca_web.services.petitions.making.launch import draft_links
from proca_web.services.petitions.showing import pictures
from proca_web.services.staff import people, sessions
from proca_web.services.staff.account import addresses, resetting
from proca_web.services.staff.account import links as account_links
from tests.browser.live import Town, fill, sign
from tests.browser.people import coalition_states
from tests.browser.people import states as people_states
from tests.browser.ways import Links, Way, open_all, staff, to
from tests.factories import add_org, page_settings, password_hash, sign_key

# Orgs, and the keys of those which have one.
WITH_KEYS = {name: None for name in ("keyless", "ready")} | {
    name: PrivateKey.generate() for name in ("changing", "expired", "lost", "overdue")
}
SAID = {"comment": "For the birds,\nand the shade.", "comment_is_shown": "yes", "comment_named": "yes"}


def prepare(town: Town) -> Links:
    """Pages and signatures in every state, and the links that lead to them."""
    world, client = town.world, town.world.app.test_client()
    with world.app.test_request_context(), writing() as session, force_locale("en"):
        now = datetime.now(UTC)
        campaign = session.scalars(select(Campaign)).one()
        org = session.scalars(select(Org).where(Org.name == "org-one")).one()
        asked = ("first_name", "email", "birth_date")
        choice = page_settings(consent_style="choice", fields=asked, comment="sealed", double_opt_in=False)
        german = page_settings(locale="de", title="Straßenbaumbestandsschutzverordnung jetzt", comment="sealed")
        for name, settings in (("choice", choice), ("baeume", german), ("closed", page_settings())):
            page = pages.add_page(session, name, campaign, org, settings, now)
            with force_locale(settings.locale):
                pages.open_page(session, page, gettext, encryption.vouching, now)
            prepare_story(session, page, now)
        pages.close_page(page)
        draft = pages.add_page(session, "unborn", campaign, org, page_settings(title="Trees for everybody"), now)
        keys = world.app.extensions["proca_settings"].secret_keys
        links = {"home": town.url, "draft": f"/draft/{draft_links.make(session, keys, draft, org.id, None, now)}"}
        prepare_paused(session, now)
        prepare_planned(session, now)
    links |= prepare_keys(town) | people_states.prepare(world)
    ((words,),) = world.query("SELECT hash FROM consent_texts WHERE action_page_id = 2")
    links["words"] = f"/consent/{words}"
    for who in (*(f"admin@{org}.example.org" for org in ("org-one", "org-two", *WITH_KEYS)), "operator@example.org"):
        cookie = world.signed_in(who).get_cookie("session")
        assert cookie is not None
        links[who] = cookie.value
    for state in ("waiting", "confirmed", "rejected", "after_all"):
        assert (
            world.sign(client, "trees-partner", email=f"{state}@example.org", opt_in="yes", **SAID).status_code == 303
        )
        world.run("mail")
        links[state] = world.link(f"{state}@example.org")
    client.post(links["confirmed"])
    for state in ("rejected", "after_all"):
        client.post(f"{links[state]}/reject")
    links |= prepare_account(town)
    assert world.sign(client, email="confirmed@example.org").status_code == 303
    world.run("release", "mail", "sweep")
    world.execute("UPDATE comments SET state = 'shown'")
    links |= {f"mail, {mail['subject'].partition(':')[0]}": mail["html"] for mail in world.mails()}
    links |= coalition_states.prepare(world)
    return links


def prepare_story(session: Session, page: ActionPage, now: datetime) -> None:
    """A page that has everything to show there is."""
    drawn = drawings.draw_all()
    page.hero_id = pictures.store(session, page.org_id, PictureKind.HERO, drawn["street"], now).id
    page.hero_alt, page.addressee = "Trees along a street.", "City council of Bergen"
    page.closed_text = "## What now\n\nThe path is built from spring on."
    page.milestones = [
        {"number": 1, "text": "we begin"},
        {"number": 500, "text": "we ask for a hearing"},
        {"day": "2099-07-07", "text": "we hand it over"},
    ]
    session.add(
        News(page_id=page.id, kind=NewsKind.OUTCOME, title="The council said yes", body="Now.", published_at=now)
    )
    session.add(News(page_id=page.id, title="We met the parks office", body="It **agrees**.", published_at=now))
    elsewhere = Elsewhere(campaign_id=page.campaign_id, label="On paper", number=300, day=now.date(), created_at=now)
    session.add(elsewhere)


def prepare_account(town: Town) -> Links:
    """Links that were mailed about accounts: for a new password, and for another address, of which one more waits."""
    world, now, found = town.world, datetime.now(UTC), {}
    with world.app.app_context(), writing() as session:
        for name, email in (("old mailbox", "admin@org-two.example.org"), ("said no", "admin@keyless.example.org")):
            user = people.named_user(session, email)
            addresses.ask(session, user.id, f"new-{email}", now)
            change = addresses.waiting(session, user, now)
            assert change is not None
            links = account_links.token(world.app.config["SECRET_KEY"], change.before, user)
            found[name] = f"/account/address/{links}"
        user = people.named_user(session, "admin@org-one.example.org")
        resetting.ask(session, user, now)
        link = account_links.newest(session, user.id, LinkKind.RESET)
        assert link is not None
        found["reset"] = f"/reset/{account_links.token(world.app.config['SECRET_KEY'], link, user)}"
        for device, network in (("Safari, iPhone", "203.0.113.0/24"), ("", "")):
            sessions.start(session, user.id, device, network, now)
    return found


def prepare_paused(session: Session, now: datetime) -> None:
    """A page that is live, of an org whose key ended since."""
    org = add_org(session, "paused", PrivateKey.generate(), now)
    campaign = campaigns.add_campaign(session, "paused", "Paused", org, now)
    page = pages.add_page(session, "paused", campaign, org, page_settings(), now)
    pages.open_page(session, page, gettext, encryption.vouching, now)
    key = session.scalars(select(PublicKey).where(PublicKey.org_id == org.id)).one()
    key.status = "revoked"


def prepare_planned(session: Session, now: datetime) -> None:
    """Four orgs on one page that opens in a week."""
    orgs = [add_org(session, f"far-{each}", PrivateKey.generate(), now) for each in ("north", "east", "west")]
    campaign = campaigns.add_campaign(session, "planned", "Planned", orgs[0], now)
    campaign.opens_at = now + timedelta(days=7)
    page = pages.add_page(session, "planned", campaign, orgs[0], page_settings(), now)
    pages.set_receivers(session, page, orgs[1:])
    pages.open_page(session, page, gettext, encryption.vouching, now)


def prepare_keys(town: Town) -> Links:
    """Orgs whose keys are in every state, and the addresses of those keys' pages."""
    now, links = datetime.now(UTC), {}
    with town.world.app.test_request_context(), writing() as session, force_locale("en"):
        home = encryption.source.home
        for name, first in WITH_KEYS.items():
            org = add_org(session, name, first, now)
            people.add_user(session, f"admin@{name}.example.org", password_hash(), org, "owner", now)
            session.flush()
            if name in ("changing", "ready"):
                new = PrivateKey.generate()
                sign_public = bytes(sign_key(new).verify_key)
                registration = Registration(bytes(new.public_key), sign_public, "recipient")
                key = registering.register(session, org, registration, None, now)
                links[name] = f"/console/{name}/keys/{key.id}"
                key.proven_at = now
            if name == "changing":
                assert key_changes.activate(session, home, org, key.id, 1, now).state == "waiting"
        org = session.scalars(select(Org).where(Org.name == "org-two")).one()
        waiting = PrivateKey.generate()
        registration = Registration(bytes(waiting.public_key), bytes(sign_key(waiting).verify_key), "recovery")
        key = registering.register(session, org, registration, None, now)
        links["begun"] = f"/console/org-two/keys/{key.id}"
        key = session.scalars(select(PublicKey).join(Org).where(Org.name == "expired")).one()
        key.expires_at = now - timedelta(days=1)
        links["expired"] = f"/console/expired/keys/{key.id}"
    return links | prepare_past(town)


def prepare_past(town: Town) -> Links:
    """An org with a key that was replaced, one that was revoked, and one in use that was not tried for long."""
    now, world = datetime.now(UTC), town.world
    world.secrets["overdue"] = WITH_KEYS["overdue"]
    for _ in range(2):
        world.rotate("overdue")
    with world.app.test_request_context(), writing() as session, force_locale("en"):
        org = session.scalars(select(Org).where(Org.name == "overdue")).one()
        keys = session.scalars(select(PublicKey).where(PublicKey.org_id == org.id).order_by(PublicKey.id)).all()
        activating.revoke(session, encryption.source.home, org, keys[1].id, None, now)
        keys[2].activated_at = now - timedelta(days=91)
        names = ("replaced", "revoked", "overdue")
        return {name: f"/console/overdue/keys/{key.id}" for name, key in zip(names, keys, strict=True)}


def mail(kind: str) -> Way:
    """What a mail program shows."""

    def way(page: Page, links: Links) -> None:
        page.goto("about:blank")  # no page of ours, whose policy would hold for the mail
        page.set_content(links[f"mail, {kind}"])

    return way


def with_faults(page: Page, _: Links) -> None:
    """Nothing of what is needed is there."""
    page.goto("/p/trees-partner")
    page.locator("#email").fill("nonsense")
    sign(page)
    expect(page.locator(".summary")).to_be_focused()


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
    expect(page.locator("#email-again")).to_be_visible()


def after_all(page: Page, links: Links) -> None:
    """Who said no by mistake; the link holds nothing to go on with, the answer does."""
    page.goto(links["after_all"])
    page.get_by_role("button", name="It was me after all").click()
    expect(page.get_by_role("heading", name="Mails can reach you again")).to_be_visible()


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


def weak_password(page: Page, links: Links) -> None:
    """A password that everybody guesses."""
    page.goto(links["reset"])
    page.get_by_label("New password").fill("qwerty123456")
    page.get_by_role("button", name="Use this password").click()
    expect(page.get_by_text("100,000 most common")).to_be_visible()


def said_no(page: Page, links: Links) -> None:
    """A mailbox that keeps the address as it is; in every window but the first nothing waits any more."""
    page.goto(links["said no"])
    no = page.get_by_role("button", name="No, it stays as it is")
    if no.count():
        no.click()
        expect(page.get_by_role("heading", name="The address stays as it is")).to_be_visible()


def account_menu(page: Page, links: Links) -> None:
    """The account menu, open over a page."""
    staff("admin@org-one.example.org", "/console/org-one/")(page, links)
    page.locator("header summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def wrong_present_password(page: Page, links: Links) -> None:
    """Not the password one has."""
    staff("admin@keyless.example.org", "/account/password")(page, links)
    page.get_by_label("Present password").fill("not it")
    page.get_by_label("New password").fill("quiet bridge over seven lakes")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("not your present password")).to_be_visible()


def making(*steps: str, org: str = "keyless", role: str = "recipient") -> Way:
    """A new key in the browser: the buttons that lead to a step of the ceremony."""

    def way(page: Page, links: Links) -> None:
        cookie = links[f"admin@{org}.example.org"]
        page.context.add_cookies([{"name": "session", "value": cookie, "url": links["home"]}])
        page.goto(f"/console/{org}/keys/new?role={role}")
        for step in steps:
            page.get_by_role("button", name=step, exact=True).click()
        expect(page.locator(f"#ceremony [data-number='{len(steps) + 1}']")).to_be_visible()

    return way


def own_passphrase(page: Page, links: Links) -> None:
    """One that is too short, refused."""
    making("Make the key here")(page, links)
    page.get_by_label("A passphrase of my own").check()
    page.get_by_label("Your passphrase").fill("short")
    page.get_by_role("button", name="Make the key", exact=True).click()
    expect(page.locator("#own-passphrase-fault")).to_be_visible()


def made(*, opened: bool, org: str = "keyless", role: str = "recipient") -> Way:
    """A key file that was saved, and opened again or not."""

    def way(page: Page, links: Links) -> None:
        making("Make the key here", org=org, role=role)(page, links)
        words = " ".join(page.locator("[data-step=passphrase] .words li").all_inner_texts())
        page.get_by_role("button", name="Make the key", exact=True).click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save the file", exact=True).click()
        page.get_by_role("button", name="I have file and passphrase").click()
        page.get_by_label("The key file you saved").set_input_files(download.value.path())
        page.locator("#reopen-passphrase").fill(words if opened else "not the words")
        page.get_by_role("button", name="Open it").click()
        expect(page.locator("#reopen-passphrase-fault")).to_be_visible(visible=not opened)

    return way


def old_key_wanted(page: Page, links: Links) -> None:
    """Step 5, where a key is in use already."""
    made(opened=True, org="org-two")(page, links)
    expect(page.locator("#old")).to_be_visible()
    page.get_by_text("The old key is lost or was stolen").click()


def damaged_file(page: Page, links: Links) -> None:
    """Step 4, with a file that was changed since."""
    made(opened=False)(page, links)
    field = page.get_by_label("The key file you saved")
    text = field.evaluate("(field) => field.files[0].text()").replace("keyless", "clueless")
    field.set_input_files({"name": "cut.orgkey.json", "mimeType": "application/json", "buffer": text.encode()})
    page.get_by_role("button", name="Open it").click()
    expect(page.locator("#reopen-file-fault")).to_be_visible()


def waiting(page: Page, links: Links) -> None:
    """The end of the ceremony without the old key."""
    made(opened=True, org="lost")(page, links)
    page.get_by_text("The old key is lost or was stolen").click()
    page.get_by_role("button", name="Go on without the old key").click()
    page.get_by_role("button", name="Activate the key").click()
    expect(page.get_by_role("heading", name="The new key waits for approval")).to_be_visible()


def recovery_in_use(page: Page, links: Links) -> None:
    """The end of the second person's ceremony."""
    made(opened=True, org="lost", role="recovery")(page, links)
    page.get_by_role("button", name="Activate the key").click()
    expect(page.get_by_role("heading", name="The recovery key is in use")).to_be_visible()


def to_be_printed(page: Page, links: Links) -> None:
    """The page with the words, as the printer sees it."""
    making("Make the key here", "Make the key")(page, links)
    page.emulate_media(media="print")
    expect(page.locator("#paper")).to_be_visible()


def proven(page: Page, links: Links) -> None:
    """Step 6."""
    made(opened=True)(page, links)
    expect(page.get_by_role("button", name="Activate the key")).to_be_visible()


def in_use(page: Page, links: Links) -> None:
    """The end of the ceremony; of an org that nobody else looks at."""
    made(opened=True, org="ready")(page, links)
    page.get_by_role("button", name="Activate the key").click()
    expect(page.get_by_role("heading", name="The key is in use")).to_be_visible()
    page.get_by_text("Not now").click()


def refused_registration(page: Page, links: Links) -> None:
    """By form, a key that is none."""
    making()(page, links)
    page.get_by_role("link", name="I make it offline").click()
    for name in ("public", "fingerprint", "sign_public"):
        page.locator(f"#{name}").fill("A" * 43)
    page.get_by_role("button", name="Register this public key").click()
    expect(page.get_by_role("alert")).to_be_visible()


PLACES: dict[str, Way] = {
    "search": open_all("/?q=trees"),
    "search, nothing found": open_all("/?q=nobody-says-this"),
    "front page": to("/"),
    "petition": to("/p/trees"),
    "petition, unfolded": open_all("/p/trees-partner"),
    "yes and no": to("/p/choice"),
    "in German": open_all("/p/baeume"),
    "thanks, in German": open_all("/p/baeume/thanks"),
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
    "it was me after all": after_all,
    "a link that is over": to(f"/confirm/{'A' * 43}"),
    "thanks": to("/p/trees/thanks"),
    "comments": to("/p/trees-partner/comments"),
    "sheet": to("/p/choice/sheet"),
    "closed": to("/p/closed"),
    "paused": to("/p/paused"),
    "planned": to("/p/planned"),
    "draft": open_all("{draft}"),
    "draft, test taken": to("{draft}?taken=yes"),
    "draft, link over": to("/draft/over"),
    "nothing here": to("/p/nowhere"),
    "words of the form": to("{words}"),
    "keys": to("/keys"),
    "sign in": to("/login"),
    "wrong password": wrong_password,
    "forgot": to("/forgot"),
    "forgot, sent": to("/forgot/sent"),
    "forgot, link over": to("/reset/over"),
    "reset": to("{reset}"),
    "reset, refused": weak_password,
    "address, old mailbox": to("{old mailbox}"),
    "address, said no": said_no,
    "account": staff("admin@org-one.example.org", "/account/"),
    "account, menu": account_menu,
    "account, an address waits": staff("admin@org-two.example.org", "/account/"),
    "account, password": staff("admin@org-one.example.org", "/account/password"),
    "account, wrong password": wrong_present_password,
    "account mail": mail("A new password for your account at 127.0.0.1"),
    "confirmation mail": mail("Please confirm"),
    "mail to who has signed": mail("You have signed already"),
    "thank-you mail": mail("Thank you for signing"),
    "invitation mail": mail("admin@org-two.example.org invites you to Org Two"),
    "mailbox": open_all("/mailbox"),
    "console": staff("admin@org-one.example.org", "/console/org-one/"),
    "console, campaigns": staff("admin@org-two.example.org", "/console/org-two/campaigns"),
    "console, launch": staff("admin@org-one.example.org", "/console/org-one/campaigns/trees/launch?page=unborn"),
    "console, launched": staff(
        "admin@org-one.example.org", "/console/org-one/campaigns/trees/launch?page=trees-partner"
    ),
    "console, numbers": staff("admin@org-one.example.org", "/console/org-one/campaigns/trees/numbers"),
    "console, news": staff("admin@org-one.example.org", "/console/org-one/campaigns/trees/news"),
    "console, news, changed": staff("admin@org-one.example.org", "/console/org-one/campaigns/trees/news/1"),
    "console, news, taken off": staff("admin@org-one.example.org", "/console/org-one/campaigns/trees/news/1/remove"),
    "console, comments": staff("admin@org-two.example.org", "/console/org-two/campaigns/trees/comments?state=shown"),
    "console, record": staff("admin@org-one.example.org", "/console/org-one/audit"),
    "console, record, nothing found": staff("admin@org-one.example.org", "/console/org-one/audit?q=nobody-did-this"),
    "console, exports": staff("admin@org-one.example.org", "/console/org-one/exports"),
    "console without a key": staff("admin@keyless.example.org", "/console/keyless/"),
    "own keys": staff("admin@org-one.example.org", "/console/org-one/keys"),
    "own keys, none": staff("admin@keyless.example.org", "/console/keyless/keys"),
    "own keys, one begun": staff("admin@org-two.example.org", "/console/org-two/keys"),
    "own keys, a change waits": staff("admin@changing.example.org", "/console/changing/keys"),
    "own keys, expired": staff("admin@expired.example.org", "/console/expired/keys"),
    "a key that expired": staff("admin@expired.example.org", "{expired}"),
    "a key to be proven": staff("admin@org-two.example.org", "{begun}"),
    "a key to be activated": staff("admin@ready.example.org", "{ready}"),
    "a key that waits": staff("admin@changing.example.org", "{changing}"),
    "own keys, overdue": staff("admin@overdue.example.org", "/console/overdue/keys"),
    "console, overdue": staff("admin@overdue.example.org", "/console/overdue/"),
    "console, expired": staff("admin@expired.example.org", "/console/expired/"),
    "a key to be tried": staff("admin@overdue.example.org", "{overdue}"),
    "a key that was replaced": staff("admin@overdue.example.org", "{replaced}"),
    "a key that was revoked": staff("admin@overdue.example.org", "{revoked}"),
    "new key": making(),
    "new key, words": making("Make the key here"),
    "new key, own passphrase": own_passphrase,
    "new key, save": making("Make the key here", "Make the key"),
    "new key, wrong passphrase": made(opened=False),
    "new key, damaged file": damaged_file,
    "new key, printed": to_be_printed,
    "new key, waits": waiting,
    "new recovery key": making(role="recovery"),
    "new recovery key, in use": recovery_in_use,
    "new key, old key": old_key_wanted,
    "new key, proven": proven,
    "new key, in use": in_use,
    "new key, refused": refused_registration,
    "settings, demo": staff("admin@org-one.example.org", "/console/org-one/settings"),
    **people_states.PLACES,
    **coalition_states.PLACES,
    "console, nothing here": staff("admin@org-one.example.org", "/console/org-one/nowhere"),
    "console, operator": staff("operator@example.org", "/console/home/"),
}
# What these states are about is no complaint.
EXPECTED = (403, 404, 410, 503, 422, "ERR_INTERNET_DISCONNECTED", "Failed to fetch")
