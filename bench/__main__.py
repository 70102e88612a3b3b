"""`python3 -m proca_web bench [name …] [--json FILE]`."""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from bench import confirm, export, mail, page, seal, sign
from bench import open as opening
from bench.hour import journey

ALL = {
    "sign": sign.run,
    "seal": seal.run,
    "page": page.run,
    "confirm": confirm.run,
    "mail": mail.run,
    "export": export.run,
    "open": opening.run,
    "journey": journey.run,
}
ON_REQUEST = ("journey",)
SECONDS, SECONDS_OF = 2.0, {"journey": 300.0}


def main() -> None:
    """Run the named benchmarks, or all but those that take many minutes, and print a table."""
    parser = argparse.ArgumentParser(prog="python3 -m proca_web bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*ALL, []], metavar="name", help=", ".join(ALL))
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; medians are shown")
    parser.add_argument("--seconds", type=float, help="seconds of load a round: 2, of a journey 300")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="that one only, where both are measured")
    parser.add_argument("--workers", type=int, default=2, help="gunicorn workers")
    options = parser.parse_args()
    given = options.seconds
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"machine: {machine}; load generator and server share it", flush=True)
    figures: dict[str, object] = {"machine": machine}
    for name in options.names or [name for name in ALL if name not in ON_REQUEST]:
        print(f"\n== {name}", flush=True)
        options.seconds = given or SECONDS_OF.get(name, SECONDS)
        figures[name] = ALL[name](options)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
        print(f"\nwritten: {options.json}", file=sys.stderr)


if __name__ == "__main__":
    main()
