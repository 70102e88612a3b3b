"""An instance in a folder, and how its operator uses it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result
from nacl.public import PrivateKey
from nacl.signing import SigningKey

from proca_web.crypto.encoding import encode

OPERATOR = "operator@example.org"
NOTICE = (
    *("--legal-name", "One e.V.", "--legal-contact", "privacy@one.example.org"),
    *("--privacy-url", "https://one.example.org/privacy", "--retention", "We keep signatures for a year."),
)
TREES = ("--title", "Street trees", "--demand", "Keep them.")


def settings_in(folder: Path) -> dict[str, str]:
    """The environment of an instance in a folder."""
    return {
        "PROCA_DATA_DIR": str(folder),
        "PROCA_SECRET_KEY": "tests only " * 4,
        "PROCA_PUBLIC_URL": "http://localhost",
        "PROCA_MAIL_SERVER": "localhost",
        "PROCA_MAIL_TLS": "none",
        "PROCA_MAIL_FROM": "petitions@example.org",
        "PROCA_MAIL_RESOLVER": "off",
    }


@dataclass(frozen=True)
class Made:
    """What `init` left behind and said."""

    folder: Path
    output: str


@dataclass(frozen=True)
class Instance:
    """A copy of that instance, and its commands."""

    folder: Path
    env: dict[str, str]
    command: Callable[..., Result]

    def does(self, *arguments: str, **env: str) -> str:
        """What a command printed that must succeed."""
        done = self.command(*arguments, **env)
        assert done.exit_code == 0, done.output
        return done.stdout

    def refuses(self, *arguments: str, code: int = 1, **env: str) -> str:
        """What a command said that must fail, without a traceback."""
        done = self.command(*arguments, **env)
        assert done.exit_code == code, done.output
        assert isinstance(done.exception, SystemExit)
        return done.stderr

    def sql(self, statement: str, *values: object) -> list[Any]:
        """A statement behind the product's back; foreign keys are off, as in any SQL shell."""
        with closing(sqlite3.connect(self.folder / "proca.db", isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()


def new_key() -> str:
    """A public key whose secret is thrown away."""
    return encode(bytes(PrivateKey.generate().public_key))


def new_sign_key() -> str:
    """The public half of a key that signs rotations; its secret is thrown away."""
    return encode(bytes(SigningKey.generate().verify_key))
