"""Rows a second that `proca-org decrypt` opens in one process, all checks on, and its peak memory."""

import argparse
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from bench import rows
from bench.instance import Instance, instance
from proca_web.adapters.database import reading
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import keyfile
from proca_web.crypto.keys.keyfile import OrgKey
from proca_web.extensions import encryption
from proca_web.services.delivery.csv import encrypted_csv
from proca_web.services.delivery.filters import Filters

ROWS = 100_000
_PASSPHRASE = "one two three four five six seven"


def run(options: argparse.Namespace) -> dict[str, object]:
    """An export of the session mode, and a short one of throw-away senders."""
    return {
        "session": _one("session", ROWS, options.rounds),
        "throwaway": _one("throwaway", ROWS // 10, options.rounds),
    }


def _one(mode: str, number: int, rounds: int) -> dict[str, float]:
    with instance("sqlite", PROCA_SENDER=mode) as made:
        rows.add(made, number)
        rows.accept_all(made)
        export, key = _files(made)
        tool = str(Path(sys.executable).with_name("proca-org"))
        command = [tool, "decrypt", str(export), "--key", str(key), "-o", str(made.folder / "people.csv")]
        environment = {"PROCA_ORG_PASSPHRASE": _PASSPHRASE}
        durations, memory = [], 0.0
        for _ in range(rounds):
            start = time.perf_counter()
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None:
                memory = max(memory, _resident(process.pid))
                time.sleep(0.02)
            durations.append(time.perf_counter() - start)
            assert process.returncode == 0
        opened = sum(1 for _ in (made.folder / "people.csv").open()) - 1
    rate = number / statistics.median(durations)
    print(
        f"{mode:10} {rate:7.0f} rows/s, start and passphrase included ({opened} opened); peak {memory:.0f} MiB",
        flush=True,
    )
    return {"rate": rate, "peak_mib": memory}


def _resident(pid: int) -> float:
    """The most memory the process took so far, in MiB; since its own exec, unlike what wait4 says."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _files(made: Instance) -> tuple[Path, Path]:
    export, key = made.folder / "org-one.csv", made.folder / "org-one.orgkey.json"
    with made.app.app_context(), reading() as session:
        org_id = session.execute(text("SELECT id FROM orgs WHERE name = 'org-one'")).scalar_one()
        with export.open("w", newline="") as file:
            file.writelines(encrypted_csv(reading, org_id, Filters()))
        identity = encode(encryption.source.home.identity)
    secret = made.secrets["org-one"]
    org_key = OrgKey("org-one", bytes(secret.public_key), bytes(secret), home_identity=identity)
    key.write_text(keyfile.dumps(keyfile.lock(org_key, _PASSPHRASE)))
    return export, key
