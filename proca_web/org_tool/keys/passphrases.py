"""Where a passphrase comes from: a file, the environment, the terminal, in this order (contract, "Passphrase")."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from proca_web.org_tool.errors import ToolError, UsageFault
from proca_web.org_tool.files import read_small

VARIABLE = "PROCA_ORG_PASSPHRASE"


@dataclass(frozen=True, slots=True)
class Passphrases:
    """The passphrases of one run: one file for every key, or one file for each key in the keys' order."""

    files: tuple[Path, ...] = ()

    def check_number(self, keys: int) -> None:
        """Refuse files that cannot be matched with the keys. Raises UsageFault."""
        if len(self.files) not in (0, 1, keys):
            raise UsageFault(f"{len(self.files)} passphrase files for {keys} keys: give one for all, or one for each.")

    def given(self, place: int = 0) -> str | None:
        """The passphrase for the key at that place, without asking; None when none is given."""
        if self.files:
            return _first_line(self.files[0 if len(self.files) == 1 else place])
        return _readable(os.environ.get(VARIABLE, "")) or None

    def ask(self, key_file: Path, place: int = 0) -> str:
        """The passphrase that opens a key file. Raises UsageFault when it is not given and nobody can be asked."""
        passphrase = self.given(place)
        if passphrase is not None:
            return passphrase
        if not (sys.stdin.isatty() or _has_terminal()):
            raise UsageFault(f"no passphrase for {key_file}: use --passphrase-file FILE, or set {VARIABLE}.")
        typed: str = click.prompt(f"Passphrase of {key_file}", hide_input=True, err=True)
        return typed


def _has_terminal() -> bool:
    """Whether somebody can be asked although standard input is an export: the question goes to the terminal itself."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _readable(text: str) -> str:
    """The variable as text; bytes that are no UTF-8 come from the system as half characters, which nothing can seal."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageFault(f"{VARIABLE} is not UTF-8 text.") from error
    return text


def _first_line(path: Path) -> str:
    try:
        line = read_small(path).decode("utf-8-sig").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as error:
        raise UsageFault(f"{path} is not a text file with a passphrase.") from error
    except ToolError as error:
        raise UsageFault(str(error)) from error
    if not line.strip():
        raise UsageFault(f"{path} is empty where a passphrase is needed in its first line.")
    return line
