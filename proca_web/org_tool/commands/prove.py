"""The command `prove`: answers a challenge of the platform, so that it knows the org can open what is sealed to it.

Whatever else is given in place of a challenge, a stored row for example, is refused; nothing that was opened is shown.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.errors import ChallengeRefused
from proca_web.crypto.keys import possession
from proca_web.crypto.keys.keys import fingerprint
from proca_web.crypto.keys.possession import Challenge
from proca_web.crypto.memory import Secret
from proca_web.org_tool import files
from proca_web.org_tool.commands import EXISTING_FILE, passphrase_option, say
from proca_web.org_tool.errors import ToolError
from proca_web.org_tool.keys import key_files
from proca_web.org_tool.keys.passphrases import Passphrases

_IDENTITY_CHARACTERS = 43
_REFUSED = (
    "Take a new challenge for this key from the console; if that is refused too, look which site the file trusts."
)


@click.command()
@click.argument("file", type=EXISTING_FILE)
@click.argument(
    "challenge",
    metavar="[CHALLENGE.json|-]",
    default="-",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@passphrase_option
def prove(file: Path, challenge: str, passphrase_files: tuple[Path, ...]) -> None:
    """Answer a challenge that the console gave you for this key; without a file it is read from standard input."""
    passphrases = Passphrases(passphrase_files)
    passphrases.check_number(1)
    content = key_files.load(file)
    identity = _pinned_identity(file, content["home_identity"])
    asked = _read_challenge(challenge)
    if asked.public != decode(content["public"]):
        raise ToolError(
            f"this challenge is for another key ({fingerprint(asked.public)}); {file} holds {content['fingerprint']}."
        )
    answer = _answer(asked, file, content, passphrases, identity)
    click.echo(json.dumps({"challenge": encode(asked.id), "answer": encode(answer)}))
    say("Paste this line into the console, on the page of this key. It is good for this challenge only.")


def _pinned_identity(file: Path, pin: str) -> bytes:
    """The identity that may pose challenges. Raises ToolError when it is not known, only its fingerprint or nothing."""
    if len(pin) == _IDENTITY_CHARACTERS:
        return decode(pin, 32)
    what = "only the fingerprint of the site it trusts" if pin else "no site that it trusts"
    raise ToolError(
        f"{file} names {what}, and a challenge is answered to a known identity only. Take the 43 characters from"
        f" the site's /keys page, compare them with the operator, and run: proca-org pin {file} IDENTITY"
    )


def _read_challenge(source: str) -> Challenge:
    if source == "-" and sys.stdin.isatty():
        say("Paste the challenge, press Enter, then Ctrl-D (on Windows Ctrl-Z and Enter).")
    raw = files.read_small_input() if source == "-" else files.read_small(Path(source))
    try:
        return Challenge.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, ChallengeRefused) as error:
        raise ToolError(f"{possession.NOT_A_CHALLENGE}. {_REFUSED}") from error


def _answer(asked: Challenge, file: Path, content: dict[str, Any], passphrases: Passphrases, identity: bytes) -> bytes:
    key = key_files.unlock(file, content, passphrases.ask(file))
    secret = Secret.taking(key.secret)
    try:
        return possession.answer(asked, secret, identity=identity, org=key.org, now=datetime.now(UTC))
    except ChallengeRefused as error:
        hint = "" if str(error) == possession.TOO_OLD else f" {_REFUSED}"
        raise ToolError(f"{error}.{hint}") from error
    finally:
        secret.wipe()
