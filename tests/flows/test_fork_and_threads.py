"""Real gunicorn workers, forked before and after the app is loaded: no nonce twice, every sender vouched for.

And what importing the app leaves behind for a fork to inherit: no thread, no open database, no queue.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from nacl.public import Box, PublicKey
from nacl.signing import VerifyKey

from proca_web.app import create_app
from proca_web.extensions import db
from proca_web.services.sealing.keyring import Keyring
from tests import factories, worker
from tests.factories import World, form

ROOT = Path(__file__).parents[2]
WORKERS = 4
SIGNATURES = 60

# Says when a worker has loaded the app, so that the first one does not take every signature; not through the log, which
# lets no text through that it does not know.
_CONFIG = """
import os

preload_app = {preload}
control_socket_disable = True

def post_worker_init(worker):
    os.write(2, b"worker is ready\\n")
"""
_WHAT_IS_OPEN = """
import os, threading
import wsgi
print(*(thread.name for thread in threading.enumerate()))
for number in os.listdir("/proc/self/fd"):
    try:
        print(os.readlink(f"/proc/self/fd/{number}"))
    except FileNotFoundError:
        pass
"""


@pytest.fixture
def environment(tmp_path: Path, database_url: str, free_port: int) -> dict[str, str]:
    """What a server process reads: a demo on loopback, behind one proxy."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PROCA_")}
    return own | {
        "PROCA_DEMO": "1",
        "PROCA_DATA_DIR": str(tmp_path),
        "PROCA_PUBLIC_URL": f"http://127.0.0.1:{free_port}",
        "PROCA_SECRET_KEY": "tests only " * 4,
        "PROCA_DATABASE_URL": database_url,
        "PROCA_TRUSTED_PROXIES": "1",
    }


@pytest.fixture
def prepared(tmp_path: Path, database_url: str, environment: dict[str, str]) -> Iterator[World]:
    """The demo's world in the database that a server will open; this process only looks at it."""
    settings = factories.settings(tmp_path, database_url, PROCA_PUBLIC_URL=environment["PROCA_PUBLIC_URL"])
    Keyring(settings.keyring_dir).prepare()
    app = create_app(settings, check=False)
    factories.join(app)
    world = factories.make_world(app)
    worker.has_key(app)
    with app.app_context():
        db.engine.dispose()
    yield world
    with app.app_context():
        db.engine.dispose()


@contextmanager
def gunicorn(folder: Path, port: int, environment: dict[str, str], *, preload: bool) -> Iterator[None]:
    """Four workers with two threads each, all of them ready."""
    (folder / "gunicorn.conf.py").write_text(_CONFIG.format(preload=preload))
    command = [str(Path(sys.executable).with_name("gunicorn")), "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(WORKERS), "--threads", "2", "--config", str(folder / "gunicorn.conf.py")]
    log = folder / "gunicorn.log"
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out) as server:
        try:
            _wait_for_workers(server, log)
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
    assert server.returncode == 0, log.read_text()


def _wait_for_workers(server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while log.read_text().count("worker is ready") < WORKERS:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def post(port: int, place: int) -> int:
    """One signature from a network of its own; gives the status."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    fields = form(email=f"person-{place}@example.org", last_name=f"Number {chr(97 + place % 26)}", lead_opt_in="yes")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": f"198.51.{place}.7"}
    try:
        connection.request("POST", "/p/trees-partner/sign", urlencode(fields), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def senders_of(world: World, mode: str) -> dict[int, Any]:
    """The rows of keys that sealed something."""
    kind = "home" if mode == "static" else "sender"
    return {row.id: row for row in world.query("SELECT * FROM public_keys WHERE kind = :kind", kind=kind)}


# A static sender is the Home key itself: it is what a fork must not lose.
@pytest.mark.parametrize(
    ("database_url", "preload", "sender"),
    [
        pytest.param("sqlite", True, "static", id="sqlite, preload, static"),
        pytest.param("sqlite", False, "session", id="sqlite, no preload"),
        pytest.param("postgres", True, "session", id="postgres, preload"),
    ],
    indirect=["database_url"],
)
def test_sixty_signatures_over_four_workers_share_no_nonce_and_all_open(
    tmp_path: Path, free_port: int, environment: dict[str, str], prepared: World, preload: bool, sender: str
) -> None:
    environment["PROCA_SENDER"] = sender
    with gunicorn(tmp_path, free_port, environment, preload=preload), ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda place: post(free_port, place), range(SIGNATURES)))
    assert statuses == [303] * SIGNATURES

    senders = senders_of(prepared, sender)
    contacts = prepared.query(
        "SELECT c.sign_key_id, c.crypto_nonce, c.payload, o.name FROM contacts c JOIN orgs o ON o.id = c.org_id"
    )
    assert len(contacts) == 2 * SIGNATURES
    assert len({(row.sign_key_id, bytes(row.crypto_nonce)) for row in contacts}) == 2 * SIGNATURES
    assert {row.sign_key_id for row in contacts} <= set(senders)
    for row in contacts:
        box = Box(prepared.secrets[row.name], PublicKey(bytes(senders[row.sign_key_id].public)))
        assert b'"email":"person-' in box.decrypt(bytes(row.payload), bytes(row.crypto_nonce))

    home = prepared.app.extensions["proca_encryption"].home
    for row in senders.values():
        certificate = bytes(row.certificate)
        VerifyKey(home.identity).verify(b"proca-web:sender-cert:v1\x00" + certificate[64:], certificate[:64])
        assert certificate[64:96] == home.identity
        assert certificate[128:160] == bytes(row.public)
    if sender == "session":
        assert 2 <= len(senders) <= WORKERS
        assert len({bytes(row.public) for row in senders.values()}) == len(senders)
        firsts = sorted(int.from_bytes(bytes(row.certificate)[177:201], "big") for row in senders.values())
        assert all(after - before > 2**64 for before, after in zip(firsts, firsts[1:], strict=False))


@pytest.mark.skipif(sys.platform != "linux", reason="open descriptors are read from /proc")
def test_importing_the_app_leaves_no_thread_and_nothing_open(
    tmp_path: Path, environment: dict[str, str], prepared: World
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _WHAT_IS_OPEN], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    threads, *opened = told.stdout.splitlines()
    assert threads == "MainThread"
    held = [path for path in opened if path.startswith(str(tmp_path)) or path.startswith("socket:")]
    assert held == [str(tmp_path / "serving.lock")]  # by which `upgrade` knows that something runs; nothing else
    assert not (tmp_path / "queue.db").exists()
    assert prepared.query("SELECT count(*) FROM public_keys WHERE kind = 'sender'")[0][0] == 0
