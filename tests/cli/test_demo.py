"""The demo as people start it: complete when it answers, the same on every start, and never half a start."""

import json
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proca_web.assets import ASSETS
from proca_web.cli import demo
from proca_web.domain.rows.csv_lines import csv_line
from proca_web.domain.rows.export_columns import ENCRYPTED, end_mark
from tests import factories
from tests.cli import running
from tests.cli.running import fetch, fetch_json, wait_for
from tests.ports import free_port


@contextmanager
def demo_in(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A running demo process."""
    with running.started(*running.COMMAND, "demo", "--port", str(port), "--data", str(data)) as process:
        yield process


def is_well(process: subprocess.Popen[str], url: str) -> bool:
    """Whether /health answers 200; fails at once when the process has ended."""
    assert process.poll() is None, process.communicate()[1]
    return fetch(f"{url}/health")[0] == 200


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@dataclass(frozen=True)
class FirstStart:
    """What was there at the moment /health answered for the first time, and what the demo said."""

    data: Path
    port: int
    modes: dict[str, int]
    plan: dict[str, Any]
    counts: list[int]
    mails: list[Any]
    said: str


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    """The first start of a demo, seen from outside and then stopped."""
    data, port = tmp_path_factory.mktemp("first") / "demo", free_port()
    url = f"http://127.0.0.1:{port}"
    with demo_in(data, port) as process:
        wait_for(lambda: is_well(process, url), 40)
        modes = {str(path.relative_to(data)): mode(path) for path in (data, *data.rglob("*"))}
        plan = json.loads((data / "demo.json").read_text())
        counts = [fetch_json(f"{url}/p/{page}/count.json")["count"] for page in ("trees", "trees-partner")]
        mails = fetch_json(f"{url}/mailbox.json")
        process.send_signal(signal.SIGTERM)
        code, said, _ = running.ended(process)
    assert code == 0
    return FirstStart(data, port, modes, plan, counts, mails, said)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (".", 0o700),
        ("home.key", 0o600),
        ("proca.db", 0o600),
        ("queue.db", None),
        ("keyring", 0o700),
        ("mailbox", 0o700),
        ("keys", 0o700),
        ("keys/org-one.orgkey.json", 0o600),
        ("keys/org-two.orgkey.json", 0o600),
        ("demo.env", 0o600),
        ("demo.json", 0o600),
    ],
)
def test_everything_is_there_by_the_time_it_answers(first: FirstStart, name: str, wanted: int | None) -> None:
    assert name in first.modes
    assert wanted is None or first.modes[name] == wanted


def test_demo_json_says_where_how_to_sign_in_and_where_the_keys_are(first: FirstStart) -> None:
    plan = first.plan
    assert plan["url"] == f"http://127.0.0.1:{first.port}"
    assert {(user["email"], user["org"]) for user in plan["users"]} == {
        ("admin@org-one.example.org", "org-one"),
        ("admin@org-two.example.org", "org-two"),
        ("operator@example.org", "home"),
    }
    assert len({user["password"] for user in plan["users"]}) == 3
    assert [key["org"] for key in plan["keys"]] == ["org-one", "org-two"]
    assert all(len(key["passphrase"].split()) == 7 and Path(key["file"]).is_file() for key in plan["keys"])
    assert plan["complete"] is True


def test_demo_env_is_key_value_lines_with_which_other_processes_serve_the_same_data(first: FirstStart) -> None:
    lines = (first.data / "demo.env").read_text().splitlines()
    env = dict(line.split("=", 1) for line in lines)
    assert env["PROCA_DATA_DIR"] == str(first.data)
    assert env["PROCA_DEMO"] == "1"
    assert env.keys() >= {"PROCA_SECRET_KEY", "PROCA_PUBLIC_URL"}


def test_there_are_no_signatures_and_no_mails_at_the_start(first: FirstStart) -> None:
    assert (first.counts, first.mails) == ([0, 0], [])


def test_it_says_where_to_go_how_to_sign_in_and_how_to_open_an_export(first: FirstStart) -> None:
    for part in (
        *(f"http://127.0.0.1:{first.port}{path}" for path in ("/p/trees", "/p/trees-partner", "/mailbox", "/login")),
        *(user["password"] for user in first.plan["users"]),
        *(key["passphrase"] for key in first.plan["keys"]),
        *(key["file"] for key in first.plan["keys"]),
        "second factor: off",
    ):
        assert part in first.said


def test_the_line_it_prints_makes_a_file_that_a_spreadsheet_shows_as_it_is(first: FirstStart, tmp_path: Path) -> None:
    (line,) = re.findall(r"^ +(\.venv/bin/proca-org decrypt .+)$", first.said, re.M)
    readme = re.sub(r"\s*\\\n\s*", " ", (ASSETS / "README.md").read_text("utf-8"))
    assert line.replace(str(first.data), "instance/demo") in readme
    downloads = tmp_path / "Downloads"
    downloads.mkdir()
    (downloads / "org-one-contacts.csv").write_bytes((csv_line(ENCRYPTED) + csv_line(end_mark(0, 0))).encode())
    tool = Path(sys.executable).with_name("proca-org")
    home = {"HOME": str(tmp_path), "PROCA_ORG_PASSPHRASE": first.plan["keys"][0]["passphrase"]}
    command = ["sh", "-c", line.replace(".venv/bin/proca-org", str(tool))]
    subprocess.run(command, env=running.environment(home), check=True, capture_output=True, timeout=30)
    assert (downloads / "people.csv").read_bytes().startswith(b"\xef\xbb\xbfaction_id,")


def test_no_secret_of_an_org_is_in_the_database_or_the_settings(first: FirstStart) -> None:
    stored = b"".join(path.read_bytes() for path in first.data.glob("*.db*")) + (first.data / "demo.env").read_bytes()
    for secret in (*(key["passphrase"] for key in first.plan["keys"]), *(u["password"] for u in first.plan["users"])):
        assert secret.encode() not in stored
    assert factories.b64((first.data / "home.key").read_text().strip()) not in stored


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_again_with_the_same_content_and_stops_when_told(first: FirstStart, sign: signal.Signals) -> None:
    url = f"http://127.0.0.1:{first.port}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with demo_in(first.data, first.port) as process:
        wait_for(lambda: is_well(process, url), 20)
        process.send_signal(sign)
        code, said, _ = running.ended(process)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Processor time: on a busy machine the clock on the wall says nothing about the demo.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5
    assert code == 0
    assert first.plan["users"][0]["password"] in said
    assert json.loads((first.data / "demo.json").read_text()) == first.plan


def test_a_port_that_is_taken_is_one_sentence_that_suggests_another(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = running.run("demo", "--port", str(port), "--data", str(tmp_path / "demo"))
    assert done.returncode == 1
    found = re.fullmatch(
        rf"Error: port {port} cannot be used \(.*\); try: python3 -m proca_web demo --port (\d+)\n", done.stderr
    )
    assert found is not None, done.stderr
    assert int(found[1]) > port
    assert not (tmp_path / "demo").exists()


def test_a_home_key_open_to_others_stops_it_before_the_port_and_is_not_repaired(first: FirstStart) -> None:
    key, url = first.data / "home.key", f"http://127.0.0.1:{first.port}"
    key.chmod(0o644)
    try:
        with demo_in(first.data, first.port) as process:
            answers = set()
            while process.poll() is None:
                answers.add(fetch(f"{url}/health")[0])
                time.sleep(0.02)
            code, said, fault = running.ended(process)
        assert code == 2
        assert f"{key} is open to others; run: chmod 600 {key}" in fault
        assert (said, answers) == ("", {0})
        assert mode(key) == 0o644
    finally:
        key.chmod(0o600)


def test_a_fault_in_the_settings_stops_it_with_every_fault(tmp_path: Path) -> None:
    env = {"PROCA_SENDER": "x", "PROCA_PUBLIC_URL": "https://petitions.example.org"}
    done = running.run("demo", "--port", str(free_port()), "--data", str(tmp_path / "demo"), env=env)
    assert done.returncode == 2
    assert "PROCA_SENDER" in done.stderr
    assert "PROCA_DEMO shows every mail to everybody" in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_first_start_that_was_killed_half_way_is_mended_by_the_next(tmp_path: Path) -> None:
    data, port = tmp_path / "demo", free_port()
    for reached in ("proca.db", "keys/org-one.orgkey.json"):
        with demo_in(data, port) as process:
            wait_for((data / reached).exists, 20, every=0.001)
            running.kill(process)
        plan = json.loads((data / "demo.json").read_text())
        assert plan["complete"] is False
    url = f"http://127.0.0.1:{port}"
    with demo_in(data, port) as process:
        wait_for(lambda: is_well(process, url), 40)
        assert fetch(f"{url}/p/trees")[0] == fetch(f"{url}/p/trees-partner")[0] == 200
    assert json.loads((data / "demo.json").read_text()) == plan | {"complete": True}


def test_a_variable_that_is_set_wins_over_the_demos_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCA_DATABASE_URL", "postgresql://db/x")
    monkeypatch.setenv("PROCA_PUBLIC_URL", "http://localhost:1")
    monkeypatch.setenv("PROCA_SECRET_KEY_FILE", "/srv/secret")
    monkeypatch.setenv("PROCA_SENDER", "")
    env = demo._environment(tmp_path, "127.0.0.1", 5000)
    assert env["PROCA_DATABASE_URL"] == "postgresql://db/x"
    assert env["PROCA_PUBLIC_URL"] == "http://localhost:1"
    assert "PROCA_SECRET_KEY" not in env
    assert "PROCA_SENDER" not in env
    assert env["PROCA_DATA_DIR"] == str(tmp_path)


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:5000"), ("0.0.0.0", "http://127.0.0.1:5000"), ("::1", "http://[::1]:5000")],  # noqa: S104
)
def test_links_lead_to_this_computer(tmp_path: Path, host: str, url: str) -> None:
    assert demo._environment(tmp_path, host, 5000)["PROCA_PUBLIC_URL"] == url


def test_where_mail_goes_is_said_as_it_is(tmp_path: Path) -> None:
    plan = {
        "url": "http://127.0.0.1:5000",
        "mailbox_key": "k3y",
        "users": [],
        "keys": [{"file": "f", "passphrase": "p"}],
    }
    assert "/mailbox?key=k3y   (no mail leaves this computer)" in demo._greeting(plan, tmp_path, "")
    by_relay = demo._greeting(plan, tmp_path, "smtp.example.org")
    assert "leaves by smtp.example.org" in by_relay
    assert "mailbox" not in by_relay
