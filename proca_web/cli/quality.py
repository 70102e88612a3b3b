"""Tests and benchmarks, for whoever changes the code."""

import os
import sys

import click

from proca_web.assets import ASSETS

_FEW = 4  # so many workers keep the test databases' server busy; more would only wait for it
_UNKEPT = "PYTHONDONTWRITEBYTECODE"
_PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@click.command(context_settings=_PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests; arguments go to pytest."""
    os.chdir(ASSETS)
    # All of them run side by side; for a folder or a file one process is there sooner.
    is_part = any(os.path.exists(argument.partition("::")[0]) for argument in arguments)
    # Each worker, and each of the hundreds of processes that tests start, would compile the same sources again.
    kept = {name: value for name, value in os.environ.items() if name != _UNKEPT}
    os.execve(sys.executable, [sys.executable, "-m", "pytest", *(() if is_part else _parallel()), *arguments], kept)


def _parallel() -> tuple[str, ...]:
    """One worker more than there are processors: one of them always waits for a process, a browser or a database."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(processors + 1, _FEW)
    return ("--numprocesses", str(workers), "--dist", "worksteal")


@click.command(context_settings=_PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Run the benchmarks: sign, encrypt, page, confirm, mail, export, open, journey; --json FILE."""
    os.chdir(ASSETS)
    os.execv(sys.executable, [sys.executable, "-m", "bench", *arguments])
