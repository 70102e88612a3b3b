"""A Home Org, an org's keys on disk, and the `proca-org` command, for the tests of `proca_web/org_tool`."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from nacl.public import PrivateKey

from proca_web.crypto.keys import keyfile
from proca_web.crypto.keys.home import HomeKey
from proca_web.org_tool.cli import main
from tests.org_tool.export_maker import ExportMaker, csv_text, new_home

PASSPHRASE = "a passphrase of tests"


@pytest.fixture(scope="session")
def home() -> HomeKey:
    """The Home Org that every pin of these tests names."""
    return new_home()


@pytest.fixture(scope="session")
def maker(home: HomeKey) -> ExportMaker:
    """Exports of org-one, whose key is in `key_file` and `keystore`."""
    return ExportMaker(home)


@pytest.fixture(scope="session")
def key_file(maker: ExportMaker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """org-one's key file, pinned; made once, because its passphrase is slow on purpose."""
    key = keyfile.OrgKey("org-one", maker.public, bytes(maker.private), home_identity=maker.identity)
    path = tmp_path_factory.mktemp("keys") / "org-one.orgkey.json"
    path.write_text(keyfile.dumps(keyfile.lock(key, PASSPHRASE)))
    return path


@pytest.fixture(scope="session")
def unpinned_key_file(maker: ExportMaker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same key without a pinned Home."""
    key = keyfile.OrgKey("org-one", maker.public, bytes(maker.private))
    path = tmp_path_factory.mktemp("keys") / "unpinned.orgkey.json"
    path.write_text(keyfile.dumps(keyfile.lock(key, PASSPHRASE)))
    return path


@pytest.fixture
def proca_org(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command in this process, as the entry point would; no passphrase but the given one."""
    monkeypatch.delenv("PROCA_ORG_PASSPHRASE", raising=False)

    def run(*arguments: object, passphrase: str | None = None, stdin: bytes | str | None = None) -> Result:
        env = {"PROCA_ORG_PASSPHRASE": passphrase}
        result = CliRunner().invoke(main, [str(part) for part in arguments], env=env, input=stdin)
        assert "Traceback" not in result.output
        return result

    return run


@dataclass(frozen=True)
class Decrypted:
    """What one `decrypt` left behind."""

    exit_code: int
    stderr: str
    folder: Path

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of OUT."""
        return list(csv.DictReader(io.StringIO((self.folder / "out.csv").read_bytes().decode(), newline="")))

    @property
    def reasons(self) -> list[str]:
        """Why rows were set aside."""
        path = self.folder / "out.csv.quarantine.csv"
        text = path.read_bytes().decode() if path.exists() else ""
        return [row["reason"] for row in csv.DictReader(io.StringIO(text, newline=""))]

    @property
    def has_out(self) -> bool:
        """Whether OUT was written."""
        return (self.folder / "out.csv").exists()


@dataclass(frozen=True)
class Desk:
    """An org's desk: a folder with its clear, pinned keystore (no slow passphrase), where exports are opened."""

    maker: ExportMaker
    folder: Path
    run: Callable[..., Result]

    def open(self, export: str | bytes | Iterable[Mapping[str, str]], *options: object, **more: Any) -> Decrypted:
        """Decrypt an export into out.csv under the pinned Home; `export` is a file's content, or rows."""
        if not isinstance(export, str | bytes):
            export = csv_text(export)
        path = self.folder / "export.csv"
        path.write_bytes(export.encode() if isinstance(export, str) else export)
        return self.decrypt(path, *self.trusted, *options, **more)

    @property
    def trusted(self) -> tuple[object, ...]:
        """The options for the keystore with everything pinned."""
        return "--keystore", self.keystore, "--home", self.maker.identity, "--org", self.maker.org

    @property
    def keystore(self) -> Path:
        """The clear keystore's file."""
        path = self.folder / "keystore.json"
        path.write_text(self.maker.keystore())
        return path

    def decrypt(self, *arguments: object, **more: Any) -> Decrypted:
        """Run `decrypt` with these arguments, to out.csv."""
        result = self.run("decrypt", *arguments, "-o", self.folder / "out.csv", **more)
        assert not list(self.folder.glob(".*.part")), "a draft was left behind"
        return Decrypted(result.exit_code, result.stderr, self.folder)

    def like(self, **changes: Any) -> "Desk":
        """The same desk with another maker."""
        return replace(self, **changes)


@pytest.fixture
def desk(maker: ExportMaker, tmp_path: Path, proca_org: Callable[..., Result]) -> Desk:
    """org-one's desk."""
    return Desk(maker, tmp_path, proca_org)


@pytest.fixture
def other_org(home: HomeKey) -> ExportMaker:
    """Another org of the same Home, with a key of its own."""
    return ExportMaker(home, "org-two", PrivateKey.generate())
