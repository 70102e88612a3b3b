"""A download whose server dies in the middle, behind the sample nginx: curl fails, proca-org says that it is cut."""

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from proca_web.app import create_app
from proca_web.assets import ASSETS
from proca_web.crypto.encoding import encode
from proca_web.extensions import db
from proca_web.org_tool.cli import main
from proca_web.services.sealing.keyring import Keyring
from tests import factories
from tests.cli import running
from tests.cli.instance import settings_in
from tests.cli.running import fetch, wait_for
from tests.databases import Templates
from tests.factories import World
from tests.ports import free_port
from tests.required import required

HOST = "petitions.example.org"
ROWS = 15_000  # some 25 MB: more than the sockets on the way can hold
_CONF = "daemon off; master_process off; pid {folder}/nginx.pid; events {{}} http {{ {temps} {sample} }}"
_TEMPS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_CERTIFICATE = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj"

# As many copies more of the one that is there, each at a place of its own; only the first one opens.
_MORE = """
  INSERT INTO {table} ({columns})
  WITH RECURSIVE each(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < {rows})
  SELECT {values} FROM {table}, each
"""
_NEW = {
    "actions": {"id": "id + n", "ref": "randomblob(16)", "confirm_id": "NULL", "withdraw_id": "NULL"},
    "contacts": {
        **{"id": "id + n", "action_id": "action_id + n", "seq": "seq + n"},
        **{"contact_ref": "randomblob(16)", "crypto_nonce": "randomblob(24)"},
    },
}


@dataclass(frozen=True)
class Site:
    """An instance behind nginx: where it is, and its server's process."""

    world: World
    folder: Path
    port: int
    server: "subprocess.Popen[str]"

    def curl(self, *arguments: str) -> list[str]:
        """A command that speaks to nginx as a browser would, with its cookies."""
        jar = str(self.folder / "cookies")
        there = ("--resolve", f"{HOST}:{self.port}:127.0.0.1", "--insecure", "--cookie", jar, "--cookie-jar", jar)
        *options, path = arguments
        return ["curl", "--silent", "--show-error", "--fail", *there, *options, f"https://{HOST}:{self.port}{path}"]

    def ask(self, *arguments: str) -> str:
        """What nginx answers to curl."""
        return subprocess.run(self.curl(*arguments), capture_output=True, text=True, check=True, timeout=20).stdout

    def sign_in(self, email: str) -> None:
        """As a member of staff does."""
        token = re.search(r'csrf_token" value="([^"]+)"', self.ask("/login"))
        assert token is not None
        typed = {"csrf_token": token[1], "email": email, "password": factories.PASSWORD}
        fields = [part for name, value in typed.items() for part in ("--data-urlencode", f"{name}={value}")]
        self.ask(*fields, "/login")


@pytest.fixture
def site(tmp_path: Path, templates: Templates) -> Iterator[Site]:
    """The sample configuration in front of gunicorn, with an export of some length."""
    missing = [name for name in ("nginx", "curl", "openssl") if shutil.which(name) is None]
    if missing:
        required("nginx", f"no {' and no '.join(missing)} on PATH (apt-get install nginx-light curl openssl)")
    own = {"PROCA_DATABASE_URL": templates.sqlite(tmp_path, world=True), "PROCA_PUBLIC_URL": f"https://{HOST}"}
    env = settings_in(tmp_path) | own | {"PROCA_TRUSTED_PROXIES": "1", "PROCA_SECOND_FACTOR": "off"}
    world = make_export(tmp_path, env["PROCA_DATABASE_URL"], templates)
    port, behind = free_port(), free_port()
    with (
        running.started(*running.GUNICORN, "-b", f"127.0.0.1:{behind}", env=env) as server,
        nginx(tmp_path, port, behind),
    ):
        wait_for(lambda: is_there(server, behind))
        yield Site(world, tmp_path, port, server)


def is_there(server: "subprocess.Popen[str]", port: int) -> bool:
    """Whether the server answers; fails at once when it has ended."""
    assert server.poll() is None, server.communicate()[1]
    return fetch(f"http://127.0.0.1:{port}/p/trees")[0] == 200


def make_export(folder: Path, database_url: str, templates: Templates) -> World:
    """One signature that opens, and many copies of it."""
    settings = factories.settings(folder, database_url)
    Keyring(settings.keyring_dir).prepare()
    (folder / "mailbox").mkdir()
    app = create_app(settings, check=False)
    factories.join(app)
    world, client = World(app, dict(templates.secrets)), app.test_client()
    assert world.sign(client).status_code == 303
    world.run("mail")
    client.post(world.link())
    world.run("release", "mail")
    for table, new in _NEW.items():
        columns = [name for _, name, *_ in world.query(f"PRAGMA table_info({table})")]
        values = ", ".join(new.get(name, name) for name in columns)
        world.execute(_MORE.format(table=table, columns=", ".join(columns), values=values, rows=ROWS))
    world.execute("UPDATE release_counters SET last_seq = last_seq + :rows", rows=ROWS)
    with app.app_context():
        app.extensions["proca_encryption"].end()
        db.engine.dispose()
    return world


@contextmanager
def nginx(folder: Path, port: int, behind: int) -> Iterator[None]:
    """The sample as it is, but for ports and places."""
    live = "/etc/letsencrypt/live/petitions.example.org"
    certificate = [*_CERTIFICATE.split(), f"/CN={HOST}", "-keyout", f"{folder}/privkey.pem"]
    subprocess.run([*certificate, "-out", f"{folder}/fullchain.pem"], check=True, capture_output=True)
    sample = (ASSETS / "docs" / "deploy" / "nginx.conf").read_text("utf-8")
    for its, ours in (
        *(("listen 443 ", f"listen 127.0.0.1:{port} "), ("listen 80;", f"listen 127.0.0.1:{free_port()};")),
        *((live, str(folder)), ("127.0.0.1:8000", f"127.0.0.1:{behind}")),
        *(("/var/cache/nginx/proca", f"{folder}/cache"), ("/var/log/nginx/", f"{folder}/")),
    ):
        assert its in sample
        sample = sample.replace(its, ours)
    temps = " ".join(f"{name}_temp_path {folder}/{name};" for name in _TEMPS)
    (folder / "nginx.conf").write_text(_CONF.format(folder=folder, temps=temps, sample=f"\n{sample}\n"))
    with running.started("nginx", "-p", str(folder), "-e", str(folder / "errors"), "-c", str(folder / "nginx.conf")):
        yield


def test_a_download_whose_server_dies_is_a_failure_for_curl_and_cut_for_proca_org(site: Site) -> None:
    site.sign_in("admin@org-one.example.org")
    export = site.folder / "export.csv"
    whole = site.curl("--output", str(export), "/console/org-one/exports/contacts.csv")
    with subprocess.Popen(whole, stderr=subprocess.PIPE, text=True) as download:
        wait_for(lambda: export.exists() and export.stat().st_size > 100_000, every=0.002)
        download.send_signal(signal.SIGSTOP)
        running.kill(site.server)
        download.send_signal(signal.SIGCONT)
        _, fault = download.communicate(timeout=20)
    assert download.returncode != 0
    assert "curl: (" in fault
    assert export.read_text("utf-8").count("\n") < ROWS
    code, said = opened(site, export)
    assert code == 3, said
    assert "the file is cut, its end mark is missing" in said
    assert "1 row opened" in said


def opened(site: Site, export: Path) -> tuple[int, str]:
    """What proca-org makes of it: the exit code, and what it says."""
    secret, identity = site.world.secrets["org-one"], site.world.app.extensions["proca_encryption"].home.identity
    keystore = site.folder / "keys.json"
    keystore.write_text(json.dumps({encode(bytes(secret.public_key)): {"private": encode(bytes(secret))}}))
    command = ["decrypt", str(export), "--keystore", str(keystore), "--home", encode(identity), "--org", "org-one"]
    done = CliRunner().invoke(main, [*command, "-o", str(site.folder / "people.csv")])
    return done.exit_code, done.output
