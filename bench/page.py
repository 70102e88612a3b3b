"""The action page and its counter with a million signatures stored, as ratios to the null route."""

import argparse
import statistics
import time

from bench import load
from bench.instance import PAGE, Instance, instance, kinds, server
from bench.rows import add
from proca_web.adapters.database import writing
from proca_web.adapters.engines import pace
from proca_web.extensions import db

STORED = 1_000_000

_MANY = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) ",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, {n})) ",
}
_RANDOM = {
    "sqlite": "randomblob({size})",
    "postgresql": "decode(substr(repeat(md5(random()::text || n.i::text), 2), 1, 2 * {size}), 'hex')",
}


def run(options: argparse.Namespace) -> dict[str, object]:
    """SQLite and, where reachable, PostgreSQL."""
    return {kind: _one(kind, options) for kind in kinds(options.database)}


def _one(kind: str, options: argparse.Namespace) -> dict[str, object]:
    with instance(kind) as made:
        start = time.perf_counter()
        _store(made)
        print(f"{kind:10} {STORED} signatures stored in {time.perf_counter() - start:.0f} s", flush=True)
        with server(made, options.workers) as port:
            return {
                name: _against_null(kind, name, path, port, options)
                for name, path in (("page", f"/p/{PAGE}"), ("count", f"/p/{PAGE}/count.json"))
            }


def _against_null(kind: str, name: str, path: str, port: int, options: argparse.Namespace) -> dict[str, float]:
    ratios, rates, nulls = [], [], []
    for _ in range(options.rounds):
        null = load.run(port, load.get("/null"), b"HTTP/1.1 200", options.seconds / 2)
        own = load.run(port, load.get(path), b"HTTP/1.1 200", options.seconds / 2)
        ratios.append(own.rate / null.rate)
        rates.append(own.rate)
        nulls.append(null.rate)
    ratio, rate, null_rate = (statistics.median(each) for each in (ratios, rates, nulls))
    print(f"{kind:10} {name:6} {rate:7.0f}/s = {ratio:.2f} of the null route ({null_rate:.0f}/s)", flush=True)
    return {"rate": rate, "ratio_null": ratio}


def _store(made: Instance) -> None:
    """One real signature, then a million like it, each with a copy of the real size."""
    add(made, 1)
    many, blob = _MANY[made.kind].format(n=STORED), _RANDOM[made.kind]
    true = "1" if made.kind == "sqlite" else "true"
    with made.app.app_context(), pace.at_most(pace.MIGRATION_SECONDS), writing() as session:
        run_sql = session.connection().exec_driver_sql
        copied = f"'accepted', p.created_at, p.created_at, p.consent, {true}, {true}"
        run_sql(
            f"{many} INSERT INTO actions (ref, action_page_id, status, accepted_at, created_at, consent, counted,"
            " released)"
            f" SELECT {blob.format(size=16)}, p.action_page_id, {copied} FROM n, (SELECT * FROM actions LIMIT 1) p"
        )
        run_sql(
            "INSERT INTO contacts (action_id, org_id, contact_ref, payload, crypto_nonce, public_key_id, sign_key_id,"
            f" deliver, given_at, seq) SELECT a.id, c.org_id, a.ref, c.payload, {_nonce(made.kind)}, c.public_key_id,"
            f" c.sign_key_id, {true}, c.given_at, a.id FROM actions a, (SELECT * FROM contacts LIMIT 1) c"
            " WHERE a.id > (SELECT min(id) FROM actions)"
        )
        run_sql(f"UPDATE campaigns SET supporter_count = {STORED}")
    with made.app.app_context():
        db.engine.dispose()


def _nonce(kind: str) -> str:
    return "randomblob(24)" if kind == "sqlite" else "substr(a.ref || a.ref, 1, 24)"
