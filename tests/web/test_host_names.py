"""What a request says it was sent to: a name, or 400 before a library trips over it."""

import pytest
from flask import Flask

from proca_web.web.arriving import host_names
from tests.databases import ON_SQLITE

NAMES = ("localhost", "petitions.example.org", "example.org.", "a_b.example.org", "xn--bcher-kva.example", "l" * 63)
ADDRESSES = ("127.0.0.1:5000", "[::1]", "[::1]:65535", "[::ffff:192.0.2.1]:80")
NOT_HOSTS = [
    "",
    "l" * 64,
    f"a.{'l' * 64}.org:80",
    ".".join(["l" * 63] * 4),
    "a..b",
    ".a",
    "-a.org",
    "a-.org",
    "b\u00fccher.example",
    "a b",
    "a/b",
    "a@b",
    "a,b",
    "a:b",
    "a:65536",
    "a:99999999999",
    "[::1",
    "[v1.x]",
    "\0",
    "xn--\u00e9",
    "x" * 8000,
]


@pytest.mark.parametrize("host", [*NAMES, *ADDRESSES, ".".join(["l" * 63] * 3 + ["l" * 61])])
def test_a_host_is_one(host: str) -> None:
    assert host_names.is_host(host)


@ON_SQLITE
def test_what_is_no_host_is_400_for_every_path(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    client = app.test_client()
    for path in ("/", "/health", "/confirm/" + "T" * 43, "/console/"):
        answers = {host: client.get(path, environ_overrides={"HTTP_HOST": host}).status_code for host in NOT_HOSTS}
        assert set(answers.values()) == {400}, answers
    assert caplog.text == ""
