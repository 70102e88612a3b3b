"""Runs `proca-org` as people meet it, in a process and with a terminal of its own."""

import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-W", "error", "-c", "from proca_web.org_tool.cli import main; main()"]


def at_a_terminal(*arguments: object, typed: bytes, stdin: Path | None = None) -> tuple[int, str]:
    """Run the command with a terminal of its own, and type when it asks: its exit code and what the screen showed.

    With `stdin` its standard input is that file, as behind a pipe.
    """
    command = [*COMMAND, *map(str, arguments)]
    if stdin is not None:
        command = ["sh", "-c", 'cat "$0" | "$@"', str(stdin), *command]
    program = f"import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn({command!r})))"
    spawn = [sys.executable, "-c", program]
    with subprocess.Popen(spawn, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        screen = b""
        while typed and b"Passphrase" not in screen:
            screen += process.stdout.read(1)
        process.stdin.write(typed)
        process.stdin.flush()
        screen += process.stdout.read()
        return process.wait(20), screen.decode()
