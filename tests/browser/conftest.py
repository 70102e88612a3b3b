"""Real Chromium, a real web server, real pages. Without Chromium these tests are skipped, with the reason."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import live
from tests.browser.live import Town, Visitor
from tests.databases import Templates
from tests.required import required

# Debian's headless shell is the same browser without its windows: a new page takes a third of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for this folder. It ends with the folder: while it lives, the main thread has a running loop."""
    path = os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        required("browser", "no Chromium on PATH (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture
def town(tmp_path: Path, templates: Templates) -> Iterator[Town]:
    """A world of this test alone."""
    with live.town(tmp_path, templates) as served:
        yield served


@pytest.fixture
def visitor(chromium: Browser, town: Town) -> Iterator[Visitor]:
    """Somebody who visits that world; at the end nothing unexpected was complained about."""
    person = Visitor(chromium, town.url)
    yield person
    person.end()


@pytest.fixture
def few_rounds() -> Iterator[None]:
    """For who makes and opens key files, but does not ask how slow a passphrase is to guess."""
    with live.few_rounds():
        yield
