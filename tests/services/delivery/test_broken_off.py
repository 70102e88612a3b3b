"""A database that goes away in the middle of a download: the client sees that the file is cut, and so does the tool."""

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from waitress.server import create_server

from proca_web.extensions import db
from proca_web.org_tool.cli import main
from proca_web.services import driver
from proca_web.services.delivery import rows
from tests.factories import World

ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid = :pid"


@pytest.fixture
def port(world: World) -> Iterator[int]:
    """The port of a real server for the world, as `serve` has it."""
    server: Any = create_server(world.app, host="127.0.0.1", port=0, threads=2, clear_untrusted_proxy_headers=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.close()
    thread.join(5)


def dying(session: Session, sql: str, values: list[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Reads the first block; in the second the database ends the connection."""
    if values[0]:
        (pid,) = session.execute(text("SELECT pg_backend_pid()")).one()
        with db.engine.connect() as other:
            other.execute(text(TERMINATE), {"pid": pid})
    return STREAM(session, sql, values, size)


STREAM = driver.stream


@ON_POSTGRES
def test_a_database_that_dies_in_the_middle_breaks_the_download_off_and_the_tool_says_so(
    world: World, client: FlaskClient, port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false")
    for number in range(4):
        world.sign(client, "trees-partner", email=f"person{number}@example.org")
    world.run("release")
    monkeypatch.setattr(rows, "BLOCK", 2)
    whole = download(world, port)
    monkeypatch.setattr(driver, "stream", dying)
    with pytest.raises(http.client.IncompleteRead) as broken:
        download(world, port)
    cut = broken.value.partial
    assert whole.count(b"\r\n") == 6
    assert whole.startswith(cut)
    assert cut.count(b"\r\n") == 3
    export = tmp_path / "cut.csv"
    export.write_bytes(cut)
    keystore = tmp_path / "keystore.json"
    secret = world.secrets["org-two"]
    keystore.write_text(json.dumps({b64(bytes(secret.public_key)): {"private": b64(bytes(secret))}}))
    done = CliRunner().invoke(main, ["decrypt", str(export), "--keystore", str(keystore)])
    assert done.exit_code == 3
    assert "2 rows opened" in done.stderr
    assert "the file is cut, its end mark is missing" in done.stderr


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def download(world: World, port: int) -> bytes:
    """The export over a socket, to its last byte. Raises IncompleteRead."""
    cookie = world.signed_in("admin@org-two.example.org").get_cookie("session")
    assert cookie is not None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Cookie": f"session={cookie.value}", "Host": "localhost"}
    connection.request("GET", "/console/org-two/exports/contacts.csv", headers=headers)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Transfer-Encoding"]) == (200, "chunked")
    try:
        return answer.read()
    finally:
        connection.close()
