"""Tests and benchmarks, for whoever changes the code."""

import os
import sys

import click

from proca_web.assets import ASSETS

_FEW = 4  # so many workers keep the test databases' server busy; more would only wait for it
_PARALLEL = ("--numprocesses", "logical", "--maxprocesses", str(_FEW), "--dist", "worksteal")
_PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@click.command(context_settings=_PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(arguments: tuple[str, ...]) -> None:
    """Run the tests; arguments go to pytest."""
    os.chdir(ASSETS)
    # All of them run side by side; for a folder or a file one process is there sooner.
    is_part = any(os.path.exists(argument.partition("::")[0]) for argument in arguments)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *(() if is_part else _PARALLEL), *arguments])


@click.command(context_settings=_PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Run the benchmarks: sign, encrypt, page, confirm, mail, export, open; --json FILE."""
    os.chdir(ASSETS)
    os.execv(sys.executable, [sys.executable, "-m", "bench", *arguments])
