"""The checks of `watch`: is our key the one published, and does the key log extend the one we saw before (protocol 5)?

Each failure is an Alarm with its own sentence. Nothing is fetched, shown or remembered here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.keys.key_log import Home
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool.errors import Alarm, ToolError
from proca_web.org_tool.keys.key_files import home_fingerprint
from proca_web.org_tool.watching import home_changes, own_key, published
from proca_web.org_tool.watching.own_key import Watched
from proca_web.org_tool.watching.published import Directory, KeyLog, Unsound
from proca_web.org_tool.watching.state import Remembered


class Unsettled(Alarm):
    """The two documents do not fit each other; they may have been fetched, or kept by a cache, across a change."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a run found when all is well: the log, our key's role, and the Home in whose place another was accepted."""

    log: KeyLog
    role: str
    instead_of: str = ""

    @property
    def homes(self) -> Sequence[Home]:
        """Every Home the log knows, the current one last."""
        return self.log.chain.homes


def look(
    key_file: Mapping[str, Any],
    remembered: Remembered | None,
    accepted: str,
    documents: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> Found:
    """Check what the platform published (`/keys.json`, `/keys/log.json`) for the key of this key file. Raises Alarm.

    `accepted` is the fingerprint of a new Home that a person confirmed, or empty.
    """
    pin = home_fingerprint(key_file["home_identity"])
    directory, log = _read(*documents)
    trusted = remembered.successor_of(pin) if remembered else pin
    changes = home_changes.since(log.chain, trusted)
    if changes is None:
        raise Alarm(
            f"this is not the site you trust: your key file names {trusted}, published is"
            f" {fingerprint(directory.identity)}, and the key log does not lead from one to the other."
            " Is the address right? If it is, ask the operator."
        )
    if remembered:
        _check_extends(log, remembered)
    if changes:
        _check_accepted(trusted, changes, accepted)
    elif accepted not in ("", trusted):
        raise ToolError(f"there is nothing to accept: the site still publishes the identity you trust, {trusted}.")
    _check_box(key_file, pin, directory)
    role = own_key.check(Watched.of(key_file), directory, log.chain)
    return Found(log, role, trusted if changes else "")


def _read(keys: Mapping[str, Any], entries: Mapping[str, Any]) -> tuple[Directory, KeyLog]:
    """Both documents, each sound and one fitting the other."""
    name = "/keys.json"
    try:
        directory = published.read_directory(keys)
        name = "/keys/log.json"
        log = published.read_log(entries)
    except Unsound as error:
        raise Alarm(f"{name} cannot be trusted: {error}. Show it to the operator and to another partner.") from error
    if (log.home.identity, log.home.box) != (directory.identity, directory.box):
        raise Unsettled("/keys.json and /keys/log.json name different keys of the site. Ask the operator.")
    if not directory.head.is_by(directory.identity):
        raise Alarm("the head of the key log in /keys.json is not signed by the site's identity. Ask the operator.")
    if not log.chain.has(directory.head):
        raise Unsettled(
            "/keys.json and /keys/log.json speak of different key logs: one of them is old or was made for you alone."
            " Compare the code on the /keys page with another partner, and ask the operator."
        )
    return directory, log


def _check_extends(log: KeyLog, remembered: Remembered) -> None:
    head, size = remembered.head, log.chain.size
    if size < head.size:
        raise Alarm(
            f"the key log has {size} entries, and {head.size} were seen before: an old one is shown, or it was cut."
            " Keep the state file, it holds the signed proof; tell the other partners and ask the operator."
        )
    if not log.chain.has(head):
        raise Alarm(
            f"the key log was rewritten: its first {head.size} entries are not the ones seen before."
            " Keep the state file, it holds the signed proof; tell the other partners and ask the operator."
        )


def _check_accepted(trusted: str, changes: Sequence[Home], accepted: str) -> None:
    """The Home identity changed; a person must have named the new one."""
    new = fingerprint(changes[-1].identity)
    if accepted == new:
        return
    if accepted:
        raise Alarm(f"the site's published identity is {new}, not the one you accept ({accepted}). Ask the operator.")
    if all(home.vouched for home in changes):
        reason = "the old one signed for the new one (a planned change)"
    else:
        reason = "NOTHING stands behind the new one: the old one did not sign, as after a theft, or in an attack"
    raise Alarm(
        f"the site's identity changed from {trusted} to {new}; {reason}. Confirm the new fingerprint with the operator"
        f" in another way, by telephone for example, and only then run again with: --accept-home {new}"
    )


def _check_box(key_file: Mapping[str, Any], pin: str, directory: Directory) -> None:
    box = key_file["home_box"]
    if box and pin == fingerprint(directory.identity) and decode(box, 32) != directory.box:
        raise Alarm(f"the site's box key is {encode(directory.box)}, and your key file names {box}. Ask the operator.")
