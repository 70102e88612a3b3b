"""An owner of an org at a computer of theirs, who makes, saves, opens and proves a key in a browser."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask_babel import force_locale
from nacl.public import PrivateKey
from playwright.sync_api import Page, Request, expect

from proca_web.adapters.database import writing
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import keyfile
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.extensions import db, encryption
from proca_web.models import Org
from proca_web.services.staff import people
from tests import factories
from tests.browser.live import Town, Visitor

OWN = "a bridge over the Quiet river"


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
        self.press("I have file and passphrase")
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

    def go_to_key(self) -> None:
        """The page of the key in use."""
        self.go()
        self.page.locator(".fingerprint a").first.click()

    def drill(self, file: Path) -> None:
        """On that page: try a file whose passphrase is OWN."""
        self.page.locator("#file-answer-file").set_input_files(file)
        self.page.locator("#file-answer-passphrase").fill(OWN)
        self.press("Try it now")

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
    with town.world.app.test_request_context(), writing() as session, force_locale("en"):
        org = factories.add_org(session, name, None, now)
        people.add_user(session, f"admin@{name}.example.org", factories.password_hash(), org, "owner", now)


def add_owner(town: Town, org: str) -> str:
    """A second owner; returns the address."""
    email = f"second@{org}.example.org"
    with town.world.app.app_context(), writing() as session:
        owner = session.scalars(db.select(Org).where(Org.name == org)).one()
        people.add_user(session, email, factories.password_hash(), owner, "owner", datetime(2026, 1, 1, tzinfo=UTC))
    return email


def home_pin(town: Town) -> str:
    """The site's identity, as a key file says which site it trusts."""
    with town.world.app.app_context():
        return encode(encryption.source.home.identity)


def old_file(town: Town, folder: Path, org: str, pin: str | None = None) -> Path:
    """The key file of an org's first key, as `proca-org keygen` would have written it; its passphrase is OWN."""
    secret: PrivateKey = town.world.secrets[org]
    pin = home_pin(town) if pin is None else pin
    key = OrgKey(org, bytes(secret.public_key), bytes(secret), home_identity=pin)
    path = folder / f"{org}-old.orgkey.json"
    path.write_text(factories.key_file(key, OWN, keyfile.ROUNDS))
    return path


def locked(org: str, **pin: str) -> str:
    """A key file of another key."""
    return keyfile.dumps(keyfile.lock(keyfile.new_org_key(org, **pin), OWN, rounds=keyfile.ROUNDS))


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
    numbers = [str(cell) for cell in secret]  # as a script writes an array, and as JSON does
    spellings += [",".join(numbers), ",".join(f'"{place}":{cell}' for place, cell in enumerate(numbers))]
    spellings += [part.replace(" ", separator) for part in pairs for separator in ("+", "%20", "-", "", '","')]
    assert not [spelling for spelling in spellings if spelling.lower() in text.lower()]


def confirmed(town: Town, *addresses: str) -> None:
    """Signatures that are ready to be fetched."""
    client = town.world.app.test_client()
    for address in addresses:
        assert town.world.sign(client, email=address, opt_in="yes").status_code == 303
        town.world.run("mail")
        assert client.post(town.world.link(address)).status_code == 303
    town.world.run("release", "mail")


def sign_in(page: Page, email: str, password: str = factories.PASSWORD) -> None:
    """A member of staff signs in."""
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
