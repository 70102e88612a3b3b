"""An org watches its key: a real server, the real `proca-org watch`, and what people may do to the database."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nacl.public import PrivateKey

from proca_web import config
from proca_web.adapters import key_guard
from proca_web.adapters.database import writing
from proca_web.app import create_app
from proca_web.assets import ASSETS
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.extensions import db, encryption
from proca_web.org_tool.cli import main as org_tool
from proca_web.services.petitions import orgs
from proca_web.web import page_cache
from tests import factories, served
from tests.cli import running
from tests.cli.operated import settings_of
from tests.cli.running import fetch, wait_for
from tests.factories import World
from tests.key_holder import Holder, fingerprint

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PASSPHRASE = "a passphrase of tests"
TOOL = str(Path(sys.executable).with_name("proca-org"))
CHANGED = (
    "proca-org: ALARM: the site itself says that its key log was changed: somebody wrote to its database past it, or an"
    " old copy was put back. Nothing was checked. Tell the operator and the other partners, and keep the state file.\n"
)
# The server keeps a page for two seconds, for which no test waits.
_KEEP_NO_PAGE = """
def post_worker_init(worker):
    from proca_web.web import page_cache
    page_cache.SECONDS = 0
"""
WHAT_NOW = "If nobody in your org made this change, take your pages offline, and tell the operator and the partners."


@dataclass
class Place:
    """An instance on this computer, and an org that watches it."""

    world: World
    folder: Path
    port: int
    env: dict[str, str]
    key: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "proca.db"

    @property
    def state(self) -> Path:
        return self.folder / "desk" / "watch.json"

    @property
    def home(self) -> str:
        """The fingerprint of the Home identity in the key file now."""
        return fingerprint(HomeKey.from_file(self.folder / "home.key").identity)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The server, until the block ends; started with what is on the disk now."""
        settings, faults = config.read(self.env)
        assert not faults
        app = create_app(settings)
        with served.serving(app, served.listening(self.port)):
            yield

    @contextmanager
    def serving_as_a_process(self) -> Iterator[None]:
        """The same by gunicorn."""
        file = self.folder / "gunicorn.conf.py"
        file.write_text((ASSETS / "gunicorn.conf.py").read_text() + _KEEP_NO_PAGE)
        with running.started(*running.GUNICORN, "-c", str(file), "-b", f"127.0.0.1:{self.port}", env=self.env):
            wait_for(lambda: fetch(f"{self.url}/health")[0])
            yield

    def watching(self, *options: str, key: Path | None = None) -> list[str]:
        """The command of the tool."""
        command = ["watch", "--url", self.url, "--key", str(key or self.key), "--state", str(self.state)]
        return [*command, *options]

    def watch(self, *options: str, key: Path | None = None) -> Result:
        """One run of the tool."""
        return CliRunner().invoke(org_tool, self.watching(*options, key=key))

    def well(self, *options: str, key: Path | None = None) -> Result:
        """One run that finds all well."""
        done = self.watch(*options, key=key)
        assert done.exit_code == 0, done.stderr
        return done

    def well_as_a_process(self) -> subprocess.CompletedProcess[str]:
        """The same with nothing in its environment that is ours."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PROCA_")}
        command = [TOOL, *self.watching()]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=90)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
        return done

    def complaint(self, *options: str) -> str:
        """The sentence of a run that does not find all well; it remembers nothing of what it saw."""
        before = self.state.read_bytes()
        done = self.watch(*options)
        assert (done.exit_code, done.stdout) == (1, ""), done.stderr
        assert isinstance(done.exception, SystemExit)
        assert self.state.read_bytes() == before
        return done.stderr

    def close(self) -> None:
        """Close what this process has open of the database."""
        with self.world.app.app_context():
            db.engine.dispose()

    def restore(self, copy: Path) -> None:
        """Put another database in the place of ours; the server is stopped."""
        self.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.database}{ending}").unlink(missing_ok=True)
        shutil.copy(copy, self.database)

    def published(self) -> tuple[int, str]:
        """The directory as the server shows it now."""
        return fetch(f"{self.url}/keys.json")


def key_file(folder: Path, secret: PrivateKey, home: HomeKey) -> Path:
    """org-one's key file, pinned to this instance."""
    key = OrgKey("org-one", bytes(secret.public_key), bytes(secret), encode(home.identity), encode(home.box_public))
    path = folder / f"{encode(bytes(secret.public_key))[:6]}.orgkey.json"
    path.write_text(factories.key_file(key, PASSPHRASE))
    return path


@pytest.fixture
def place(world: World, tmp_path: Path, database_url: str, free_port: int, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The demo's world, and org-one's desk with its pinned key file."""
    monkeypatch.setattr(page_cache, "SECONDS", 0)
    monkeypatch.delenv("PROCA_ORG_PASSPHRASE", raising=False)
    (tmp_path / "desk").mkdir()
    with world.app.app_context():
        key_guard.follow(world.app)
        key = key_file(tmp_path / "desk", world.secrets["org-one"], encryption.source.home)
    return Place(world, tmp_path, free_port, settings_of(tmp_path, database_url), key)


def facts(done: Result | subprocess.CompletedProcess[str]) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in done.stdout.splitlines())


def test_all_is_well_the_first_time_the_second_time_and_when_others_change_their_keys(place: Place) -> None:
    """As it is in earnest: a server and a tool that are processes of their own."""
    own = Holder("org-one", place.world.secrets["org-one"])
    with place.serving_as_a_process():
        first, second = place.well_as_a_process(), place.well_as_a_process()
        assert "This is the first run" in first.stderr
        assert "first run" not in second.stderr
        for done in (first, second):
            assert facts(done)["org"] == "org-one (recipient)"
            assert facts(done)["fingerprint"] == own.fingerprint
            assert facts(done)["home"] == place.home
            assert facts(done)["code"] in fetch(f"{place.url}/keys")[1]
            assert "warning" not in done.stderr
        other = Holder("org-two", place.world.rotate("org-two"))
        assert other.fingerprint in place.published()[1]
        assert int(facts(place.well_as_a_process())["size"]) == int(facts(second)["size"]) + 2


def test_a_key_that_was_swapped_in_due_form_is_an_alarm_until_the_org_says_that_it_was_its_own(place: Place) -> None:
    old = Holder("org-one", place.world.secrets["org-one"])
    with place.serving():
        place.well()
        new = Holder("org-one", place.world.rotate("org-one"))
        assert new.fingerprint in place.published()[1]
        said = place.complaint()
        assert said.startswith(f"proca-org: ALARM: the key of this file, {old.fingerprint}, is not published")
        assert f"published is {new.fingerprint} (recipient)" in said
        assert f"it was retired on {datetime.now(UTC):%Y-%m-%d}" in said
        assert f"{WHAT_NOW} If you did, watch with the new key file." in said
        home = HomeKey.from_file(place.folder / "home.key")
        place.well(key=key_file(place.folder / "desk", new.secret, home))


def test_a_key_that_was_swapped_in_the_database_only_is_not_published_and_ours_is_missed(place: Place) -> None:
    stranger = Holder("org-one")
    with place.serving():
        place.well()
        place.world.execute(
            "UPDATE public_keys SET public = :public, fingerprint = :fingerprint, sign_public = :sign WHERE id = 2",
            public=stranger.public,
            fingerprint=stranger.fingerprint,
            sign=bytes(stranger.sign.verify_key),
        )
        own = Holder("org-one", place.world.secrets["org-one"]).fingerprint
        assert own not in place.published()[1]
        said = place.complaint()
        assert "no key is published for it; by the key log it was activated on" in said
        assert stranger.fingerprint not in said
        assert WHAT_NOW in said


def test_a_log_that_was_rewritten_in_the_database_is_signed_by_nobody(place: Place) -> None:
    with place.serving():
        place.well()
        place.world.execute("UPDATE key_log SET entry = replace(entry, 'org-two', 'org-2wo')")
        assert place.published()[0] == 503
        assert place.complaint() == CHANGED


def test_a_log_that_was_rewritten_by_who_holds_everything_is_an_alarm(place: Place, sqlite_template: Path) -> None:
    """The Home key, the database and the keyring in one hand: only what the org remembers is left."""
    with place.serving():
        place.well()
    place.restore(sqlite_template)
    shutil.rmtree(place.folder / "keyring" / "guard")
    with place.world.app.test_request_context():
        with writing() as session:
            orgs.add_home(session, encryption.source.home, datetime.now(UTC))
            for org in ("org-two", "org-one"):
                factories.add_org(session, org, place.world.secrets[org], datetime.now(UTC))
        key_guard.join(place.world.app)
        key_guard.follow(place.world.app)
    size = json.loads(place.state.read_text())["head"]["size"]
    with place.serving():
        said = place.complaint()
    assert f"the key log was rewritten: its first {size} entries are not the ones seen before" in said
    assert "Keep the state file, it holds the signed proof; tell the other partners and ask the operator." in said


@pytest.mark.parametrize("keyring_too", [False, True])
def test_an_older_copy_of_the_database_is_found_by_the_keyring_or_else_by_the_org(
    place: Place, keyring_too: bool
) -> None:
    copy, guard = place.folder / "old.db", place.folder / "keyring" / "guard" / "key-log"
    with closing(sqlite3.connect(place.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    remembered = guard.read_bytes()
    place.world.rotate("org-two")
    with place.world.app.app_context():
        key_guard.follow(place.world.app)
    with place.serving():
        place.well()
    place.restore(copy)
    if keyring_too:
        guard.write_bytes(remembered)
    with place.serving():
        said = place.complaint()
    if keyring_too:
        assert "ALARM: the key log has 3 entries, and 5 were seen before: an old one is shown, or it was cut." in said
        assert "Keep the state file, it holds the signed proof" in said
    else:
        assert said == CHANGED


@pytest.mark.parametrize(
    ("options", "reason", "afterwards"),
    [
        ((), "the old one signed for the new one (a planned change)", "Exports from before the change then open"),
        (("--stolen",), "NOTHING stands behind the new one", "Keep a copy of the key file as it is"),
    ],
)
def test_a_new_home_identity_stops_the_tool_until_a_person_accepts_it(
    place: Place, options: tuple[str, ...], reason: str, afterwards: str
) -> None:
    with place.serving():
        place.well()
    old = place.home
    done = running.run("keys", "rotate-home", "--yes", *options, env=place.env)
    assert done.returncode == 0, done.stderr
    new = place.home
    with place.serving():
        said = place.complaint()
        assert f"ALARM: the site's identity changed from {old} to {new}; {reason}" in said
        assert f"only then run again with: --accept-home {new}" in said
        wrong = Holder("org-one").fingerprint
        assert f"is {new}, not the one you accept ({wrong})" in place.complaint("--accept-home", wrong)
        accepted = place.well("--accept-home", new)
        assert f"accepted: {new} in place of {old}; remembered in the state file." in accepted.stderr
        assert afterwards in accepted.stderr
        assert re.search(r"proca-org pin .*orgkey\.json [A-Za-z0-9_-]{43}", accepted.stderr)
        assert facts(place.well())["home"] == new


def test_a_site_that_is_not_there_is_no_alarm_and_not_well(place: Place) -> None:
    with place.serving():
        place.well()
    assert f"{place.url}/keys.json: it cannot be reached" in place.complaint()
