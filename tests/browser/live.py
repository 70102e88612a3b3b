"""A world behind a real web server on a free port of this computer, and everything a browser complained about."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from proca_web.app import create_app
from proca_web.crypto.keys import keyfile
from proca_web.services.sealing.keyring import Keyring
from proca_web.web import static_files
from proca_web.web.page_cache import Kept
from tests import factories, served, worker
from tests.databases import Templates
from tests.factories import World

PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 900}
_KEPT = "indexedDB.databases().then((all) => [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...all])"
_TELL_VIOLATIONS = "addEventListener('securitypolicyviolation', (e) => tellViolation(e.effectiveDirective))"


@dataclass
class Town:
    """A world and where browsers find it."""

    world: World
    url: str


@contextlib.contextmanager
def town(folder: Path, templates: Templates, host: str = "127.0.0.1", **env: str) -> Iterator[Town]:
    """Serve a new world until the block ends; `env`: settings that differ."""
    database_url = templates.sqlite(folder, world=True)
    (folder / "mailbox").mkdir(exist_ok=True)
    listening = served.listening()
    url = f"http://{host}:{listening.getsockname()[1]}"
    settings = factories.settings(folder, database_url, PROCA_PUBLIC_URL=url, **env)
    Keyring(settings.keyring_dir).prepare()
    app = create_app(settings, check=False)
    worker.has_key(app)
    with served.serving(app, listening):
        yield Town(World(app, dict(templates.secrets)), url)


@contextlib.contextmanager
def few_rounds() -> Iterator[None]:
    """Meanwhile a passphrase is derived quickly, in browsers and here. That it is slow: `keys/test_orgkey_bytes.py`."""
    as_it_is, many, few = static_files._file, keyfile.ROUNDS, 1000

    @cache
    def file(name: str) -> Kept:
        kept = as_it_is(name)
        if name != "js/keys/keyfile.js":
            return kept
        slow = f"const ROUNDS = {many};".encode()
        assert slow in kept.body
        return Kept.of(kept.body.replace(slow, f"const ROUNDS = {few};".encode()), kept.mimetype)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(static_files, "_file", file)
        patch.setattr(keyfile, "ROUNDS", few)
        yield


@dataclass
class Visitor:
    """A person with a browser. What their pages load from elsewhere, refuse, fail, log or keep is a complaint."""

    browser: Browser
    home: str
    complaints: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def page(self, *, script: bool = True, size: dict[str, int] | None = None) -> Page:
        """A new browser window that remembers nothing; on a phone unless said otherwise."""
        shape = size or PHONE
        context = self.browser.new_context(
            base_url=self.home,
            viewport=shape,
            has_touch=shape != DESKTOP,
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failure)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        if script:
            context.expose_function("tellViolation", lambda *what: self.complaints.append(f"policy: {what}"))
            context.add_init_script(_TELL_VIOLATIONS)
        return context.new_page()

    def expect(self, *patterns: str | int) -> None:
        """Complaints this test is about: a status code, or a part of the text."""
        self._expected += [f"status of {part}" if isinstance(part, int) else part for part in patterns]

    def look_back(self) -> None:
        """Nothing unexpected was complained about, and public pages left nothing behind."""
        self.complaints += [
            f"kept: {thing}" for context in self._contexts for page in context.pages for thing in self._kept(page)
        ]
        unexpected = [line for line in self.complaints if not any(part in line for part in self._expected)]
        assert not unexpected, unexpected

    def forget(self, page: Page) -> None:
        """The window as it was when it was new, for another visit; only its process stays, and the last page."""
        self.complaints.clear()
        page.set_viewport_size(PHONE)
        page.emulate_media(media="null", color_scheme="null", reduced_motion="reduce")
        page.context.set_offline(False)
        page.context.clear_cookies()
        everything = {"origin": self.home, "storageTypes": "all"}
        page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)

    def end(self) -> None:
        """Look back, and close all windows."""
        try:
            self.look_back()
        finally:
            for context in self._contexts:
                context.close()

    def _kept(self, page: Page) -> list[object]:
        path = page.url.removeprefix(self.home)
        if path == page.url or path.startswith(
            ("/console", "/login", "/forgot", "/reset", "/account", "/invitation", "/partnership")
        ):
            return []
        cookies: list[object] = [cookie.get("name") for cookie in page.context.cookies()]
        return cookies + (page.evaluate(_KEPT) if page.evaluate("typeof window.tellViolation") == "function" else [])

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.home}/", "data:")):
            self.complaints.append(f"loaded from elsewhere: {request.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # whoever goes on before a page has loaded stops the rest of it
            self.complaints.append(f"failed: {request.failure} {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")


def fill(page: Page, **fields: str) -> None:
    """Type into a page's form what a supporter would; `fields` change or add to it."""
    values = factories.form(**fields)
    page.get_by_label(re.compile("^First name")).fill(values.pop("first_name"))
    country = values.pop("country", "")
    if country and page.locator("#country").count():
        page.locator("#country").select_option(country)
    folded = page.locator("details.more:not([open]) > summary")
    if folded.count():
        folded.click()
    for name, value in values.items():
        if page.locator(f"input#{name}, textarea#{name}").count():
            page.locator(f"#{name}").fill(value)


def sign(page: Page) -> None:
    """Press the button."""
    page.get_by_role("button", name="Sign now").click()
