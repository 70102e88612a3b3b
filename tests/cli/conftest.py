"""An instance made by `init`, copied for each test, its commands run in this process."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from proca_web.app import create_app
from proca_web.cli import checking, main, ready
from proca_web.extensions import db
from tests.cli import running
from tests.cli.instance import NOTICE, OPERATOR, TREES, Instance, Made, new_key, settings_in
from tests.cli.operated import Site, settings_of
from tests.databases import once
from tests.factories import World


@pytest.fixture(scope="session")
def initiated(shared_folder: Path) -> Made:
    """An instance made by `init` in a process of its own, in a folder that was not there before; once a run."""
    folder = shared_folder / "instance" / "data"
    said = shared_folder / "instance" / "said"

    def init() -> None:
        done = running.run("init", "--email", OPERATOR, env=settings_in(folder))
        assert done.returncode == 0, done.stderr
        said.write_text(done.stdout)

    once(shared_folder / "instance", init)
    return Made(folder, said.read_text())


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Runs a command in this process, with the settings it is given and no others; what it opened is closed."""
    for name in [name for name in os.environ if name.startswith("PROCA_")]:
        monkeypatch.delenv(name)
    made: list[Flask] = []

    def recorded(*arguments: object, **options: object) -> Flask:
        app = create_app(*arguments, **options)  # type: ignore[arg-type]
        made.append(app)
        return app

    for module in (ready, checking):
        monkeypatch.setattr(module, "create_app", recorded)

    def command(*arguments: str, env: Mapping[str, str], typed: str | None = None, charset: str = "utf-8") -> Result:
        return CliRunner(charset=charset).invoke(main, arguments, env=env, input=typed)

    yield command
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def instance(initiated: Made, tmp_path: Path, commands: Callable[..., Result]) -> Instance:
    """An instance of this test's own."""
    folder = tmp_path / "data"
    shutil.copytree(initiated.folder, folder)
    env = settings_in(folder)
    return Instance(folder, env, lambda *arguments, **changes: commands(*arguments, env=env | changes))


@pytest.fixture
def grown(instance: Instance, shared_folder: Path) -> Callable[[str, Callable[[], None]], Instance]:
    """That instance after some commands, which are run once a run; every test has a copy of its own."""

    def grow(name: str, give: Callable[[], None]) -> Instance:
        kept = shared_folder / f"instance-{name}"

        def make() -> None:
            give()
            shutil.copytree(instance.folder, kept / "data")

        once(kept, make)
        shutil.rmtree(instance.folder)
        shutil.copytree(kept / "data", instance.folder)
        return instance

    return grow


@pytest.fixture
def org(instance: Instance, grown: Callable[[str, Callable[[], None]], Instance]) -> Instance:
    """An instance with an org that can receive, and its campaign."""

    def give() -> None:
        instance.does("org", "add", "org-one", "--title", "Org One", "--public-key", new_key(), *NOTICE)
        instance.does("campaign", "add", "trees", "--org", "org-one", "--title", "Trees")

    return grown("org", give)


@pytest.fixture
def page(org: Instance, grown: Callable[[str, Callable[[], None]], Instance]) -> Instance:
    """An instance with an open page."""

    def give() -> None:
        org.does("page", "add", "trees", "--campaign", "trees", "--org", "org-one", *TREES)
        org.does("page", "open", "trees")

    return grown("page", give)


@pytest.fixture
def site(world: World, tmp_path: Path, database_url: str, commands: Callable[..., Result]) -> Iterator[Site]:
    """The demo's world with its operator."""
    made = Site(world, tmp_path, settings_of(tmp_path, database_url), commands)
    made.does("check", PROCA_SENDER=world.app.extensions["proca_settings"].sender.name.lower())
    yield made
    made.close()
