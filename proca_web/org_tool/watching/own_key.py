"""Is an org's own key the one that new signatures are sealed to? By the signed directory and by the key log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from proca_web.crypto.encoding import decode, encode
from proca_web.crypto.keys.key_log import Chain
from proca_web.crypto.keys.keys import fingerprint
from proca_web.org_tool.errors import Alarm
from proca_web.org_tool.watching.published import Directory, PublishedKey, Unsound

_HAPPENED = {
    "activate": "it was activated",
    "retire": "it was retired",
    "revoke": "it was revoked",
    "expire": "it expired",
}
_VISIBLE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Watched:
    """The public part of the org's own key file."""

    org: str
    public: bytes
    sign_public: str

    @classmethod
    def of(cls, key_file: Mapping[str, Any]) -> "Watched":
        """From a key file's content, which needs no passphrase for it."""
        return cls(key_file["org"], decode(key_file["public"], 32), key_file["sign_public"])

    @property
    def fingerprint(self) -> str:
        """The name people compare."""
        return fingerprint(self.public)


def check(watched: Watched, directory: Directory, chain: Chain) -> str:
    """The role in which the key is published, endorsed and logged. Raises Alarm."""
    try:
        named = directory.naming(watched.org, watched.public)
    except Unsound as error:
        raise Alarm(
            f"/keys.json cannot be trusted: {error}. Show it to the operator and to another partner."
        ) from error
    own = [key for key in named if key.public == watched.public]
    if not own:
        raise Alarm(_missing(watched, named, chain))
    if any(key.org != watched.org for key in own):
        raise Alarm(f"your key {watched.fingerprint} is published as the key of another org. Ask the operator.")
    role = own[0].role
    rivals = [fingerprint(key.public) for key in named if key.role == role and key.public != watched.public]
    if rivals or len(own) > 1:
        raise Alarm(
            f"more than one key is published for {watched.org} ({_plain(role)}), and one only may be:"
            f" {', '.join([watched.fingerprint, *rivals])}. {_WHAT_NOW}"
        )
    _check_entry(watched, own[0], directory.identity, chain)
    return role


_WHAT_NOW = "If nobody in your org made this change, take your pages offline, and tell the operator and the partners."


def _check_entry(watched: Watched, key: PublishedKey, identity: bytes, chain: Chain) -> None:
    """The published key is endorsed, and its entry of the log is its activation, and nothing ended it since."""
    if not key.is_endorsed_by(identity):
        raise Alarm(f"the site's identity has not signed for your key {watched.fingerprint}. Ask the operator.")
    entry = chain.entries[key.log_index] if key.log_index < chain.size else {}
    facts = {"event": "activate", "org": key.org, "role": key.role, "public": encode(key.public)}
    if any(entry.get(name) != fact for name, fact in facts.items()):
        raise Alarm(f"entry {key.log_index} of the key log is not the activation of your key. Ask the operator.")
    if chain.current(key.org, key.role) != encode(key.public):
        raise Alarm(f"your key is published, but the key log says that {_history(watched, chain)}. {_WHAT_NOW}")
    # An org that gave the operator its public key only has no sign key there; then no rotation can be signed at all.
    if any(sign not in ("", watched.sign_public) for sign in (key.sign_public, entry.get("sign_public", ""))):
        raise Alarm(f"another sign key than yours is published with your key {watched.fingerprint}. {_WHAT_NOW}")


def _missing(watched: Watched, named: Sequence[PublishedKey], chain: Chain) -> str:
    """The alarm when our key is not published: what is, and what the log knows of ours."""
    others = ", ".join(f"{fingerprint(key.public)} ({_plain(key.role)})" for key in named)
    there = f"published is {others}" if others else "no key is published for it"
    return (
        f"the key of this file, {watched.fingerprint}, is not published for {watched.org}: {there};"
        f" by the key log {_history(watched, chain)}. {_WHAT_NOW} If you did, watch with the new key file."
    )


def _history(watched: Watched, chain: Chain) -> str:
    """What the log says last of our key, in words of our own: its entries come from elsewhere."""
    public = encode(watched.public)
    events = [entry for entry in chain.entries if entry.get("org") == watched.org and entry.get("public") == public]
    for entry in reversed(events):
        if entry["event"] in _HAPPENED:
            at = _time(entry)
            return _HAPPENED[entry["event"]] + (f" on {at:%Y-%m-%d}" if at else "")
    return "it was never activated"


def _time(entry: Mapping[str, Any]) -> datetime | None:
    """When an entry says it was written; None when it does not say it in a way that can be read."""
    try:
        return datetime.strptime(entry["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (LookupError, ValueError, TypeError):
        return None


def _plain(text: str) -> str:
    return "".join(letter for letter in text[:32] if letter.isprintable())


def warnings(watched: Watched, chain: Chain, now: datetime) -> list[str]:
    """What the log says of this org's keys since ours became active that a person should hear, though all is well."""
    public = encode(watched.public)
    mine = [entry for entry in chain.entries if entry.get("org") == watched.org]
    active = [at for at, entry in enumerate(mine) if entry["event"] == "activate" and entry.get("public") == public]
    later = mine[active[-1] + 1 :] if active else []
    found = []
    if any(entry["event"] == "expire" and entry.get("public") == public for entry in later):
        found.append(f"{_history(watched, chain).replace('it', 'your key', 1)}: make a new one before it is taken out.")
    others = [entry for entry in later if entry["event"] == "discontinuity" and entry.get("public") != public]
    recent = [entry for entry in others if now - (_time(entry) or now) <= _VISIBLE]
    if recent:
        found.append(
            f"somebody asked for another key of {watched.org} without your key's signature ({len(recent)} times in 90"
            " days). See the console, Keys, and cancel what nobody of your org asked for."
        )
    return found
