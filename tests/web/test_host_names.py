"""What a request says it was sent to: a name, or 400 before a library trips over it."""

import pytest
from flask import Flask

from proca_web.web.arriving import host_names

NAMES = ("localhost", "petitions.example.org", "example.org.", "a_b.example.org", "xn--bcher-kva.example", "l" * 63)
ADDRESSES = ("127.0.0.1:5000", "[::1]", "[::1]:65535", "[::ffff:192.0.2.1]:80")


@pytest.mark.parametrize("host", [*NAMES, *ADDRESSES, ".".join(["l" * 63] * 3 + ["l" * 61])])
def test_a_host_is_one(host: str) -> None:
    assert host_names.is_host(host)


@pytest.mark.parametrize(
    "host",
    [
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
    ],
)
def test_what_is_no_host_is_400_for_every_path(app: Flask, host: str, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/", "/health", "/confirm/" + "T" * 43, "/console/"):
        answer = app.test_client().get(path, environ_overrides={"HTTP_HOST": host})
        assert answer.status_code == 400
    assert caplog.text == ""
