"""Mail servers that hang and workers that die, met by real processes: nothing else waits, and nothing is lost."""

import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from proca_web import config
from proca_web.app import create_app
from proca_web.cli import processes
from proca_web.extensions import db
from tests import factories
from tests.cli import running
from tests.cli.instance import Instance
from tests.cli.running import fetch, fetch_json, wait_for

# The command itself; only a page is not kept for two seconds, and at the end the mail at hand gets a shorter time.
_SHORT = 0.5
_COMMAND_IN_A_HURRY = f"""
from proca_web.cli import main, processes
from proca_web.web import page_cache
page_cache.SECONDS = 0
processes.SECONDS_FOR_THE_MAIL_AT_HAND = {_SHORT}
main()
"""


class Relay:
    """A mail server as a thread, that stops to answer at a chosen moment."""

    def __init__(self, mute_at: str) -> None:
        self.mute_at = mute_at
        self.messages = 0
        self.reached = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rwb") as stream:
            if self._is_mute("greeting"):
                return
            stream.write(b"220 relay\r\n")
            stream.flush()
            for line in stream:
                command = line[:4].upper().decode().strip().lower()
                if self._is_mute(command):
                    return
                if command == "data":
                    stream.write(b"354 go on\r\n")
                    stream.flush()
                    while stream.readline() not in (b".\r\n", b""):
                        pass
                    self.messages += 1
                    if self._is_mute("dot"):
                        return
                stream.write(b"221 bye\r\n" if command == "quit" else b"250 ok\r\n")
                stream.flush()

    def _is_mute(self, moment: str) -> bool:
        """Hang for ever at that moment, with the line open."""
        if moment != self.mute_at:
            return False
        self.reached.set()
        while self.mute_at == moment:
            time.sleep(0.02)
        return True


@pytest.fixture
def relay(request: pytest.FixtureRequest) -> Iterator[Relay]:
    """A relay that is mute at the moment the test names."""
    with closing(Relay(request.param)) as made:
        yield made
        made.mute_at = ""


def address_of(number: int) -> str:
    return f"person{number}@example.org"


def sign(url: str, number: int) -> None:
    assert fetch(f"{url}/p/trees/sign", factories.form(email=address_of(number)))[0] == 303


def states(page: Instance) -> dict[str, int]:
    return dict(page.sql("SELECT state, count(*) FROM transients GROUP BY state"))


@pytest.mark.parametrize("relay", ["greeting", "mail", "dot"], indirect=True)
def test_a_relay_that_hangs_holds_up_neither_release_nor_count_nor_health_nor_the_end(
    page: Instance, relay: Relay, free_port: int
) -> None:
    env = {**page.env, "PROCA_MAIL_SERVER": "127.0.0.1", "PROCA_MAIL_PORT": str(relay.port)}
    url = f"http://127.0.0.1:{free_port}"
    command = (sys.executable, "-c", _COMMAND_IN_A_HURRY, "serve", "--port", str(free_port))
    with running.started(*command, env=env) as process:
        wait_for(lambda: fetch(f"{url}/health")[0] == 200)
        for number in range(3):
            sign(url, number)
        assert relay.reached.wait(20)
        page.sql("UPDATE action_pages SET double_opt_in = 0")
        page.sql("UPDATE heartbeats SET seen_at = '2020-01-01 00:00:00.000000'")
        wait_for(lambda: fetch(f"{url}/p/trees/sign", factories.form(email=address_of(9)))[0] == 303)
        wait_for(lambda: fetch_json(f"{url}/p/trees/count.json")["count"] == 1, 10)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, said = running.ended(process)
        took = time.monotonic() - began - _SHORT + processes.SECONDS_FOR_THE_MAIL_AT_HAND
        assert (code, took < 10) == (0, True)
        assert "Traceback" not in said
        assert "died" not in said
    left = states(page)
    thanks = left.pop("thanks_to_send", 0)
    assert thanks or relay.mute_at == "dot", "only one whose end nobody knows is not sent again"
    assert left == {"to_send": 3}
    ((unsure, attempts),) = page.sql("SELECT max(unsure), max(attempts) FROM transients")
    assert (unsure, attempts) == (1 if relay.mute_at == "dot" else 0, 0)


@pytest.mark.parametrize("relay", ["dot"], indirect=True)
def test_a_worker_killed_in_the_middle_leaves_every_mail_to_be_sent(page: Instance, relay: Relay) -> None:
    page.sql("UPDATE campaigns SET confirm_days = 7")
    env = {**page.env, "PROCA_MAIL_SERVER": "127.0.0.1", "PROCA_MAIL_PORT": str(relay.port)}
    for number in range(3):
        assert signed(page.folder, env, number)
    with running.started(*running.COMMAND, "worker", env=env) as process:
        assert relay.reached.wait(30)
        running.kill(process)
    assert states(page) == {"sending": 3}
    page.sql("UPDATE transients SET lease_until = '2020-01-01 00:00:00.000000'")
    relay.mute_at = ""
    assert running.run("sweep", env=env).returncode == 0
    assert page.sql("SELECT DISTINCT state, unsure FROM transients") == [("to_send", 1)]
    page.sql("UPDATE transients SET next_try = '2020-01-01 00:00:00.000000'")
    assert running.run("sweep", env=env).returncode == 0
    assert states(page) == {"waiting": 3}


def signed(folder: Path, env: dict[str, str], number: int) -> bool:
    """A signature through the app itself, without a server."""
    settings, faults = config.read(env)
    assert not faults
    app = create_app(settings)
    assert folder == settings.data_dir
    answer = app.test_client().post("/p/trees/sign", data=factories.form(email=address_of(number)))
    with app.app_context():
        app.extensions["proca_encryption"].end()
        db.engine.dispose()
    return bool(answer.status_code == 303)
