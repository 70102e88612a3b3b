"""The command `watch`: fetches what the platform publishes of keys, has it checked, remembers it, and says what it is.

It needs no passphrase and opens nothing. It runs by hand or on a schedule: any exit code but 0 is for a person to read.
"""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.key_log import Head, short_code
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool import files
from proca_web.org_tool.commands import ANY_FILE, EXISTING_FILE, say
from proca_web.org_tool.errors import ToolError
from proca_web.org_tool.keys import key_files
from proca_web.org_tool.watching import checks as watching
from proca_web.org_tool.watching import home_changes, own_key
from proca_web.org_tool.watching import state as watch_state
from proca_web.org_tool.watching.checks import Found, Unsettled
from proca_web.org_tool.watching.own_key import Watched
from proca_web.org_tool.watching.site import Site
from proca_web.org_tool.watching.state import Remembered

_SETTLES = 40
_OLD = 48 * 3600
_AHEAD = 3600
_LAST_SECOND = 253402300799  # of the year 9999


@click.command()
@click.option("--url", required=True, metavar="URL", help="The site's address, https://…")
@click.option("--key", "file", required=True, type=EXISTING_FILE, help="Your key file; its passphrase is not needed.")
@click.option("--state", required=True, type=ANY_FILE, help="Where to remember what was seen; made by the first run.")
@click.option(
    "--accept-home", default="", metavar="FINGERPRINT", help="The site's new identity, once you confirmed it."
)
def watch(url: str, file: Path, state: Path, accept_home: str) -> None:
    """Look whether your key is the one published, and whether the key log still holds what it held before.

    Fetches /keys.json and /keys/log.json; exit 0 if all is well.
    """
    site = Site(url)
    accepted = key_files.home_fingerprint(key_files.check_pin(accept_home)) if accept_home else ""
    files.check_place(state, {file.resolve()})
    key_file = key_files.load(file)
    key_files.check_org(key_file["org"])  # it stands in what is said below
    if not key_file["home_identity"]:
        raise ToolError(f"{file} does not say which site it trusts; run: proca-org pin {file} FINGERPRINT")
    remembered = watch_state.load(state)
    found = _look(site, key_file, remembered, accepted)
    watch_state.save(state, found.log.head, found.homes)
    _tell(Watched.of(key_file), found, first=remembered is None)
    if found.instead_of:
        _tell_accepted(found, file, site.url)


def _look(site: Site, key_file: dict[str, Any], remembered: Remembered | None, accepted: str) -> Found:
    """Fetch and check; once more after a while where a cache may still hold one document of before a change."""
    try:
        return watching.look(key_file, remembered, accepted, (site.fetch("/keys.json"), site.fetch("/keys/log.json")))
    except Unsettled:
        say(f"The two documents do not fit each other; looking again in {_SETTLES} seconds, in case one is just older.")
    time.sleep(_SETTLES)
    return watching.look(key_file, remembered, accepted, (site.fetch("/keys.json"), site.fetch("/keys/log.json")))


def _tell(watched: Watched, found: Found, *, first: bool) -> None:
    head = found.log.head
    click.echo(f"org: {watched.org} ({found.role})")
    click.echo(f"fingerprint: {watched.fingerprint}")
    click.echo(f"home: {fingerprint(found.log.home.identity)}")
    click.echo(f"size: {head.size}")
    click.echo(f"signed-at: {_moment(head.time)}")
    click.echo(f"code: {short_code(head.size, head.hash)}")
    if first:
        say("This is the first run: from now on a key log that does not extend this one is noticed.")
    say(f"Compare this code with another partner: with {head.size} entries everybody must have the same one.")
    _warn(head)
    for warning in own_key.warnings(watched, found.log.chain, datetime.now(UTC)):
        say(f"warning: {warning}")


def _warn(head: Head) -> None:
    age = time.time() - head.time
    if age > _OLD:
        say(
            f"warning: the head was signed {int(age // 3600)} hours ago. An old key log may be shown; ask the operator."
        )
    elif age < -_AHEAD:
        say("warning: the head is dated in the future. Look at this computer's clock, then ask the operator.")


def _tell_accepted(found: Found, file: Path, url: str) -> None:
    home = found.log.home
    say(f"accepted: {fingerprint(home.identity)} in place of {found.instead_of}; remembered in the state file.")
    say(
        f"The key file still trusts the old one. Let it trust the new one (asks for the passphrase):\n"
        f"  proca-org pin {file} {encode(home.identity)}"
    )
    changes = home_changes.since(found.log.chain, found.instead_of) or ()
    if all(change.vouched for change in changes):
        say(f"Exports from before the change then open with --key-log FILE, a saved copy of {url}/keys/log.json.")
    else:
        say("Keep a copy of the key file as it is: exports from before the change open with that one only.")


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
