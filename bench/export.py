"""Rows a second of the encrypted CSV over HTTP, and by how much that made a worker grow."""

import argparse
import http.cookiejar
import re
import statistics
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from bench import rows
from bench.instance import Instance, instance, kinds, server
from proca_web.adapters.database import writing
from proca_web.domain.staff_words import StaffRole
from proca_web.extensions import db
from proca_web.models import Org
from proca_web.services.staff import passwords, people

ROWS = 100_000
_PASSWORD = "a password for the benchmark"


def run(options: argparse.Namespace) -> dict[str, object]:
    """SQLite and, where reachable, PostgreSQL."""
    return {kind: _one(kind, options) for kind in kinds(options.database)}


def _one(kind: str, options: argparse.Namespace) -> dict[str, float]:
    with instance(kind) as made:
        rows.add(made, ROWS)
        released = rows.accept_all(made)
        _staff(made)
        with server(made, 1) as port:
            browser = _signed_in(port)
            before = _peak_memory()
            rates, size = [], 0
            for _ in range(options.rounds):
                start = time.perf_counter()
                number, size = _download(browser, f"http://127.0.0.1:{port}/console/org-one/exports/contacts.csv")
                assert number == ROWS, number
                rates.append(ROWS / (time.perf_counter() - start))
            memory = _peak_memory() - before
    rate = statistics.median(rates)
    print(
        f"{kind:10} {rate:7.0f} rows/s ({size / 1e6:.0f} MB at {ROWS} rows); a worker grew by {memory:.0f} MiB; "
        f"release {released:.0f} signatures/s",
        flush=True,
    )
    return {"rate": rate, "grew_mib": memory, "release_rate": released}


def _staff(made: Instance) -> None:
    hashed = passwords.hash_password(_PASSWORD)
    with made.app.app_context(), writing() as session:
        org = session.scalars(select(Org).where(Org.name == "org-one")).one()
        people.add_user(session, "staff@example.org", hashed, org, StaffRole.OWNER, datetime.now(UTC))
    with made.app.app_context():
        db.engine.dispose()


def _signed_in(port: int) -> urllib.request.OpenerDirector:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    url = f"http://127.0.0.1:{port}/login"
    token = re.search(rb'csrf_token" value="([^"]+)"', browser.open(url).read())
    assert token is not None
    form = {"csrf_token": token[1].decode(), "email": "staff@example.org", "password": _PASSWORD}
    browser.open(url, urllib.parse.urlencode(form).encode()).read()
    return browser


def _download(browser: urllib.request.OpenerDirector, url: str) -> tuple[int, int]:
    lines = size = 0
    with browser.open(url) as answer:
        while piece := answer.read(1 << 20):
            lines += piece.count(b"\n")
            size += len(piece)
    return lines - 2, size  # but for the header and the mark at the end


def _peak_memory() -> float:
    """The largest resident set of any gunicorn worker here, in MiB."""
    peaks = [0.0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            command = (status.parent / "cmdline").read_text()
        except OSError:
            continue
        found = re.search(r"VmHWM:\s+(\d+) kB", text)
        if "bench.null_route:app" in command and found:
            peaks.append(int(found[1]) / 1024)
    return max(peaks)
