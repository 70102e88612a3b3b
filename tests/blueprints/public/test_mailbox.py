"""The demo's mailbox is for whoever sits at this machine; for others with its key."""

import json

import pytest
from flask.testing import FlaskClient

from proca_web.config import Settings

KEY = "the-key-that-start-up-prints"
PATHS = ("/mailbox", "/mailbox.json")


@pytest.fixture(autouse=True)
def _planned(settings: Settings) -> None:
    (settings.data_dir / "demo.json").write_text(json.dumps({"mailbox_key": KEY}))


def status(client: FlaskClient, path: str, peer: str, host: str, **headers: str) -> int:
    return client.get(path, environ_overrides={"REMOTE_ADDR": peer, "HTTP_HOST": host}, headers=headers).status_code


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "LOCALHOST", "127.0.0.1:5000", "[::1]:5000"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_it_is_open_on_this_machine_under_its_own_names(client: FlaskClient, path: str, host: str, peer: str) -> None:
    assert status(client, path, peer, host) == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("192.0.2.7", "localhost:5000"),
        ("192.0.2.7", "demo.example.org"),
        ("127.0.0.1", "rebound.example.org:5000"),
        ("127.0.0.1", "localhost.example.org"),
        ("127.0.0.1", "192.0.2.1:5000"),
        ("::ffff:192.0.2.7", "127.0.0.1"),
        ("", "localhost"),
    ],
)
def test_anywhere_else_it_wants_the_key(client: FlaskClient, path: str, peer: str, host: str) -> None:
    assert status(client, path, peer, host) == 403
    assert status(client, f"{path}?key=", peer, host) == 403
    assert status(client, f"{path}?key={KEY[:-1]}", peer, host) == 403
    assert status(client, f"{path}?key=%C3%A9", peer, host) == 403
    assert status(client, f"{path}?key={KEY}", peer, host) == 200


def test_who_comes_through_a_proxy_is_not_at_this_machine(client: FlaskClient) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "Via"):
        assert status(client, "/mailbox.json", "127.0.0.1", "localhost", **{header: "192.0.2.7"}) == 403


def test_without_a_key_nobody_else_gets_in(client: FlaskClient, settings: Settings) -> None:
    (settings.data_dir / "demo.json").unlink()
    for query in ("", "?key=", "?key=None"):
        assert status(client, f"/mailbox{query}", "192.0.2.7", "localhost") == 403


@pytest.mark.parametrize("path", PATHS)
def test_outside_the_demo_there_is_none(client: FlaskClient, path: str) -> None:
    client.application.config["MAILBOX_DIR"] = None
    assert status(client, path, "127.0.0.1", "localhost") == 404
    assert status(client, f"{path}?key={KEY}", "127.0.0.1", "localhost") == 404
