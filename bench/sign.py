"""Signatures a second on the real path, two receiving orgs, as ratios to a null route and to raw equal inserts."""

import argparse
import os
import sqlite3
import statistics
import time
from dataclasses import asdict
from typing import Any

import psycopg
from sqlalchemy import make_url

from bench import load
from bench.instance import PAGE, Instance, instance, kinds, server
from proca_web.extensions import db


def run(options: argparse.Namespace) -> dict[str, object]:
    """SQLite and, where reachable, PostgreSQL."""
    return {kind: _one(kind, options) for kind in kinds(options.database)}


def _one(kind: str, options: argparse.Namespace) -> dict[str, object]:
    workers = options.workers
    with instance(kind) as made, server(made, workers) as port:
        signs, nulls = [], []
        load.run(port, load.sign(f"/p/{PAGE}/sign"), b"HTTP/1.1 303", 0.5)
        for _ in range(options.rounds):
            nulls.append(load.run(port, load.get("/null"), b"HTTP/1.1 200", options.seconds / 2))
            signs.append(load.run(port, load.sign(f"/p/{PAGE}/sign"), b"HTTP/1.1 303", options.seconds))
        stored = _stored(made)
        raw = statistics.median(_raw_inserts(made) for _ in range(3))
    sign, null = load.median(signs), load.median(nulls)
    ratio = statistics.median(each.rate / none.rate for each, none in zip(signs, nulls, strict=True))
    print(
        f"{kind:10} {workers} workers: {sign.rate:7.0f} signatures/s = {ratio:.3f} of the null route "
        f"({null.rate:.0f}/s), {sign.rate / raw:.3f} of raw inserts ({raw:.0f}/s); "
        f"p50 {sign.p50:.1f} ms, p99 {sign.p99:.1f} ms; "
        f"{sign.wrong} wrong answers, {stored} stored",
        flush=True,
    )
    return {"workers": workers, "ratio_null": ratio, "ratio_raw": sign.rate / raw, "null": null.rate, **asdict(sign)}


def _stored(made: Instance) -> int:
    with made.app.app_context():
        number: int = db.session.execute(db.text("SELECT count(*) FROM actions")).scalar_one()
        db.session.remove()
    return number


def _raw_inserts(made: Instance, number: int = 500) -> float:
    """Equal rows (an action, two copies, a transient) a second, one transaction each, by the bare driver."""
    connection: Any = _connect(made)
    mark = "?" if made.kind == "sqlite" else "%s"
    read = connection.execute
    action = read("SELECT * FROM actions ORDER BY id LIMIT 1").fetchone()
    columns = [column[0] for column in read("SELECT * FROM actions LIMIT 0").description]
    copies = read("SELECT * FROM contacts WHERE action_id = (SELECT min(action_id) FROM contacts)").fetchall()
    copy_columns = [column[0] for column in read("SELECT * FROM contacts LIMIT 0").description]
    transient = read("SELECT * FROM transients ORDER BY action_id LIMIT 1").fetchone()
    transient_columns = [column[0] for column in read("SELECT * FROM transients LIMIT 0").description]
    insert = {
        table: f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"
        for table, names in (
            ("actions", columns[1:]),
            ("contacts", copy_columns[1:]),
            ("transients", transient_columns),
        )
    }
    returning = f"{insert['actions']} RETURNING id"
    connection.commit()
    start = time.perf_counter()
    for _ in range(number):
        if made.kind == "sqlite":
            connection.execute("BEGIN IMMEDIATE")
        links = {name: os.urandom(32) for name in ("confirm_id", "withdraw_id")}
        fresh = dict(zip(columns, action, strict=True)) | links | {"ref": os.urandom(16)}
        (action_id,) = connection.execute(returning, [fresh[name] for name in columns[1:]]).fetchone()
        for copy in copies:
            row = dict(zip(copy_columns, copy, strict=True)) | {"action_id": action_id, "crypto_nonce": os.urandom(24)}
            connection.execute(insert["contacts"], [row[name] for name in copy_columns[1:]])
        row = dict(zip(transient_columns, transient, strict=True)) | {"action_id": action_id}
        connection.execute(insert["transients"], [row[name] for name in transient_columns])
        connection.commit()
    duration = time.perf_counter() - start
    connection.close()
    return number / duration


def _connect(made: Instance) -> sqlite3.Connection | psycopg.Connection:
    url = make_url(made.env["PROCA_DATABASE_URL"])
    if made.kind == "postgresql":
        return psycopg.connect(made.env["PROCA_DATABASE_URL"])
    connection = sqlite3.connect(str(url.database), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
