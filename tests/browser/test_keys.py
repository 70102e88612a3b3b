"""An org's key, made in a browser: saved, opened again, proven, put to use; and what never leaves the tab."""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask_babel import force_locale
from nacl.bindings import crypto_scalarmult_base
from nacl.public import PrivateKey
from playwright.sync_api import Page, Request, expect

from proca_web.crypto import keyfile
from proca_web.crypto.encoding import encode
from proca_web.crypto.keyfile import OrgKey
from proca_web.crypto.keys import fingerprint
from proca_web.crypto.passphrase import word_list
from proca_web.extensions import db, encryption
from proca_web.models import Org
from proca_web.services import accounts
from proca_web.web.database import writing
from tests import factories
from tests.browser.live import DESKTOP, Town, Visitor
from tests.browser.test_staff import confirmed

OWN = "a bridge over the Quiet river"
PROCA_ORG = Path(sys.executable).parent / "proca-org"
STORED = """async () => [Object.entries(localStorage), Object.entries(sessionStorage), await indexedDB.databases(),
  await caches.keys(), document.cookie, location.href, history.state, window.name]"""
# What an attribute, a field or the page itself still holds.
SHOWN = """() => [...document.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.value)
  .concat(e.value ?? '')).join('\\n')"""


@dataclass
class Desk:
    """An owner of an org at a computer of theirs: a window, a folder for downloads, and all that was sent from it."""

    page: Page
    folder: Path
    org: str
    sent: list[str] = field(default_factory=list)
    passphrase: str = ""
    file: Path = Path()

    def go(self, path: str = "") -> None:
        self.page.goto(f"/console/{self.org}/keys{path}")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def at(self, heading: str) -> None:
        """The step's heading has the focus, so that a screen reader reads it."""
        expect(self.page.get_by_role("heading", name=heading)).to_be_focused()

    def begin(self, role: str = "recipient", own: str = "") -> None:
        """Steps 1 and 2."""
        self.go(f"/new?role={role}")
        self.press("Make the key here")
        self.at("Step 2 of 6 A passphrase for the file")
        if own:
            self.page.get_by_label("A passphrase of my own").check()
            self.page.get_by_label("Your passphrase").fill(own)
        words = self.page.locator("[data-step=passphrase] ol.words li").all_inner_texts()
        self.passphrase = own or " ".join(words)
        self.press("Make the key")
        self.at("Step 3 of 6 Save the key file")

    def save(self) -> None:
        """Step 3."""
        with self.page.expect_download() as download:
            self.press("Save the file")
        self.file = self.folder / download.value.suggested_filename
        download.value.save_as(self.file)
        self.press("I have both")
        self.at("Step 4 of 6 Open the saved file")

    def open(self, file: Path | None = None, passphrase: str | None = None) -> None:
        """Step 4."""
        self.page.get_by_label("The key file you saved").set_input_files(file or self.file)
        self.page.locator("#reopen-passphrase").fill(self.passphrase if passphrase is None else passphrase)
        self.press("Open it")

    def activate(self) -> None:
        """Step 6."""
        self.at("Step 6 of 6 Put the key to use")
        self.press("Activate the key")

    def key(self) -> OrgKey:
        """What the saved file opens to, on premises."""
        return keyfile.unlock(json.loads(self.file.read_text()), self.passphrase)


@contextlib.contextmanager
def desk(town: Town, visitor: Visitor, folder: Path, org: str, *, email: str = "", **how: Any) -> Iterator[Desk]:
    """Sit down, signed in."""
    page = visitor.page(**how)
    cookie = town.world.signed_in(email or f"admin@{org}.example.org").get_cookie("session")
    assert cookie is not None
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": town.url}])
    sitting = Desk(page, folder, org)

    def note(request: Request) -> None:
        sitting.sent.append(f"{request.method} {request.url} {request.headers} {request.post_data or ''}")

    page.context.on("request", note)
    page.context.on("console", lambda message: sitting.sent.append(message.text))
    yield sitting


def found_org(town: Town, name: str) -> None:
    """An org that never had a key, and its owner."""
    now = datetime.now(UTC)
    with town.world.app.test_request_context(), writing(), force_locale("en"):
        org = factories.add_org(name, None, now)
        accounts.add_user(db.session(), f"admin@{name}.example.org", factories.password_hash(), org, "owner", now)


def add_owner(town: Town, org: str) -> str:
    """A second owner; returns the address."""
    email = f"second@{org}.example.org"
    with town.world.app.app_context(), writing():
        owner = db.session().scalars(db.select(Org).where(Org.name == org)).one()
        accounts.add_user(
            db.session(), email, factories.password_hash(), owner, "owner", datetime(2026, 1, 1, tzinfo=UTC)
        )
    return email


def old_file(town: Town, folder: Path, org: str) -> Path:
    """The key file of an org's first key, as `proca-org keygen` would have written it; its passphrase is OWN."""
    secret: PrivateKey = town.world.secrets[org]
    with town.world.app.app_context():
        pin = encode(encryption.source.home.identity)
    key = OrgKey(org, bytes(secret.public_key), bytes(secret), home_identity=pin)
    path = folder / f"{org}-old.orgkey.json"
    path.write_text(keyfile.dumps(keyfile.lock(key, OWN)))
    return path


def states(town: Town, org: str) -> list[tuple[str, str, str]]:
    """Role, state and fingerprint of an org's keys, oldest first."""
    query = (
        "SELECT role, k.status, fingerprint FROM public_keys k JOIN orgs o ON o.id = k.org_id"
        " WHERE o.name = :org AND kind = 'recipient' ORDER BY k.id"
    )
    return [tuple(row) for row in town.world.query(query, org=org)]


def assert_nothing_secret(text: str, secret: bytes, passphrase: str) -> None:
    """Neither the secret in any of its spellings, nor the passphrase, nor two of its words in a row."""
    words = passphrase.split()
    pairs = [f"{first} {second}" for first, second in zip(words, words[1:], strict=False)]
    spellings = [encode(secret), encode(secret).replace("-", "+").replace("_", "/"), secret.hex(), passphrase, *pairs]
    spellings += [part.replace(" ", separator) for part in pairs for separator in ("+", "%20", "-", "", '","')]
    assert not [spelling for spelling in spellings if spelling.lower() in text.lower()]


SIZES = {"phone": None, "desktop": DESKTOP}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("own", ["", OWN], ids=["words", "own"])
def test_a_key_is_made_saved_proven_and_put_to_use(
    town: Town, visitor: Visitor, tmp_path: Path, size: str, own: str
) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three", size=SIZES[size]) as at:
        at.go()
        expect(at.page.get_by_role("alert")).to_contain_text("You have no key in use")
        at.page.get_by_role("link", name="Make a key now").click()
        at.page.emulate_media(color_scheme="dark")
        at.begin(own=own)
        expect(at.page.locator("#paper")).to_have_attribute("hidden", "") if own else None
        at.save()
        at.open()
        at.activate()
        at.at("The key is in use")
        key = at.key()
        assert states(town, "org-three") == [("recipient", "active", fingerprint(key.public))]
        assert at.file.name == f"org-three-{fingerprint(key.public)[:9].replace('-', '')}.orgkey.json"
        assert crypto_scalarmult_base(key.secret) == key.public
        assert key.home_identity == encode(town.world.app.extensions["proca_encryption"].home.identity)
        expect(at.page.locator(".fingerprint code:visible")).to_have_text(fingerprint(key.public))
        expect(at.page.get_by_role("link", name="Make the recovery key")).to_be_visible()
        at.page.get_by_text("Not now").click()
        at.page.get_by_role("link", name="Continue without a recovery key").click()
        expect(at.page.locator(".tag.live")).to_contain_text("in use")


def test_nothing_secret_is_sent_kept_or_left_in_the_page(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    """The canary: everything that left the tab, and everything it kept, at every step."""
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        kept: list[str] = []

        def look() -> None:
            kept.append(json.dumps(at.page.evaluate(STORED)) + at.page.evaluate(SHOWN))

        at.begin()
        look()
        at.save()
        look()
        expect(at.page.locator(".words li")).to_have_count(0)
        assert at.page.locator("canvas").evaluate("(canvas) => canvas.width") == 0
        at.open()
        at.at("Step 6 of 6 Put the key to use")
        look()
        assert at.passphrase.split()[0] not in at.page.content().split("<main")[1].lower().split()
        assert at.page.evaluate("[...document.querySelectorAll('[data-passphrase]')].map((e) => e.value)") == ["", ""]
        at.activate()
        at.at("The key is in use")
        look()
        cookies = json.dumps(at.page.context.cookies())
        bodies = [line for line in at.sent if line.startswith("POST")]
        assert len(bodies) == 4  # register, challenge, answer, activate
        assert_nothing_secret("\n".join([*at.sent, *kept, cookies]), at.key().secret, at.passphrase)


@pytest.mark.parametrize("step", ["words", "file", "proof"])
def test_after_a_reload_nothing_is_left_and_the_page_begins_anew(
    town: Town, visitor: Visitor, tmp_path: Path, step: str
) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.begin()
        words = at.passphrase.split()
        if step != "words":
            at.save()
        if step == "proof":
            at.open()
            at.at("Step 6 of 6 Put the key to use")
        at.page.reload()
        expect(at.page.get_by_role("heading", name="Step 1 of 6")).to_be_visible()
        stored = at.page.evaluate(STORED)
        assert stored[:5] == [[], [], [], [], ""]
        assert not set(words) & set(re.findall(r"[a-z-]+", at.page.locator("#ceremony ol.words").all_inner_texts()[0]))
        assert at.page.locator("#paper ol.words li").count() == 0


def test_the_printed_page_holds_the_words_and_nothing_else_of_the_page(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.page.add_init_script("window.print = () => { window.printed = true }")
        at.begin()
        at.press("Print the words")
        assert at.page.evaluate("window.printed")
        at.page.emulate_media(media="print")
        expect(at.page.locator("#paper")).to_be_visible()
        expect(at.page.locator("header.site")).to_be_hidden()
        expect(at.page.locator("#ceremony")).to_be_hidden()
        assert " ".join(at.page.locator("#paper .words li").all_inner_texts()) == at.passphrase
        dark = (
            "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 0 && !v)"
        )
        assert at.page.locator("canvas").evaluate(f"(c) => ({dark})(c).length") > 10_000
        at.page.emulate_media(media="screen")
        at.save()
        at.page.emulate_media(media="print")
        expect(at.page.locator("#paper")).to_be_hidden()
        expect(at.page.locator("header.site")).to_be_visible()


def test_other_words_are_other_words(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go("/new")
        at.press("Make the key here")
        words = at.page.locator("[data-step=passphrase] ol.words li")
        first = words.all_inner_texts()
        at.press("Other words")
        expect(words.first).not_to_have_text(first[0])
        assert len(words.all_inner_texts()) == 7
        assert set(words.all_inner_texts()) <= set(word_list())


def test_an_own_passphrase_is_judged_in_words_while_it_is_typed(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go("/new")
        at.press("Make the key here")
        at.page.get_by_label("A passphrase of my own").check()
        typed = at.page.get_by_label("Your passphrase")
        for text, said in (
            ("short", "Too short"),
            ("abababababab", "Too simple"),
            (OWN[:15], "Long enough"),
            (OWN, "Long."),
        ):
            typed.fill(text)
            expect(at.page.locator("[data-verdict]:visible")).to_contain_text(said)
        typed.fill("short")
        at.press("Make the key")
        expect(typed).to_be_focused()
        expect(typed).to_have_attribute("aria-invalid", "true")
        expect(at.page.locator("#own-passphrase-fault")).to_contain_text("at least 12 characters")
        typed.fill(OWN)
        expect(at.page.locator("#own-passphrase-fault")).to_be_hidden()
        expect(at.page.locator("[data-verdict]:visible")).to_contain_text("Long.")


def test_the_file_comes_first(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.begin()
        at.press("I have both")
        expect(at.page.locator("#download-fault")).to_have_text("Save the file first.")
        expect(at.page.get_by_role("button", name="Save the file", exact=True)).to_be_focused()


def test_each_wrong_file_and_passphrase_is_told_in_its_own_words(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.begin()
        at.press("Save the file")
        at.save()
        content = json.loads(at.file.read_text())
        home = {"home_identity": content["home_identity"]}
        wrong = {
            "damaged.json": (json.dumps(content | {"origin": "https://elsewhere.example.org"}), "is damaged"),
            "cut.json": (at.file.read_text()[:-40], "not a key file"),
            "letter.txt": ("Dear friends", "not a key file"),
            "large.json": (" " * 70_000 + at.file.read_text(), "not a key file"),
            "org.json": (locked("org-one", **home), "another organisation"),
            "key.json": (locked("org-three", **home), "another key"),
            "site.json": (locked("org-three", home_identity=encode(b"x" * 32)), "another key"),
        }
        for name, (text, said) in wrong.items():
            (tmp_path / name).write_text(text)
            at.open(tmp_path / name)
            expect(at.page.locator("#reopen-file-fault")).to_contain_text(said)
            expect(at.page.locator("#reopen-file")).to_be_focused()
        at.open(passphrase="")
        expect(at.page.locator("#reopen-passphrase-fault")).to_have_text("Type the passphrase.")
        at.open(passphrase="abacus abdomen abdominal abide abiding ability ablaze")
        expect(at.page.locator("#reopen-passphrase-fault")).to_contain_text(
            "does not open the file. The file itself is whole"
        )
        expect(at.page.locator("#reopen-passphrase")).to_be_focused()
        expect(at.page.locator("#reopen-file-fault")).to_be_hidden()
        assert not [line for line in at.sent if line.startswith("POST")]
        at.open(passphrase=at.passphrase.upper().replace(" ", "-"))
        at.at("Step 6 of 6 Put the key to use")


def locked(org: str, **pin: str) -> str:
    """A key file of another key."""
    return keyfile.dumps(keyfile.lock(keyfile.new_org_key(org, **pin), OWN))


def test_a_file_that_trusts_another_site_answers_nothing(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.go("/new")
        at.press("I have a key file already")
        for pin, said in ((encode(b"x" * 32), "trusts another site"), ("", "does not say which site it trusts")):
            file = tmp_path / "pinned.orgkey.json"
            file.write_text(locked("org-three", home_identity=pin))
            at.open(file, OWN)
            expect(at.page.locator("#reopen-file-fault")).to_contain_text(said)
        assert not [line for line in at.sent if line.startswith("POST")]


def test_what_is_typed_can_be_shown_and_is_hidden_before(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go("/new")
        at.press("I have a key file already")
        typed = at.page.locator("#reopen-passphrase")
        style = "(field) => getComputedStyle(field).webkitTextSecurity"
        assert typed.evaluate(style) == "disc"
        at.page.locator("#reopen").get_by_label("Show what I type").check()
        assert typed.evaluate(style) == "none"


def test_a_tab_closed_after_saving_is_taken_up_with_the_file(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.begin()
        at.save()
        at.page.close()
        at.page = at.page.context.new_page()
        at.go("/new")
        at.press("I have a key file already")
        at.open()
        at.activate()
        at.at("The key is in use")
        assert states(town, "org-three") == [("recipient", "active", fingerprint(at.key().public))]


def test_a_tab_closed_after_registering_is_taken_up_on_the_keys_own_page(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    visitor.expect("ERR_FAILED", 422)
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.page.route("**/challenge", lambda route: route.abort())
        at.begin()
        at.save()
        at.open()
        failed = at.page.locator("[data-part=failed]")
        expect(failed.locator("p.fault")).to_contain_text("There is no connection")
        expect(failed.locator("p.fault")).to_be_focused()
        expect(failed.get_by_role("button", name="Try again")).to_be_visible()
        at.page.close()

        at.page = at.page.context.new_page()
        at.go()
        at.page.get_by_role("link", name="Go on").click()
        expect(at.page.get_by_role("heading", name="Prove that you have the key")).to_be_visible()
        at.page.locator("#file-answer-file").set_input_files(at.file)
        at.page.locator("#file-answer-passphrase").fill("not the passphrase")
        at.press("Prove it now")
        expect(at.page.locator("#file-answer-passphrase-fault")).to_contain_text("does not open the file")
        at.page.locator("#file-answer-passphrase").fill(at.passphrase)
        at.press("Prove it now")
        at.press("Activate the key")
        expect(at.page.locator(".tag.live")).to_contain_text("in use")
        assert states(town, "org-three") == [("recipient", "active", fingerprint(at.key().public))]
        assert_nothing_secret("\n".join(at.sent), at.key().secret, at.passphrase)


def test_a_failed_line_is_tried_again_without_typing_again(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    visitor.expect("ERR_FAILED")
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.begin()
        at.save()
        at.page.route("**/keys", lambda route: route.abort())
        at.open()
        expect(at.page.locator("[data-part=failed] p.fault")).to_contain_text("There is no connection")
        at.page.unroute("**/keys")
        at.press("Try again")
        at.activate()
        at.at("The key is in use")


def test_who_was_signed_out_meanwhile_is_told_what_to_do(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.begin()
        at.save()
        at.page.context.clear_cookies()
        at.open()
        expect(at.page.locator("[data-part=failed] p.fault")).to_contain_text("Your sign-in has ended")


def test_the_old_key_signs_for_the_new_one_and_ends_at_once(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    old = old_file(town, tmp_path, "org-one")
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.begin()
        at.save()
        at.open()
        at.at("Step 5 of 6 Register the public half")
        expect(at.page.get_by_role("heading", name="Is the old key at hand?")).to_be_visible()
        assert not [line for line in at.sent if line.startswith("POST")]
        at.page.get_by_label("The OLD key file").set_input_files(at.file)
        at.page.locator("#old-passphrase").fill(at.passphrase)
        at.press("Sign the change with the old key")
        expect(at.page.locator("#old-file-fault")).to_contain_text("another key")
        at.page.get_by_label("The OLD key file").set_input_files(old)
        at.page.locator("#old-passphrase").fill(OWN)
        at.press("Sign the change with the old key")
        at.activate()
        at.at("The key is in use")
        key = at.key()
        assert [state for _, state, _ in states(town, "org-one")] == ["retired", "active"]
        assert states(town, "org-one")[1][2] == fingerprint(key.public)
        for secret, passphrase in ((key.secret, at.passphrase), (bytes(town.world.secrets["org-one"]), OWN)):
            assert_nothing_secret("\n".join(at.sent), secret, passphrase)

        town.world.secrets["org-one"] = PrivateKey(key.secret)
        confirmed(town, "zofia@example.org")
        (row,) = town.world.export("org-one")
        assert town.world.open("org-one", row)["email"] == "zofia@example.org"


def test_without_the_old_key_a_second_owner_and_three_days_are_needed(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    second = add_owner(town, "org-one")
    with desk(town, visitor, tmp_path, "org-one") as at:
        without_old_key(at)
        at.at("The new key waits for approval")
        expect(at.page.locator("[data-fill=due]")).to_contain_text(re.compile(r"20\d\d"))
        assert [state for _, state, _ in states(town, "org-one")] == ["active", "pending"]
        at.go()
        expect(at.page.get_by_text("A change of key waits.")).to_be_visible()
        expect(at.page.get_by_role("button", name="Approve this change")).to_be_hidden()
    with desk(town, visitor, tmp_path, "org-one", email=second) as other:
        other.go()
        expect(other.page.locator(".change").get_by_text(fingerprint(at.key().public))).to_be_visible()
        other.press("Approve this change")
        expect(other.page.get_by_text(second)).to_be_visible()
        other.go()
        other.press("Stop this change")
        other.go()
        expect(other.page.get_by_text("A change of key waits.")).to_be_hidden()
        assert [state for _, state, _ in states(town, "org-one")] == ["active"]


def without_old_key(at: Desk) -> None:
    at.begin()
    at.save()
    at.open()
    at.page.get_by_text("The old key is lost or was stolen").click()
    at.press("Go on without the old key")
    at.activate()


def test_a_second_admin_at_the_same_time_is_told_and_led_to_the_keys(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    visitor.expect(409)
    second = add_owner(town, "org-one")
    with (
        desk(town, visitor, tmp_path, "org-one") as at,
        desk(town, visitor, tmp_path, "org-one", email=second) as other,
    ):
        without_old_key(at)
        at.at("The new key waits for approval")
        without_old_key(other)
        fault = other.page.locator("[data-step=activate] p.fault")
        expect(fault).to_contain_text("another new key waits")
        expect(fault).to_be_focused()
        other.page.locator("[data-step=activate]").get_by_role("link", name="Keys").click()
        expect(other.page.get_by_text("A change of key waits.")).to_be_visible()


def test_the_recovery_key_is_another_key_with_another_file(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.begin("recovery")
        at.save()
        at.open()
        at.activate()
        at.at("The recovery key is in use")
        assert [(role, state) for role, state, _ in states(town, "org-one")] == [
            ("recipient", "active"),
            ("recovery", "active"),
        ]


def test_a_key_in_use_is_tried_again_with_its_file(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    old = old_file(town, tmp_path, "org-one")
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go()
        at.page.locator(".fingerprint a").first.click()
        at.page.locator("#file-answer-file").set_input_files(old)
        at.page.locator("#file-answer-passphrase").fill(OWN)
        at.press("Try it now")
        expect(at.page.locator("[data-done]")).to_be_focused()
        at.page.reload()
        expect(at.page.get_by_text("Last tried")).to_be_visible()
        assert_nothing_secret("\n".join(at.sent), bytes(town.world.secrets["org-one"]), OWN)


def test_revoking_needs_a_tick_and_is_at_once(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go()
        at.page.locator(".fingerprint a").first.click()
        at.page.get_by_text("Somebody else has the key").click()
        at.press("Revoke the key")
        assert [state for _, state, _ in states(town, "org-one")] == ["active"]
        at.page.get_by_label("Yes, revoke this key for good").check()
        at.press("Revoke the key")
        expect(at.page.locator(".tag.bad")).to_contain_text("revoked")
        assert [state for _, state, _ in states(town, "org-one")] == ["revoked"]
        at.page.goto("/console/org-one/")
        expect(at.page.get_by_role("alert")).to_contain_text("You have no active key")


def test_without_javascript_the_command_and_the_forms_go_the_whole_way(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three", script=False) as at:
        at.go("/new")
        expect(at.page.get_by_text("needs JavaScript")).to_be_visible()
        expect(at.page.locator("#ceremony")).to_be_hidden()
        command = at.page.locator("#offline code").first.inner_text().split()
        printed = run(tmp_path, *command[1:])
        for label in ("public", "fingerprint", "sign_public"):
            at.page.locator(f"#{label}").fill(printed[label.replace("_", "-")])
        at.press("Register this public key")
        expect(at.page.get_by_role("heading", name="Prove that you have the key")).to_be_visible()

        at.page.get_by_text("Offline, with proca-org").click()
        with at.page.expect_download() as download:
            at.press("Download the question")
        challenge = tmp_path / download.value.suggested_filename
        download.value.save_as(challenge)
        answer = subprocess.run(
            [PROCA_ORG, "prove", printed["file"], challenge.name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            env={"PROCA_ORG_PASSPHRASE": OWN},
        )
        at.page.get_by_label("The line").fill(answer.stdout)
        at.press("Send the answer")
        at.press("Activate the key")
        expect(at.page.locator(".tag.live")).to_contain_text("in use")
        assert states(town, "org-three") == [("recipient", "active", printed["fingerprint"])]


def run(folder: Path, *arguments: str) -> dict[str, str]:
    """`proca-org` as a process of its own, in a folder; what it prints, by name."""
    done = subprocess.run(
        [PROCA_ORG, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PROCA_ORG_PASSPHRASE": OWN},
    )
    return dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)


def test_a_refused_registration_by_form_keeps_what_was_typed(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    visitor.expect(422)
    with desk(town, visitor, tmp_path, "org-one", script=False) as at:
        at.go("/new")
        typed = {"public": "A" * 43, "fingerprint": "0000-0000-0000-0000-0000-0000-0000-0000", "sign_public": "A" * 43}
        for name, value in typed.items():
            at.page.locator(f"#{name}").fill(value)
        at.press("Register this public key")
        expect(at.page.get_by_role("alert")).to_contain_text("this public key cannot be used")
        expect(at.page.locator("#public")).to_be_focused()
        assert {name: at.page.locator(f"#{name}").input_value() for name in typed} == typed


def test_the_keyboard_alone_goes_from_step_to_step(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go("/new")
        at.page.get_by_role("button", name="Make the key here").focus()
        at.page.keyboard.press("Enter")
        at.at("Step 2 of 6 A passphrase for the file")
        at.page.keyboard.press("Tab")
        expect(at.page.get_by_label("These seven words")).to_be_focused()
        at.page.keyboard.press("ArrowDown")
        expect(at.page.get_by_label("A passphrase of my own")).to_be_checked()
        at.page.keyboard.press("Tab")
        at.page.keyboard.type(OWN)
        at.page.keyboard.press("Enter")
        at.at("Step 3 of 6 Save the key file")
        at.page.keyboard.press("Tab")
        expect(at.page.get_by_role("button", name="Save the file", exact=True)).to_be_focused()
        with at.page.expect_download():
            at.page.keyboard.press("Enter")
        expect(at.page.get_by_text("Saved to your downloads")).to_be_visible()
