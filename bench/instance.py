"""A throw-away instance for a benchmark: databases, two orgs, a page both receive from, and a gunicorn in front."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from flask import Flask
from flask_babel import force_locale, gettext
from nacl.public import PrivateKey
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from proca_web import config
from proca_web.adapters import key_guard
from proca_web.adapters.database import writing
from proca_web.adapters.engines import migrations
from proca_web.app import create_app
from proca_web.crypto.keys.home import write_new_home_key
from proca_web.extensions import db, encryption
from proca_web.jobs import worker_keys
from proca_web.services.keys import registering
from proca_web.services.petitions import campaigns, orgs, pages
from proca_web.services.petitions.pages import PageSettings
from proca_web.services.sealing.keyring import Keyring

POSTGRES = os.environ.get("PROCA_BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
PAGE = "bench"


@dataclass
class Instance:
    """One instance: its environment, its app in this process, the orgs' secrets, and the processes that serve it."""

    kind: str
    folder: Path
    env: dict[str, str]
    app: Flask
    secrets: dict[str, PrivateKey] = field(default_factory=dict, repr=False)
    processes: dict[str, int] = field(default_factory=dict)


def kinds(chosen: str | None = None) -> list[str]:
    """The databases that can be reached here, or the one that was chosen."""
    if chosen is not None:
        return [chosen]
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.OperationalError:
        print("no PostgreSQL here (PROCA_BENCH_POSTGRES): SQLite only")
        return ["sqlite"]
    return ["sqlite", "postgresql"]


@contextmanager
def instance(kind: str, **changes: str) -> Iterator[Instance]:
    """A fresh, migrated instance with a page that two orgs receive from."""
    folder = Path(tempfile.mkdtemp(prefix="proca-bench-"))
    name = f"proca_bench_{secrets.token_hex(4)}"
    if kind == "postgresql":
        with psycopg.connect(POSTGRES, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{name}"')
        url = make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    else:
        url = f"sqlite:///{folder / 'proca.db'}"
    try:
        yield _make(kind, folder, url, changes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if kind == "postgresql":
            with psycopg.connect(POSTGRES, autocommit=True) as admin:
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _make(kind: str, folder: Path, url: str, changes: dict[str, str]) -> Instance:
    write_new_home_key(folder / "home.key")
    (folder / "mailbox").mkdir()
    env = {
        "PROCA_DEMO": "1",
        "PROCA_DATA_DIR": str(folder),
        "PROCA_PUBLIC_URL": "http://127.0.0.1",
        "PROCA_SECRET_KEY": secrets.token_urlsafe(32),
        "PROCA_DATABASE_URL": url,
        "PROCA_TRUSTED_PROXIES": "1",
        **changes,
    }
    settings, faults = config.read(env)
    assert not faults, faults
    Keyring(settings.keyring_dir).prepare()
    app = create_app(settings, check=False)
    migrations.migrate(app)
    made = Instance(kind, folder, env, app)
    with app.test_request_context(), writing() as session, force_locale("en"):
        _fill(made, session)
    with app.app_context():
        key_guard.join(app)
        worker_keys.begin(app)
        db.engine.dispose()
    return made


def _fill(made: Instance, session: Session) -> None:
    now = datetime.now(UTC)
    home = encryption.source.home
    orgs.add_home(session, home, now)
    made_orgs = []
    for name in ("org-one", "org-two"):
        made.secrets[name] = PrivateKey.generate()
        org = orgs.add_org(session, name, name, now)
        registering.enter(session, home, org, bytes(made.secrets[name].public_key), now)
        org.legal_name = org.legal_contact = org.privacy_url = org.retention = "x"
        made_orgs.append(org)
    session.flush()
    campaign = campaigns.add_campaign(session, "bench", "Bench", made_orgs[0], now)
    campaign.force_delivery = True  # both orgs receive every signature
    fields = ("first_name", "last_name", "email", "phone", "country", "postcode", "street", "locality")
    settings = PageSettings("Bench", "A demand of some length.", body="Text. " * 100, fields=fields, comment="off")
    page = pages.add_page(session, PAGE, campaign, made_orgs[1], settings, now)
    session.flush()
    pages.open_page(session, page, gettext, encryption.vouching, now)


@contextmanager
def server(made: Instance, workers: int) -> Iterator[int]:
    """gunicorn with sync workers on a free port, serving the real app and the null route."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    command = [gunicorn, "bench.null_route:app", "-w", str(workers), "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    process = subprocess.Popen(command, env={**os.environ, **made.env})
    made.processes["web"] = process.pid
    try:
        _wait(port, process)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@contextmanager
def worker(made: Instance) -> Iterator[None]:
    """One worker process beside it."""
    command = [sys.executable, "-c", "from proca_web.cli import main; main()", "worker"]
    said = made.folder / "worker.log"
    with said.open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **made.env}, stdout=log, stderr=log)
    made.processes["worker"] = process.pid
    try:
        while b"worker: ready" not in said.read_bytes():
            if process.poll() is not None:
                raise RuntimeError(f"the worker did not start: {said.read_text()}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("gunicorn did not start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/null").read()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("gunicorn does not answer")
