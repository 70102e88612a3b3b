"""An org's key in use: replaced, tried again, expired, revoked; and the way of those who make it with the command."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nacl.public import Box, PrivateKey, PublicKey
from playwright.sync_api import Route, expect

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.keys.keys import fingerprint
from tests.browser.desk import (
    OWN,
    Desk,
    add_owner,
    assert_nothing_secret,
    confirmed,
    desk,
    found_org,
    home_pin,
    old_file,
    states,
)
from tests.browser.live import Town, Visitor

PROCA_ORG = Path(sys.executable).parent / "proca-org"
FEW_ROUNDS = pytest.mark.usefixtures("few_rounds")


@FEW_ROUNDS
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
        at.at("Step 6 of 6 Put the key to use")
        expect(at.page.locator("[data-part=unsigned]")).to_be_hidden()
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


@FEW_ROUNDS
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
        expect(other.page.locator("main").get_by_text(second)).to_be_visible()
        expect(other.page.get_by_text("it takes effect by itself")).to_be_visible()
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
    at.at("Step 6 of 6 Put the key to use")
    unsigned = at.page.get_by_text("it waits 72 hours, and all owners are told").filter(visible=True)
    expect(unsigned).to_have_count(1)
    at.activate()


@FEW_ROUNDS
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


@FEW_ROUNDS
def test_the_recovery_key_is_another_key_with_another_file(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.begin("recovery")
        at.save()
        at.open()
        at.activate()
        at.at("The recovery key is in use")
        assert at.file.name.startswith("org-one-recovery-")
        assert [(role, state) for role, state, _ in states(town, "org-one")] == [
            ("recipient", "active"),
            ("recovery", "active"),
        ]


@FEW_ROUNDS
@pytest.mark.parametrize("pinned", ["identity", "fingerprint"])
def test_a_key_in_use_is_tried_again_with_its_file(town: Town, visitor: Visitor, tmp_path: Path, pinned: str) -> None:
    pin = home_pin(town)
    old = old_file(town, tmp_path, "org-one", pin if pinned == "identity" else fingerprint(decode(pin)))
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go_to_key()
        at.drill(old)
        done, tried = at.page.locator("[data-done]"), at.page.locator("#tried")
        expect(done).to_be_focused()
        expect(tried).to_have_text("just now")
        at.page.locator("#file-answer-passphrase").fill("of another file")
        expect(done).to_be_hidden()
        at.page.reload()
        expect(tried).to_contain_text(" UTC")
        assert_nothing_secret("\n".join(at.sent), bytes(town.world.secrets["org-one"]), OWN)


@FEW_ROUNDS
def test_a_file_that_trusts_another_site_is_not_even_tried_on_this_one(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    old = old_file(town, tmp_path, "org-one", encode(b"x" * 32))
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go_to_key()
        at.drill(old)
        expect(at.page.locator("#file-answer-file-fault")).to_contain_text("trusts another site")
        assert not [line for line in at.sent if line.startswith("POST")]


def test_revoking_needs_a_tick_and_is_at_once(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go_to_key()
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

        prove_with_command(at, tmp_path / printed["file"])
        at.press("Activate the key")
        expect(at.page.locator(".tag.live")).to_contain_text("in use")
        assert states(town, "org-three") == [("recipient", "active", printed["fingerprint"])]


def command(folder: Path, *arguments: str) -> str:
    """`proca-org` as a process of its own, in a folder; what it prints."""
    done = subprocess.run(
        [PROCA_ORG, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PROCA_ORG_PASSPHRASE": OWN},
    )
    return done.stdout


def run(folder: Path, *arguments: str) -> dict[str, str]:
    """The same; what it prints by name."""
    return dict(line.split(": ", 1) for line in command(folder, *arguments).splitlines() if ": " in line)


def prove_with_command(at: Desk, file: Path) -> None:
    """The key's page without its script's help: a question out, an answer in."""
    with at.page.expect_download() as download:
        at.press("Download the question")
    challenge = at.folder / download.value.suggested_filename
    download.value.save_as(challenge)
    at.page.get_by_label("The line").fill(command(at.folder, "prove", str(file), challenge.name))
    at.press("Send the answer")


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


def change_key(town: Town, org: str, **times: datetime) -> None:
    """Time has passed for the key of an org."""
    for column, moment in times.items():
        where = "org_id = (SELECT id FROM orgs WHERE name = :org) AND kind = 'recipient'"
        town.world.execute(f"UPDATE public_keys SET {column} = :moment WHERE {where}", moment=str(moment), org=org)


@FEW_ROUNDS
@pytest.mark.parametrize(
    ("signatures", "said"), [(1, "1 copy of a signature depends"), (2, "2 copies of signatures depend")]
)
def test_an_overdue_drill_says_how_many_signatures_depend_on_the_key(
    town: Town, visitor: Visitor, tmp_path: Path, signatures: int, said: str
) -> None:
    confirmed(town, *(f"person-{number}@example.org" for number in range(signatures)))
    old = old_file(town, tmp_path, "org-one")
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go()
        expect(at.page.get_by_text("Time to try your key file again.")).to_be_hidden()
        change_key(town, "org-one", activated_at=datetime.now(UTC) - timedelta(days=91))
        for path in ("/console/org-one/", "/console/org-one/keys"):
            at.page.goto(path)
            expect(at.page.locator(".note", has_text="Time to try your key file again.")).to_contain_text(said)
        at.page.get_by_role("link", name="Try it").click()
        expect(at.page.locator(".note", has_text="It is time again.")).to_contain_text(said)
        at.drill(old)
        expect(at.page.locator("[data-done]")).to_be_focused()
        at.go()
        expect(at.page.get_by_text("Time to try your key file again.")).to_be_hidden()


def test_an_expired_key_is_said_in_red_with_the_way_out_on_every_page_about_it(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go()
        expect(at.page.get_by_role("alert")).to_have_count(0)
        ended = datetime.now(UTC) - timedelta(days=1)
        change_key(town, "org-one", expires_at=ended)
        stops = ended + timedelta(days=30)
        until = f"{stops.day} {stops:%b} {stops.year}, "
        at.go_to_key()
        own_page = at.page.url
        for url, link in (
            ("/console/org-one/", "Make a key now"),
            ("/console/org-one/keys", "Make a key now"),
            (own_page, "Make the next key"),
        ):
            at.page.goto(url)
            banner = at.page.get_by_role("alert")
            expect(banner).to_contain_text("has expired")
            expect(banner).to_contain_text(until)
            expect(banner.get_by_role("link", name=link)).to_be_visible()
        at.page.get_by_role("link", name="Make the next key").click()
        expect(at.page.get_by_role("heading", name="Step 1 of 6")).to_be_visible()


@FEW_ROUNDS
@pytest.mark.parametrize("cut", [None, 185], ids=["whole", "as long as a question"])
def test_a_stored_row_in_place_of_the_question_yields_nothing(
    town: Town, visitor: Visitor, tmp_path: Path, cut: int | None
) -> None:
    """A server that wants to read a row asks the owner's browser to: a drill with a real row of this key."""
    confirmed(town, "zofia@example.org")
    old = old_file(town, tmp_path, "org-one")
    (row,) = town.world.query(
        "SELECT payload, crypto_nonce, s.public FROM contacts JOIN public_keys s ON s.id = sign_key_id"
        " JOIN orgs o ON o.id = contacts.org_id WHERE o.name = 'org-one'"
    )
    assert len(row[0]) >= 1024 + 16
    assert_opens(town, row)

    def pose(route: Route) -> None:
        question = route.fetch().json()
        lie = {"box": encode(row[0][:cut]), "nonce": encode(row[1]), "ephemeral": encode(row[2])}
        route.fulfill(json=question | lie)

    with desk(town, visitor, tmp_path, "org-one") as at:
        at.go_to_key()
        at.page.route("**/challenge", pose)
        at.drill(old)
        fault = at.page.locator("#file-answer p.fault")
        expect(fault).to_contain_text("is not a proper question to your key; nothing was answered")
        expect(fault).to_be_focused()
        (posted,) = [line for line in at.sent if line.startswith("POST")]
        assert "/challenge " in posted
        assert "zofia" not in "".join([at.page.content().lower(), *at.sent])
        at.page.unroute("**/challenge")
        at.drill(old)
        expect(at.page.locator("[data-done]")).to_be_focused()


def assert_opens(town: Town, row: tuple[bytes, bytes, bytes]) -> None:
    """It is a row that this key can read: what is refused is not refused for want of the right key."""
    payload, nonce, sender = row
    assert b"zofia@example.org" in Box(town.world.secrets["org-one"], PublicKey(sender)).decrypt(payload, nonce)


def test_a_file_of_the_command_goes_the_whole_way_in_the_browser(town: Town, visitor: Visitor, tmp_path: Path) -> None:
    found_org(town, "org-three")
    with desk(town, visitor, tmp_path, "org-three") as at:
        at.go("/new")
        at.page.get_by_role("link", name="I make it offline").click()
        printed = run(tmp_path, *at.page.locator("#offline code").first.inner_text().split()[1:])
        at.press("I have a key file already")
        at.open(tmp_path / printed["file"], OWN)
        at.activate()
        at.at("The key is in use")
        assert states(town, "org-three") == [("recipient", "active", printed["fingerprint"])]


def test_a_file_of_the_browser_answers_and_opens_rows_with_the_command(
    town: Town, visitor: Visitor, tmp_path: Path
) -> None:
    old = old_file(town, tmp_path, "org-one")
    with desk(town, visitor, tmp_path, "org-one") as at:
        at.begin(own=OWN)
        at.save()
        at.open()
        at.page.get_by_label("The OLD key file").set_input_files(old)
        at.page.locator("#old-passphrase").fill(OWN)
        at.press("Sign the change with the old key")
        at.activate()
        at.at("The key is in use")
        at.go_to_key()
        at.page.get_by_text("Offline, with proca-org").click()
        prove_with_command(at, at.file)
        expect(at.page.get_by_text("Last tried")).to_be_visible()

    confirmed(town, "zofia@example.org")
    browser = town.world.signed_in("admin@org-one.example.org")
    (tmp_path / "rows.csv").write_bytes(browser.get("/console/org-one/exports/contacts.csv").data)
    opened = command(tmp_path, "decrypt", "rows.csv", "--key", str(at.file))
    assert "zofia@example.org" in opened
