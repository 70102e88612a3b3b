"""Commands as processes of their own: nothing hangs, and nothing is left running when a test ends."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from proca_web.assets import ASSETS

COMMAND = (sys.executable, "-c", "from proca_web.cli import main; main()")
GUNICORN = (str(Path(sys.executable).with_name("gunicorn")), "wsgi:app")


def environment(values: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with these PROCA_* values and no others."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PROCA_", "GUNICORN"))}
    return own | dict(values or {})


def run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command of ours, run to its end."""
    command = [*COMMAND, *arguments]
    return subprocess.run(
        command, env=environment(env), cwd=ASSETS, check=False, capture_output=True, text=True, timeout=60
    )


@contextmanager
def started(*command: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """A long-running command; ended with everything it started when the block is left."""
    process = subprocess.Popen(
        command,
        env=environment(env),
        cwd=ASSETS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9 for a process and its children, as a power cut would."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)


def ended(process: subprocess.Popen[str], seconds: float = 20) -> tuple[int, str, str]:
    """Its exit code and what it said, once it has ended by itself."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def wait_for(condition: Callable[[], object], seconds: float = 20, every: float = 0.02) -> Any:
    """The first true value of the condition; AssertionError when it takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"not within {seconds} seconds")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A redirect is an answer like any other."""


_OPENER = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def fetch(url: str, form: Mapping[str, str] | None = None) -> tuple[int, str]:
    """GET, or POST a form: status and body; status 0 while nobody listens."""
    data = None if form is None else urlencode(form).encode()
    try:
        with _OPENER.open(url, data, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def fetch_json(url: str) -> Any:
    """A JSON answer, or None when there is none."""
    status, body = fetch(url)
    return json.loads(body) if status == 200 else None
