"""`gunicorn wsgi:app` beside `worker`, as in earnest; and a faulty start that must not be tried again for ever."""

import re
import shutil
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import factories
from tests.cli import running
from tests.cli.instance import Made, settings_in
from tests.cli.running import fetch, fetch_json, wait_for

GUNICORN = running.GUNICORN


@pytest.fixture
def env(initiated: Made, tmp_path: Path) -> dict[str, str]:
    """The settings of an instance that was just made."""
    shutil.copytree(initiated.folder, tmp_path / "data")
    return settings_in(tmp_path / "data")


def test_a_faulty_start_ends_the_server_before_a_port_is_open(env: dict[str, str], free_port: int) -> None:
    (Path(env["PROCA_DATA_DIR"]) / "home.key").chmod(0o644)
    broken = env | {"PROCA_SENDER": "x", "PROCA_DATABASE_URL": "mysql://db/x"}
    with running.started(*GUNICORN, "-b", f"127.0.0.1:{free_port}", env=broken) as process:
        code, _, said = running.ended(process)
    assert code == 2
    for part in ("proca_web does not start", "PROCA_SENDER", "PROCA_DATABASE_URL", "chmod 600"):
        assert said.count(part) == 1
    assert "Listening" not in said
    assert "Traceback" not in said


def test_a_server_that_serves_writes_no_access_log_and_opens_no_control_socket(
    env: dict[str, str], free_port: int, tmp_path: Path
) -> None:
    at_home = env | {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "home")}
    (tmp_path / "home").mkdir()
    url = f"http://127.0.0.1:{free_port}"
    with running.started(*GUNICORN, "-b", f"127.0.0.1:{free_port}", env=at_home) as process:
        wait_for(lambda: fetch(f"{url}/confirm/some-token")[0])
        opened = list((tmp_path / "home").rglob("*"))
        process.send_signal(signal.SIGTERM)
        code, out, said = running.ended(process)
    assert code == 0
    assert "Listening" in said
    assert "some-token" not in out + said
    assert opened == []


def test_a_visitor_who_never_hangs_up_holds_up_nobody_else(env: dict[str, str], free_port: int) -> None:
    asked = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with running.started(*GUNICORN, "-b", f"127.0.0.1:{free_port}", env=env), ExitStack() as open_lines:
        wait_for(lambda: fetch(f"http://127.0.0.1:{free_port}/health")[0])
        for _ in range(4):  # the server would wait two seconds for each
            line = open_lines.enter_context(socket.create_connection(("127.0.0.1", free_port), timeout=1.5))
            line.sendall(asked)
            assert line.recv(12) == b"HTTP/1.1 200"


def test_gunicorn_and_worker_serve_what_the_demo_made(tmp_path: Path, free_port: int) -> None:
    data = tmp_path / "demo"
    with running.started(*running.COMMAND, "demo", "--port", str(free_port), "--data", str(data)) as process:
        wait_for(lambda: fetch(f"http://127.0.0.1:{free_port}/health")[0] == 200, 40)
        process.send_signal(signal.SIGTERM)
        running.ended(process)
    env = dict(line.split("=", 1) for line in (data / "demo.env").read_text().splitlines())
    url = f"http://127.0.0.1:{free_port}"
    with (
        running.started(*GUNICORN, "-w", "2", "-b", f"127.0.0.1:{free_port}", env=env) as web,
        running.started(*running.COMMAND, "worker", env=env) as worker,
    ):
        wait_for(lambda: fetch(f"{url}/health")[0] == 200)
        assert fetch(f"{url}/p/trees/sign", factories.form(opt_in="yes"))[0] == 303
        (mail,) = wait_for(lambda: fetch_json(f"{url}/mailbox.json"), 5)
        link = re.search(rf"{url}/confirm/[A-Za-z0-9_-]+", mail["text"])
        assert link is not None
        assert fetch(link[0], {})[0] == 303
        wait_for(lambda: fetch_json(f"{url}/p/trees/count.json")["count"] == 1, 10)
        for process in (worker, web):
            process.send_signal(signal.SIGTERM)
            assert running.ended(process)[0] == 0
