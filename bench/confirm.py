"""Confirmations a second on the real path, as a ratio to the null route."""

import argparse
import statistics
from collections.abc import Iterator
from dataclasses import asdict

from bench import load, rows
from bench.instance import instance, kinds, server
from proca_web.crypto.encoding import encode
from proca_web.extensions import db

A_ROUND = 3000


def run(options: argparse.Namespace) -> dict[str, object]:
    """SQLite and, where reachable, PostgreSQL."""
    return {kind: _one(kind, options) for kind in kinds(options.database)}


def _one(kind: str, options: argparse.Namespace) -> dict[str, object]:
    with instance(kind) as made:
        tokens = rows.add(made, A_ROUND * options.rounds)
        with made.app.app_context():
            db.engine.dispose()
        with server(made, options.workers) as port:
            confirms, nulls = [], []
            for each in range(options.rounds):
                nulls.append(load.run(port, load.get("/null"), b"HTTP/1.1 200", options.seconds / 2))
                part = tokens[each * A_ROUND : (each + 1) * A_ROUND]
                confirms.append(load.run(port, _posts(part), b"HTTP/1.1 303", options.seconds, again=False))
    ratio = statistics.median(each.rate / none.rate for each, none in zip(confirms, nulls, strict=True))
    confirm, null = load.median(confirms), load.median(nulls)
    print(
        f"{kind:10} {confirm.rate:7.0f} confirms/s = {ratio:.3f} of the null route ({null.rate:.0f}/s); "
        f"p50 {confirm.p50:.1f} ms, p99 {confirm.p99:.1f} ms; {confirm.wrong} wrong answers",
        flush=True,
    )
    return {"ratio_null": ratio, **asdict(confirm)}


def _posts(tokens: list[bytes]) -> load.Requests:
    """Each client takes its own tokens."""
    shares = [tokens[n :: load.CLIENTS] for n in range(load.CLIENTS)]

    def requests(_seed: int) -> Iterator[bytes]:
        for token in shares.pop():
            path = f"/confirm/{encode(token)}"
            yield f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()

    return requests
