"""Plain functions that make what tests need, with sensible defaults; and how a test opens a copy (raw PyNaCl)."""

import base64
import csv
import hashlib
import io
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext
from itsdangerous import URLSafeTimedSerializer
from nacl.public import Box, PrivateKey, PublicKey
from nacl.pwhash import argon2id
from nacl.signing import SigningKey
from sqlalchemy import text
from sqlalchemy.orm import Session

from proca_web import config
from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.app import create_app
from proca_web.config import Settings
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import keyfile
from proca_web.crypto.keys.home import write_new_home_key
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.crypto.keys.statements import OrgRotation
from proca_web.extensions import db, encryption
from proca_web.models import Org
from proca_web.services.instance import ageing
from proca_web.services.keys import changes as key_changes
from proca_web.services.keys import registering
from proca_web.services.keys.registering import Registration
from proca_web.services.petitions import campaigns, orgs, pages
from proca_web.services.petitions.pages import PageSettings
from proca_web.services.staff import people
from proca_web.services.staff.second_factor import standing
from proca_web.web import login
from tests import worker

PASSWORD = "a password for tests"
ORGS = ("org-one", "org-two")
CANARY = {
    "first_name": "Kanarienvogelia",
    "last_name": "Zwitscherowska",
    "email": "kanari.zwitscher@canary-example.org",
    "phone": "+49 5551 2345678",
    "country": "PL",
    "postcode": "00-950",
    "street": "Voliererstrasse",
    "street_number": "77b",
    "locality": "Trillerhausen",
    "region": "Federland",
}


def settings(folder: Path, database_url: str, **env: str) -> Settings:
    """Demo settings with a Home key file in `folder`."""
    if not (folder / "home.key").exists():
        write_new_home_key(folder / "home.key")
    values = {
        "PROCA_DEMO": "1",
        "PROCA_DATA_DIR": str(folder),
        "PROCA_PUBLIC_URL": "http://localhost",
        "PROCA_SECRET_KEY": "tests only " * 4,
        "PROCA_DATABASE_URL": database_url,
        "PROCA_MAIL_RESOLVER": "off",
        **env,
    }
    read, faults = config.read(values)
    assert not faults, faults
    return read


def join(app: Flask) -> None:
    """The keyring names the instance, as `init` leaves it; the key log of the demo's world is not in its guard yet."""
    with app.app_context(), reading() as session:
        guard = app.extensions["proca_keyring"].guard
        if guard.instance() is None:
            guard.join(bytes(session.execute(text("SELECT instance_id FROM instance")).scalar_one()))


@dataclass
class World:
    """What a test world holds: the orgs' secrets (which the app never sees), and how to act in it."""

    app: Flask
    secrets: dict[str, PrivateKey] = field(repr=False)
    browsers: dict[str, FlaskClient] = field(default_factory=dict, repr=False)

    def sign(
        self, client: FlaskClient, page: str = "trees", headers: Mapping[str, str] | None = None, **fields: str
    ) -> Any:
        """POST the form of a page."""
        query = fields.pop("query", "")
        return client.post(f"/p/{page}/sign{query}", data=form(**fields), headers=headers)

    def mails(self) -> list[dict[str, str]]:
        """The demo mailbox, oldest first."""
        folder: Path = self.app.config["MAILBOX_DIR"]
        return [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))]

    def link(self, to: str | None = None) -> str:
        """The newest confirm path in the mailbox, or the newest one sent to an address."""
        for mail in reversed(self.mails()):
            found = re.search(r"/confirm/[A-Za-z0-9_-]+", mail["text"])
            if found and (to is None or mail["to"] == to):
                return found[0]
        raise AssertionError("no confirm mail")

    def run(self, *names: str) -> None:
        """Run jobs now: accept, release, mail, sweep, or a step of the sweep by its name, `keys` for those about keys.

        While time was moved, the worker has swept each minute.
        """
        with self.app.app_context(), writing() as session:
            ageing.trust(session, clock.now())
        worker.keeps_key(self.app)
        for browser in self.browsers.values():
            browser.keeps_awake()  # before the sweep forgets its session
        for name in names or ("accept", "mail", "release", "mail"):
            act = worker.ACTS.get(name)
            act(self.app) if act else worker.housekeep(self.app, name)

    def query(self, sql: str, **values: object) -> list[Any]:
        """Rows of a statement, outside any request."""
        with self.app.app_context(), reading() as session:
            return list(session.execute(text(sql), values).all())

    def ends(self) -> dict[str, int]:
        """What is counted, by event, beside that people signed and that their mails were taken."""
        counted = "SELECT event, sum(number) FROM counts WHERE dimension = '' AND event NOT IN ('submitted', 'mailed')"
        return {event: int(number) for event, number in self.query(f"{counted} GROUP BY event")}

    def execute(self, sql: str, **values: object) -> None:
        """Change rows behind the app's back, as somebody with SQL access would."""
        with self.app.app_context(), writing() as session:
            session.execute(text(sql), values)

    def export(self, org: str, query: str = "") -> list[dict[str, str]]:
        """The rows of an org's encrypted CSV as its staff downloads it, all of them: the mark at the end says so."""
        browser = self.signed_in(f"admin@{org}.example.org")
        answer = browser.get(f"/console/{org}/exports/contacts.csv{query}")
        assert answer.status_code == 200, answer.text
        *rows, end = csv.DictReader(io.StringIO(answer.text))
        assert (end["action_type"], end["custom_fields"]) == ("end", f'{{"rows":"{len(rows)}"}}')
        return rows

    def rotate(self, org: str) -> PrivateKey:
        """The org's next key, signed by its old one, proven and activated; returns the new secret."""
        old, new, now = self.secrets[org], PrivateKey.generate(), datetime.now(UTC)
        rotation = sign_rotation(old, org, new, int(now.timestamp()))
        registered = Registration(
            bytes(new.public_key), bytes(sign_key(new).verify_key), "recipient", OrgRotation.read(rotation)
        )
        with self.app.app_context(), writing() as session:
            home = encryption.source.home
            owner = session.scalars(db.select(Org).where(Org.name == org)).one()
            key = registering.register(session, owner, registered, None, now)
            key.proven_at = now
            assert key_changes.activate(session, home, owner, key.id, 1, now).state == "active"
        self.secrets[org] = new
        return new

    def open(self, org: str, row: Mapping[str, str], *, secret: PrivateKey | None = None) -> dict[str, Any]:
        """One row opened with the org's own secret and raw PyNaCl."""
        box = Box(secret or self.secrets[org], PublicKey(b64(row["sign_key"])))
        opened: dict[str, Any] = json.loads(box.decrypt(b64(row["payload"]), b64(row["nonce"])))
        return opened

    def signed_in(self, email: str) -> FlaskClient:
        """A browser of a member of staff, as it is after the right password: asking for that is `sign_in`'s own test.

        Whoever has a second step signs in by the form, and has that before them.
        """
        if email in self.browsers:
            return self.browsers[email]
        client = self.app.test_client()
        own_network = {"REMOTE_ADDR": f"10.9.{len(self.browsers)}.1"}  # tries are counted by network
        with self.app.test_request_context("/login", environ_overrides=own_network):
            with reading() as session:
                user = people.named_user(session, email)
                is_halfway = standing.is_on(session, user.id)
            if not is_halfway:
                login.begin(self.app, user.id)
                answer = self.app.process_response(self.app.response_class())
                client._update_cookies_from_response("localhost", "/login", answer.headers.getlist("Set-Cookie"))
        if is_halfway:
            fields = {"csrf_token": form_token(client), "email": email, "password": PASSWORD}
            answer = client.post("/login", data=fields, environ_overrides=own_network)
            assert answer.status_code == 303, answer.text
        self.browsers[email] = client
        client.keeps_awake = self._awake(email)
        return client

    def _awake(self, email: str) -> Callable[[], None]:
        """Keeps somebody's sessions from ending by age: tests move the clock by days."""
        last = clock.now()

        def look() -> None:
            nonlocal last
            if abs(clock.now() - last) > timedelta(minutes=5):
                last = clock.now()
                mine = "WHERE user_id = (SELECT id FROM users WHERE email = :email)"
                self.execute(
                    f"UPDATE staff_sessions SET seen_at = :now, created_at = :now {mine}", now=last, email=email
                )

        return look


@contextmanager
def another_process(world: World) -> Iterator[FlaskClient]:
    """A browser at a second app on the same data: it shares no memory with the first one."""
    app = create_app(world.app.extensions["proca_settings"], check=False)
    try:
        yield app.test_client()
    finally:
        with app.app_context():
            app.extensions["proca_encryption"].end()
            db.engine.dispose()


def form(**changes: str) -> dict[str, str]:
    """A good form of the page `trees`."""
    fields = {
        "first_name": "Zofia",
        "last_name": "Ślązak-Żółć",
        "email": "zofia@example.org",
        "country": "PL",
        "postcode": "00-950",
    }
    return fields | changes


def form_token(client: FlaskClient, path: str = "/login") -> str:
    """The token of a form of the console, as a browser would send it.

    The page is opened for it, but for three that only show a form: there the session gets what the page would give it.
    """
    if path in ("/login", "/account/", "/console/"):
        with client.session_transaction(path) as kept:
            mark = kept.setdefault("csrf_token", secrets.token_hex(20))
        return URLSafeTimedSerializer(str(client.application.secret_key), salt="wtf-csrf-token").dumps(mark)
    found = re.search(r'csrf_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def b64(text_: str) -> bytes:
    """base64url without padding, read by the standard library."""
    return base64.urlsafe_b64decode(text_ + "=" * (-len(text_) % 4))


@cache
def password_hash() -> str:
    """A hash of PASSWORD that is quick to verify; what a real one costs is a test of its own."""
    cheap = {"opslimit": argon2id.OPSLIMIT_MIN, "memlimit": argon2id.MEMLIMIT_MIN}
    return argon2id.str(PASSWORD.encode(), **cheap).decode("ascii")


@cache
def key_file(key: OrgKey, passphrase: str, rounds: int = keyfile.ROUNDS) -> str:
    """The text of a key file. The same key is locked once a process: a passphrase is slow on purpose."""
    return keyfile.dumps(keyfile.lock(key, passphrase, rounds=rounds))


def page_settings(**changes: Any) -> PageSettings:
    """A page like the demo's `trees`."""
    values: dict[str, Any] = {
        "title": "Keep our street trees",
        "demand": "We ask the city council to protect every street tree.",
        "body": "First paragraph.\n\nSecond paragraph.",
        "comment": "off",
    }
    return PageSettings(**(values | changes))


def make_world(app: Flask, secrets: dict[str, PrivateKey] | None = None, now: datetime | None = None) -> World:
    """The demo's content, with keys whose secrets stay in the test."""
    secrets = secrets or {name: PrivateKey.generate() for name in ORGS}
    now = now or datetime.now(UTC)
    with app.test_request_context(), writing() as session, force_locale("en"):
        made = {"home": orgs.add_home(session, encryption.source.home, now)}
        for name, secret in secrets.items():
            made[name] = add_org(session, name, secret, now)
        for email, org in (
            ("admin@org-one.example.org", "org-one"),
            ("admin@org-two.example.org", "org-two"),
            ("operator@example.org", "home"),
        ):
            people.add_user(session, email, password_hash(), made[org], "owner", now)
        campaign = campaigns.add_campaign(session, "trees", "Street trees", made["org-one"], now)
        partner = page_settings(
            title="Neighbours for street trees",
            comment="public",
            fields=(
                "first_name",
                "last_name",
                "email",
                "phone",
                "country",
                "postcode",
                "street",
                "street_number",
                "locality",
                "region",
            ),
        )
        for name, org, page in (("trees", "org-one", page_settings()), ("trees-partner", "org-two", partner)):
            added = pages.add_page(session, name, campaign, made[org], page, now)
            pages.open_page(session, added, gettext, encryption.vouching, now)
    return World(app, secrets)


def add_org(session: Session, name: str, secret: PrivateKey | None, now: datetime) -> Org:
    """An org with a complete legal notice; inside a transaction."""
    org = orgs.add_org(session, name, name.replace("-", " ").title(), now)
    org.legal_name, org.legal_contact = f"{name} e.V.", f"privacy@{name}.example.org"
    org.privacy_url, org.retention = f"https://{name}.example.org/privacy", "We keep signatures for 12 months."
    org.reply_to = f"hello@{name}.example.org"
    session.flush()
    if secret is not None:
        home, sign = encryption.source.home, sign_key(secret)
        registering.enter(session, home, org, bytes(secret.public_key), now, sign_public=bytes(sign.verify_key))
    return org


def sign_rotation(old: PrivateKey, org: str, new: PrivateKey, time: int) -> str:
    """What an old key says about its successor, as text; the signature is made with raw PyNaCl."""
    message = b"proca-web:org-rotate:v1\x00" + len(org).to_bytes(4, "big") + org.encode()
    message += bytes(old.public_key) + bytes(new.public_key) + bytes(sign_key(new).verify_key)
    signature = sign_key(old).sign(message + time.to_bytes(8, "big")).signature
    return f"{time}.{encode(signature)}"


def sign_key(secret: PrivateKey) -> SigningKey:
    """The key that signs an org's rotations: Ed25519 with seed D(32, "org-sign", secret) (protocol 5)."""
    return SigningKey(hashlib.sha512(b"proca-web:org-sign:v1\x00" + bytes(secret)).digest()[:32])


class FakeClock:
    """The present, moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **distance: float) -> None:
        """Let time pass."""
        self.moment += timedelta(**distance)


__all__ = ["CANARY", "PASSWORD", "FakeClock", "World", "encode", "form", "make_world", "settings"]
