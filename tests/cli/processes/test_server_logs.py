"""What servers write by themselves, seen from outside: no path, token or address, whatever a client does to them."""

import shutil
import signal
import socket
import struct
from pathlib import Path

import pytest

from tests.cli import running
from tests.cli.instance import Made, settings_in
from tests.cli.running import fetch, wait_for

TOKEN = "T0ken-" + "x" * 37
HOST = "Host: localhost"
SENT = (
    f"GET /confirm/{TOKEN}\r\n\r\n",
    f"GET /confirm/{TOKEN} HTTP/9.9\r\n{HOST}\r\n\r\n",
    f"G\x01T /confirm/{TOKEN} HTTP/1.1\r\n{HOST}\r\n\r\n",
    f"/confirm/{TOKEN} GET HTTP/1.1\r\n\r\n",
    f"GET /confirm/{TOKEN} anna@example.org HTTP/1.1\r\n\r\n",
    f"GET /confirm/{TOKEN} HTTP/1.1\r\n{TOKEN} : x\r\n\r\n",
    f"GET /confirm/{TOKEN} HTTP/1.1\r\nHost: {'l' * 64}\r\n\r\n",
    f"GET http://[{TOKEN}/ HTTP/1.1\r\n{HOST}\r\n\r\n",
    f"GET /confirm/{TOKEN} HTTP/1.1\r\n{HOST}\r\nTransfer-Encoding: {TOKEN}\r\n\r\n",
    f"POST /confirm/{TOKEN} HTTP/1.1\r\n{HOST}\r\nContent-Length: {TOKEN}\r\n\r\n",
    f"POST /confirm/{TOKEN} HTTP/1.1\r\n{HOST}\r\nContent-Length: 500\r\n\r\nemail=anna@example.org",
    f"POST /p/trees/sign?t={TOKEN} HTTP/1.1\r\n{HOST}\r\nTransfer-Encoding: chunked\r\n\r\nzz{TOKEN}\r\n",
    f"GET /confirm/{TOKEN}{'/' * 9000} HTTP/1.1\r\n{HOST}\r\n\r\n",
    f"GET /confirm/{TOKEN} HTTP/1.1\r\n{HOST}\r\n\r\n",
    f"\x16\x03\x01{TOKEN}\r\n\r\n",
)


def send(port: int, text: str, *, wait: bool) -> None:
    """Send it; then read the answer, or go away at once with a reset."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(text.encode("latin-1"))
        if wait:
            connection.settimeout(0.3)
            try:
                connection.recv(65536)
            except OSError:
                return
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "server",
    [
        (*running.COMMAND, "serve", "--port", "{port}"),
        (*running.GUNICORN, "-b", "127.0.0.1:{port}", "--log-level", "debug"),
        (*running.GUNICORN, "-b", "127.0.0.1:{port}", "--threads", "4"),
    ],
    ids=["serve", "gunicorn", "gunicorn-threads"],
)
def test_no_server_writes_what_a_client_sent(
    server: tuple[str, ...], initiated: Made, free_port: int, tmp_path: Path
) -> None:
    shutil.copytree(initiated.folder, tmp_path / "data")
    command = [part.format(port=free_port) for part in server]
    with running.started(*command, env=settings_in(tmp_path / "data")) as process:
        wait_for(lambda: fetch(f"http://127.0.0.1:{free_port}/keys")[0], 30)
        for text in SENT:
            for wait in (True, False):
                send(free_port, text, wait=wait)
        assert fetch(f"http://127.0.0.1:{free_port}/keys")[0] == 200
        process.send_signal(signal.SIGTERM)
        _, out, said = running.ended(process)
    for part in (TOKEN, TOKEN.lower(), "/confirm/", "anna", "ip=", "Traceback", "l" * 64):
        assert part not in out + said
