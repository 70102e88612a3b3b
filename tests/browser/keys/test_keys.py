"""An org's key, made in a browser: saved, opened again, proven, put to use; and what never leaves the tab."""

import json
import re
from pathlib import Path

import pytest
from nacl.bindings import crypto_scalarmult_base
from playwright.sync_api import expect

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.keys import fingerprint
from proca_web.crypto.keys.passphrase import word_list
from tests.browser.desk import OWN, add_owner, assert_nothing_secret, desk, found_org, locked, states
from tests.browser.keys import qr
from tests.browser.live import DESKTOP, Town, Visitor

STORED = """async () => [Object.entries(localStorage), Object.entries(sessionStorage), await indexedDB.databases(),
  await caches.keys(), document.cookie, location.href, history.state, window.name]"""
# What an attribute, a field or the page itself still holds.
SHOWN = """() => [...document.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.value)
  .concat(e.value ?? '')).join('\\n')"""
# The middle of every dot but the quiet border's. Read at once: Chromium warns of a canvas that is read often.
DOTS = """(canvas) => {
  const dot = 8, border = 4, size = canvas.width / dot - 2 * border;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const isDark = (y, x) => data[4 * (((y + border) * dot + 4) * canvas.width + (x + border) * dot + 4)] < 128;
  return Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => isDark(y, x)));
}"""

pytestmark = pytest.mark.usefixtures("few_rounds")


@pytest.mark.parametrize(("size", "own"), [(None, ""), (DESKTOP, OWN)], ids=["words-phone", "own-desktop"])
def test_a_key_is_made_saved_proven_and_put_to_use(
    town: Town, visitor: Visitor, tmp_path: Path, size: dict[str, int] | None, own: str
) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three", size=size) as at:
        at.go()
        expect(at.page.get_by_role("alert")).to_contain_text("You have no key in use")
        at.page.get_by_role("link", name="Make a key now").click()
        at.page.emulate_media(color_scheme="dark")
        at.begin(own=own)
        expect(at.page.locator("#paper[hidden]")).to_have_count(1 if own else 0)
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
        expect(at.page.get_by_role("link", name="Continue without a recovery key")).to_be_hidden()
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


@pytest.mark.parametrize(("step", "away"), [("words", ""), ("file", ""), ("proof", ""), ("file", "/keys")])
def test_after_a_reload_or_a_step_back_nothing_is_left_and_the_page_begins_anew(
    town: Town, visitor: Visitor, tmp_path: Path, step: str, away: str
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
        if away:
            at.page.goto(away)
            at.page.go_back()
        else:
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
        assert qr.text(at.page.locator("canvas").evaluate(DOTS)) == at.passphrase
        at.page.emulate_media(media="screen")
        at.save()
        at.page.emulate_media(media="print")
        expect(at.page.locator("#paper")).to_be_hidden()
        expect(at.page.locator("header.site")).to_be_visible()


def test_other_words_are_other_words(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go("/new")
        at.press("Make the key here")
        at.at("Step 2 of 6 A passphrase for the file")
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
        at.press("I have file and passphrase")
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


def test_the_keyboard_alone_goes_the_whole_way(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        keys = at.page.keyboard
        # Asked for in time: a listener that comes with the key press may come too late.
        at.page.on("filechooser", lambda _: None)

        def tab_to(name: str, role: str = "button") -> None:
            """The next thing that has the focus is this one."""
            keys.press("Tab")
            expect(at.page.get_by_role(role, name=name)).to_be_focused()

        at.go("/new")
        at.page.get_by_role("button", name="Make the key here").focus()
        keys.press("Enter")
        at.at("Step 2 of 6 A passphrase for the file")
        tab_to("These seven words", "radio")
        keys.press("ArrowDown")
        expect(at.page.get_by_label("A passphrase of my own")).to_be_checked()
        keys.press("Tab")
        keys.type(OWN)
        keys.press("Enter")
        at.at("Step 3 of 6 Save the key file")
        tab_to("Save the file")
        with at.page.expect_download() as download:
            keys.press("Enter")
        download.value.save_as(at.folder / "saved.orgkey.json")
        expect(at.page.get_by_text("Saved to your downloads")).to_be_visible()
        tab_to("I have file and passphrase")
        keys.press("Enter")
        at.at("Step 4 of 6 Open the saved file")
        keys.press("Tab")
        expect(at.page.get_by_label("The key file you saved")).to_be_focused()
        with at.page.expect_file_chooser() as chooser:
            keys.press("Space")
        chooser.value.set_files(at.folder / "saved.orgkey.json")
        keys.press("Tab")
        keys.type(OWN)
        keys.press("Enter")
        at.at("Step 6 of 6 Put the key to use")
        tab_to("Activate the key")
        keys.press("Enter")
        at.at("The key is in use")
        tab_to("Make the recovery key", "link")
        assert [state for _, state, _ in states(town, "org-three")] == ["active"]


def test_two_owners_of_an_org_without_a_key_do_it_at_the_same_time(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    """The second key comes late: it is no first key any more, and nobody's work is lost without a word."""
    found_org(town, "org-three")
    second = add_owner(town, "org-three")
    with (
        desk(town, visitor, tmp_path, "org-three") as at,
        desk(town, visitor, tmp_path, "org-three", email=second) as other,
    ):
        for one in (at, other):
            one.begin()
            one.save()
            one.open()
            one.at("Step 6 of 6 Put the key to use")
        at.activate()
        at.at("The key is in use")
        other.activate()
        other.at("The new key waits for approval")
        assert [(state, name) for _, state, name in states(town, "org-three")] == [
            ("active", fingerprint(at.key().public)),
            ("pending", fingerprint(other.key().public)),
        ]
